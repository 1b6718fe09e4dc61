package tenant

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/seal"
)

// certificateYears is how long the report's certificate is valid. It is pinned, not trusted through
// an authority, so nothing is gained by a short life.
const certificateYears = 10

// NewKeys makes the keys of a new account, by the names of their files: what encrypts its contents,
// hashes its customers and secures its report. They are made once. A second set would make
// everything that the first one sealed unreadable, and every customer a stranger.
func NewKeys(account *v1alpha1.BusinessAccount, now time.Time) (map[string][]byte, error) {
	material, err := seal.NewKeys()
	if err != nil {
		return nil, err
	}
	certificate, key, err := reportCertificate(Host(account.Namespace, account.Name), now)
	if err != nil {
		return nil, fmt.Errorf("make the report's certificate: %w", err)
	}
	return map[string][]byte{
		config.KeysetFile:         material.Keyset,
		config.CustomerKeyFile:    material.CustomerKey,
		config.ReportTokenFile:    material.ReportToken,
		config.TLSCertificateFile: certificate,
		config.TLSKeyFile:         key,
	}, nil
}

// reportCertificate makes a self-signed serving certificate for the host, and its key, both in PEM.
func reportCertificate(host string, now time.Time) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "guichet-gateway"},
		DNSNames:              []string{host, host + ".cluster.local"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(certificateYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
