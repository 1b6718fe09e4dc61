package kube

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// apiTokenKey is the name of the token in a Secret of API tokens that the operator makes.
const apiTokenKey = "default"

// KeysSecret is a Secret with new keys for an account, see tenant.NewKeys.
func KeysSecret(account *v1alpha1.BusinessAccount, now time.Time) (*corev1.Secret, error) {
	keys, err := tenant.NewKeys(account, now)
	if err != nil {
		return nil, err
	}
	secret := madeSecret(account, tenant.KeysSecretName(account.Name))
	secret.Data = keys
	return secret, nil
}

// APITokensSecret makes a Secret with one API token of 256 random bits, for an account that brings
// none.
func APITokensSecret(account *v1alpha1.BusinessAccount) *corev1.Secret {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails: https://pkg.go.dev/crypto/rand#Read
	secret := madeSecret(account, tenant.APITokensSecretName(account))
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
			Labels:    tenant.RetainedLabels(account.Name),
		},
		Type: corev1.SecretTypeOpaque,
	}
}

// ReportHost is the name that the report's certificate in a keys Secret is made out to. With keys
// of a ledger that was taken over from an account of another name, that is the other account's
// host; the certificate is pinned all the same.
func ReportHost(keys *corev1.Secret, namespace, account string) string {
	host := tenant.Host(namespace, account)
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
