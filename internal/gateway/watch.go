package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

// maxDocument bounds the configuration document; a Secret holds 1 MiB at most.
const maxDocument = 2 << 20

// configuration serves the newest good document of a mounted file. It is safe for concurrent use.
//
// A Secret's volume is replaced as a whole by renaming a symbolic link, so the file that the path
// leads to changes in one step: a look at its identity, size and time once in a while tells, and
// nothing is ever read half-written.
type configuration struct {
	path      string
	transport http.RoundTripper
	log       *slog.Logger
	served    atomic.Pointer[tenant]
	// changed is called with each tenant after it is served.
	changed func(*tenant)

	mu      sync.Mutex
	seen    fs.FileInfo
	refusal refusedDocument
}

// refusedDocument says why the newest document is not served. The zero value says that it is.
type refusedDocument struct {
	digest string
	reason string
}

func newConfiguration(path string, transport http.RoundTripper, log *slog.Logger) *configuration {
	return &configuration{path: path, transport: transport, log: log, changed: func(*tenant) {}}
}

// tenant is what is served; nil until there was a good document.
func (c *configuration) tenant() *tenant { return c.served.Load() }

// refused says why the newest document is not served.
func (c *configuration) refused() refusedDocument {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusal
}

// watch takes the looks, one after the other, every interval until ctx is done.
func watch(ctx context.Context, interval time.Duration, looks ...func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, look := range looks {
				look()
			}
		}
	}
}

// look reads the file if it has changed since the last look. A bad document is refused and the last
// good one goes on being served.
func (c *configuration) look() {
	c.mu.Lock()
	info, err := os.Stat(c.path)
	if err == nil && c.seen != nil && sameFile(c.seen, info) {
		c.mu.Unlock()
		return
	}
	served, refusal := c.read(err)
	changedVerdict := refusal != c.refusal
	c.refusal = refusal
	if err == nil {
		c.seen = info
	}
	c.mu.Unlock()

	switch {
	case refusal.reason != "":
		if changedVerdict {
			c.log.Error("Configuration refused", "reason", refusal.reason, "digest", refusal.digest)
		}
	case served != nil:
		c.served.Store(served)
		c.log.Info(
			"Configuration served", "digest", served.digest, "plan", served.PlanName, "channels", len(served.channels),
			"templates", len(served.templates),
		)
		for _, reason := range served.leftOut {
			c.log.Warn("Template left out", "reason", reason)
		}
		c.changed(served)
	}
}

// read returns the tenant of the file, nil if it is the one that is served already, or why there is
// none.
func (c *configuration) read(statErr error) (*tenant, refusedDocument) {
	if statErr != nil {
		return nil, refusedDocument{reason: readFailure(c.path, statErr)}
	}
	document, err := readBounded(c.path, maxDocument)
	if err != nil {
		return nil, refusedDocument{reason: readFailure(c.path, err)}
	}
	now := c.served.Load()
	if now != nil && now.digest == digestOf(document) {
		return nil, refusedDocument{}
	}
	t, err := parseTenant(document, c.transport)
	if err == nil && now != nil && now.Account.UID != t.Account.UID {
		err = errors.New("account.uid is that of another account: a gateway serves one account for all its life")
	}
	if err == nil {
		var before *config.Storage
		if now != nil {
			before = &now.Storage
		}
		err = storageProblem(before, &t.Storage)
	}
	if err != nil {
		return nil, refusedDocument{digest: digestOf(document), reason: err.Error()}
	}
	return t, refusedDocument{}
}

func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func readFailure(path string, err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	return fmt.Sprintf("read %s: %v: mount the configuration there", path, err)
}

func readBounded(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("it has more than %d bytes", limit)
	}
	return content, nil
}
