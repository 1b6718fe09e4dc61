package kube

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// The platform's key, and the public halves of all that were used, in the operator's namespace.
const (
	StatementKeySecret     = "guichet-statement-key"
	StatementKeysConfigMap = "guichet-statement-keys"

	statementKeyFile = "key.pem"
)

// NewStatementKey makes the Secret of a new key. It is never written again.
func NewStatementKey(namespace string) (*corev1.Secret, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of statements: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encode the key of statements: %w", err)
	}
	immutable := true
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: StatementKeySecret,
			Labels: map[string]string{tenant.LabelManagedBy: tenant.ManagedBy},
		},
		Immutable: &immutable,
		Data: map[string][]byte{
			statementKeyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}),
		},
	}, nil
}

// ReadStatementKey is the key in a Secret, with its public half in PEM, and the name of the file
// for that.
func ReadStatementKey(secret *corev1.Secret) (key ed25519.PrivateKey, file, public string, err error) {
	block, _ := pem.Decode(secret.Data[statementKeyFile])
	if block == nil {
		return nil, "", "", fmt.Errorf("the Secret %q has no key in PEM under %q", secret.Name, statementKeyFile)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, "", "", fmt.Errorf("the Secret %q: %w", secret.Name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, "", "", fmt.Errorf("the Secret %q holds no key of Ed25519", secret.Name)
	}
	half, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, "", "", errors.New("the key has no public half")
	}
	encoded, err := x509.MarshalPKIXPublicKey(half)
	if err != nil {
		return nil, "", "", err
	}
	public = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded}))
	return key, statement.KeyID(half) + statement.KeyFileSuffix, public, nil
}
