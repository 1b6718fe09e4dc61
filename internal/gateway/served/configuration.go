package served

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/egress"
)

// maxDocument bounds the configuration document; a Secret holds 1 MiB at most.
const maxDocument = 2 << 20

// Configuration serves the newest good document of a mounted file. It is safe for concurrent use.
//
// A Secret's volume is replaced as a whole by renaming a symbolic link, so the file that the path
// leads to changes in one step: a look at its identity, size and time once in a while tells, and
// nothing is ever read half-written.
type Configuration struct {
	path      string
	transport http.RoundTripper
	log       *slog.Logger
	served    atomic.Pointer[Tenant]

	mu      sync.Mutex
	seen    fs.FileInfo
	refusal Refusal
}

// Refusal says why the newest document is not served. The zero value says that it is.
type Refusal struct {
	// Digest is that of the refused document; empty if it could not be read.
	Digest string
	Reason string
}

// NewConfiguration returns the configuration of the file at path, which Look has yet to read. The
// channels of its tenants call the upstream through transport.
func NewConfiguration(path string, transport http.RoundTripper, log *slog.Logger) *Configuration {
	return &Configuration{path: path, transport: transport, log: log}
}

// Tenant returns what is served, or nil while there was no good document yet.
func (c *Configuration) Tenant() *Tenant { return c.served.Load() }

// AllowedEgress are the internal addresses that may be connected to: none while there was no good
// document yet.
func (c *Configuration) AllowedEgress() egress.Ranges {
	if t := c.Tenant(); t != nil {
		return t.Egress
	}
	return nil
}

// Refused returns why the newest document is not served.
func (c *Configuration) Refused() Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusal
}

// Look reads the file if it has changed since the last look, and returns the tenant that is served
// from now on, or nil if nothing has changed. A bad document is refused, and the last good one goes
// on being served.
func (c *Configuration) Look() (changed *Tenant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.path)
	if err == nil && c.seen != nil && sameFile(c.seen, info) {
		return nil
	}
	next, refusal := c.read(err)
	repeated := refusal == c.refusal
	c.refusal = refusal
	if err == nil {
		c.seen = info
	}
	switch {
	case refusal.Reason != "":
		if !repeated {
			c.log.Error("Configuration refused", "reason", refusal.Reason, "digest", refusal.Digest)
		}
	case next != nil:
		c.served.Store(next)
		c.log.Info(
			"Configuration served", "digest", next.Digest, "plan", next.PlanName, "channels", len(next.channels),
			"templates", len(next.templates),
		)
		for _, reason := range next.LeftOut {
			c.log.Warn("Template left out", "reason", reason)
		}
	}
	return next
}

// read returns the tenant of the file, nil if it is the one that is served already, or why there is
// none.
func (c *Configuration) read(statErr error) (*Tenant, Refusal) {
	if statErr != nil {
		return nil, Refusal{Reason: readFailure(c.path, statErr)}
	}
	document, err := readBounded(c.path, maxDocument)
	if err != nil {
		return nil, Refusal{Reason: readFailure(c.path, err)}
	}
	now := c.served.Load()
	if now != nil && now.Digest == config.Digest(document) {
		return nil, Refusal{}
	}
	t, err := Parse(document, c.transport)
	if err == nil && now != nil && now.Account.UID != t.Account.UID {
		err = errors.New("account.uid is that of another account: a gateway serves one account for all its life")
	}
	if err == nil && now != nil && now.Account.LedgerID != t.Account.LedgerID {
		err = errors.New("account.ledgerID is that of another ledger: a gateway writes to one for all its life")
	}
	if err == nil {
		var before *config.Storage
		if now != nil {
			before = &now.Storage
		}
		err = storageProblem(before, &t.Storage)
	}
	if err != nil {
		return nil, Refusal{Digest: config.Digest(document), Reason: err.Error()}
	}
	return t, Refusal{}
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
