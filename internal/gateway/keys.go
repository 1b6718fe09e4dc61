package gateway

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/seal"
)

// keys are what a keys directory holds: the keys of the store, and the report's certificate and
// token.
type keys struct {
	seal        *seal.Keys
	certificate *tls.Certificate
	reportToken string
}

// keyring serves the newest good keys of a mounted directory. It is safe for concurrent use.
//
// The files are looked at as the configuration is, and replaced as it is, see configuration. seal
// is the same for the gateway's life and takes a rotated keyset over, so whoever holds it need not
// know.
type keyring struct {
	directory string
	log       *slog.Logger
	seal      *seal.Keys
	served    atomic.Pointer[keys]
	// unused tells whether nothing is sealed with an old key any more, so that it may go.
	unused func() bool

	mu      sync.Mutex
	seen    []fs.FileInfo
	refusal string
}

// newKeyring reads the directory for the first time.
func newKeyring(directory string, log *slog.Logger) (*keyring, error) {
	seen := statKeys(directory)
	first, err := loadKeys(directory)
	if err != nil {
		return nil, err
	}
	ring := &keyring{directory: directory, log: log, seal: first.seal, seen: seen, unused: func() bool { return false }}
	ring.served.Store(&first)
	ring.tell()
	return ring, nil
}

// tell logs which key seals and how many can open, so that whoever rotates them sees when every
// replica is ready for the next step.
func (r *keyring) tell() {
	primary, size := r.seal.Keyset()
	r.log.Info("Keys served", "primary", primary, "keys", size)
}

// current are the report's certificate and token, and what seals.
func (r *keyring) current() *keys { return r.served.Load() }

// refused says why what the directory holds now is not served; empty if it is.
func (r *keyring) refused() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refusal
}

// look takes the directory's keys over if a file has changed since the last look. Keys that cannot
// be read, or with which something would be lost, are refused as a whole, and the ones before go on
// being served.
func (r *keyring) look() {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := statKeys(r.directory)
	if seen != nil && slices.EqualFunc(r.seen, seen, sameFile) {
		return
	}
	r.seen = seen
	if err := r.takeOver(); err != nil {
		if r.refusal != err.Error() {
			r.refusal = err.Error()
			r.log.Error("Keys refused", "reason", r.refusal)
		}
		return
	}
	r.refusal = ""
	r.tell()
}

func (r *keyring) takeOver() error {
	newer, err := loadKeys(r.directory)
	if err != nil {
		return err
	}
	if err := r.seal.TakeOver(newer.seal, r.unused()); err != nil {
		return fmt.Errorf("keys in %s: %w", r.directory, err)
	}
	newer.seal = r.seal
	r.served.Store(&newer)
	return nil
}

// statKeys is what the files of the directory are like; nil if one of them is not there.
func statKeys(directory string) []fs.FileInfo {
	var infos []fs.FileInfo
	for _, name := range []string{
		config.KeysetFile, config.CustomerKeyFile, config.ReportTokenFile, config.TLSCertificateFile, config.TLSKeyFile,
	} {
		info, err := os.Stat(filepath.Join(directory, name))
		if err != nil {
			return nil
		}
		infos = append(infos, info)
	}
	return infos
}

// loadKeys reads the files of config.KeysDirectory. Its errors name the file and hold nothing of
// it.
func loadKeys(directory string) (keys, error) {
	keyset, err := readKey(directory, config.KeysetFile)
	if err != nil {
		return keys{}, err
	}
	customer, err := readKey(directory, config.CustomerKeyFile)
	if err != nil {
		return keys{}, err
	}
	token, err := readKey(directory, config.ReportTokenFile)
	if err != nil {
		return keys{}, err
	}
	var k keys
	if k.seal, err = seal.Parse(keyset, customer); err != nil {
		return keys{}, fmt.Errorf("keys in %s: %w", directory, err)
	}
	if k.reportToken = string(bytes.TrimSpace(token)); k.reportToken == "" {
		return keys{}, fmt.Errorf(
			"%s in %s is empty: it must hold the report's token", config.ReportTokenFile, directory,
		)
	}
	certificate, err := tls.LoadX509KeyPair(
		filepath.Join(directory, config.TLSCertificateFile), filepath.Join(directory, config.TLSKeyFile),
	)
	if err != nil {
		return keys{}, fmt.Errorf(
			"%s and %s in %s must be a certificate and its key in PEM", config.TLSCertificateFile, config.TLSKeyFile,
			directory,
		)
	}
	k.certificate = &certificate
	return k, nil
}

func readKey(directory, name string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(directory, name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s is missing in %s: mount the account's keys there", name, directory)
	case err != nil:
		return nil, fmt.Errorf("%s in %s cannot be read", name, directory)
	}
	return content, nil
}
