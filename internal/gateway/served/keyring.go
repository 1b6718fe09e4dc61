package served

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

// Keys are what a keys directory holds. They never change: a rotation makes new ones.
type Keys struct {
	// Seal seals what is stored. It is the same for the gateway's life, and takes a rotated keyset
	// over.
	Seal *seal.Keys
	// Certificate is the report's, and ReportToken is what its readers present.
	Certificate *tls.Certificate
	ReportToken string
}

// Keyring serves the newest good keys of a mounted directory, whose files are watched as the
// configuration's is. It is safe for concurrent use.
type Keyring struct {
	directory string
	log       *slog.Logger
	seal      *seal.Keys
	served    atomic.Pointer[Keys]

	mu      sync.Mutex
	seen    []fs.FileInfo
	refusal string
}

// NewKeyring reads the directory for the first time.
func NewKeyring(directory string, log *slog.Logger) (*Keyring, error) {
	seen := statKeys(directory)
	first, err := loadKeys(directory)
	if err != nil {
		return nil, err
	}
	ring := &Keyring{directory: directory, log: log, seal: first.Seal, seen: seen}
	ring.served.Store(&first)
	ring.logServed()
	return ring, nil
}

// logServed logs which key seals and how many can open, so that whoever rotates them sees when
// every replica is ready for the next step.
func (r *Keyring) logServed() {
	primary, size := r.seal.Keyset()
	r.log.Info("Keys served", "primary", primary, "keys", size)
}

// Seal returns what seals what is stored, whatever keys are rotated in.
func (r *Keyring) Seal() *seal.Keys { return r.seal }

// Current returns the keys that are served now.
func (r *Keyring) Current() *Keys { return r.served.Load() }

// Refused returns why what the directory holds now is not served; empty if it is.
func (r *Keyring) Refused() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refusal
}

// Look takes the directory's keys over if a file has changed since the last look. Keys that cannot
// be read, or with which something would be lost, are refused as a whole, and the ones before go on
// being served. OldKeysUnused tells whether nothing is sealed with an old key any more, so that it
// may go.
func (r *Keyring) Look(oldKeysUnused func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := statKeys(r.directory)
	if seen != nil && slices.EqualFunc(r.seen, seen, sameFile) {
		return
	}
	r.seen = seen
	if err := r.takeOver(oldKeysUnused()); err != nil {
		if r.refusal != err.Error() {
			r.refusal = err.Error()
			r.log.Error("Keys refused", "reason", r.refusal)
		}
		return
	}
	r.refusal = ""
	r.logServed()
}

func (r *Keyring) takeOver(oldKeysUnused bool) error {
	newer, err := loadKeys(r.directory)
	if err != nil {
		return err
	}
	if err := r.seal.TakeOver(newer.Seal, oldKeysUnused); err != nil {
		return fmt.Errorf("keys in %s: %w", r.directory, err)
	}
	newer.Seal = r.seal
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
func loadKeys(directory string) (Keys, error) {
	keyset, err := readKey(directory, config.KeysetFile)
	if err != nil {
		return Keys{}, err
	}
	customer, err := readKey(directory, config.CustomerKeyFile)
	if err != nil {
		return Keys{}, err
	}
	token, err := readKey(directory, config.ReportTokenFile)
	if err != nil {
		return Keys{}, err
	}
	var k Keys
	if k.Seal, err = seal.Parse(keyset, customer); err != nil {
		return Keys{}, fmt.Errorf("keys in %s: %w", directory, err)
	}
	if k.ReportToken = string(bytes.TrimSpace(token)); k.ReportToken == "" {
		return Keys{}, fmt.Errorf(
			"%s in %s is empty: it must hold the report's token", config.ReportTokenFile, directory,
		)
	}
	certificate, err := tls.LoadX509KeyPair(
		filepath.Join(directory, config.TLSCertificateFile), filepath.Join(directory, config.TLSKeyFile),
	)
	if err != nil {
		return Keys{}, fmt.Errorf(
			"%s and %s in %s must be a certificate and its key in PEM", config.TLSCertificateFile, config.TLSKeyFile,
			directory,
		)
	}
	k.Certificate = &certificate
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
