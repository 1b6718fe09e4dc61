package tenant

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/seal"
)

// certificateYears is how long the report's certificate is valid. It is pinned, not trusted through
// an authority, so nothing is gained by a short life.
const certificateYears = 10

// KeysSecret makes the keys of a new account: what encrypts its contents, hashes its customers and
// secures its report. They are made once. A second set would make everything that the first one
// sealed unreadable, and every customer a stranger.
func KeysSecret(account *v1alpha1.BusinessAccount, now time.Time) (*corev1.Secret, error) {
	material, err := seal.NewKeys()
	if err != nil {
		return nil, err
	}
	certificate, key, err := reportCertificate(Host(account.Namespace, account.Name), now)
	if err != nil {
		return nil, fmt.Errorf("make the report's certificate: %w", err)
	}
	secret := madeSecret(account, KeysSecretName(account.Name))
	secret.Data = map[string][]byte{
		config.KeysetFile:         material.Keyset,
		config.CustomerKeyFile:    material.CustomerKey,
		config.ReportTokenFile:    material.ReportToken,
		config.TLSCertificateFile: certificate,
		config.TLSKeyFile:         key,
	}
	return secret, nil
}

// APITokensSecret makes a Secret with one API token of 256 random bits, for an account that brings
// none.
func APITokensSecret(account *v1alpha1.BusinessAccount) *corev1.Secret {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails: https://pkg.go.dev/crypto/rand#Read
	secret := madeSecret(account, APITokensSecretName(account))
	secret.Data = map[string][]byte{apiTokenKey: []byte(base64.RawURLEncoding.EncodeToString(token))}
	return secret
}

// madeSecret is a Secret that the operator creates once, and whose data it never writes again. It
// has no owner: it stays when the account is deleted.
func madeSecret(account *v1alpha1.BusinessAccount, name string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: account.Namespace,
			Name:      name,
			Labels:    RetainedLabels(account.Name),
		},
		Type: corev1.SecretTypeOpaque,
	}
}

// ReportHost is the name that the report's certificate in a keys Secret is made out to. With keys
// of a ledger that was taken over from an account of another name, that is the other account's
// host; the certificate is pinned all the same.
func ReportHost(keys *corev1.Secret, namespace, account string) string {
	host := Host(namespace, account)
	block, _ := pem.Decode(keys.Data[config.TLSCertificateFile])
	if block == nil {
		return host
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil || len(certificate.DNSNames) == 0 || certificate.VerifyHostname(host) == nil {
		return host
	}
	return certificate.DNSNames[0]
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
