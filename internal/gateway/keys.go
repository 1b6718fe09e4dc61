package gateway

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/seal"
)

// keys are what outlives every configuration: the keys of the store, and the report's certificate and token.
type keys struct {
	seal        *seal.Keys
	certificate tls.Certificate
	reportToken string
}

// loadKeys reads the files of config.KeysDirectory. Its errors name the file and hold nothing of it.
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
		return keys{}, fmt.Errorf("%s in %s is empty: it must hold the report's token", config.ReportTokenFile, directory)
	}
	k.certificate, err = tls.LoadX509KeyPair(filepath.Join(directory, config.TLSCertificateFile), filepath.Join(directory, config.TLSKeyFile))
	if err != nil {
		return keys{}, fmt.Errorf("%s and %s in %s must be a certificate and its key in PEM", config.TLSCertificateFile, config.TLSKeyFile, directory)
	}
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
