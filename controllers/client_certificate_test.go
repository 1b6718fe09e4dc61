package controllers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// tlsSecret is the content of a Secret of type kubernetes.io/tls.
func tlsSecret(t *testing.T, serial int64) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		corev1.TLSCertKey:       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		corev1.TLSPrivateKeyKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}
}

// The client certificate of callbacks reaches the gateway as it is renewed. While it is missing or
// cannot be used, the gateway keeps what it has, the condition says so, and all else goes on.
func TestCallbacksHaveTheirClientCertificate(t *testing.T) {
	t.Parallel()
	w := wholeWorld(t)
	served := func() config.ClientCertificate {
		if callback := w.document().Callback; callback != nil && callback.ClientCertificate != nil {
			return *callback.ClientCertificate
		}
		return config.ClientCertificate{Key: "none is wanted"}
	}
	of := func(data map[string]string) config.ClientCertificate {
		return config.ClientCertificate{
			Certificate: strings.TrimSpace(data[corev1.TLSCertKey]),
			Key:         strings.TrimSpace(data[corev1.TLSPrivateKeyKey]),
		}
	}
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Callback.ClientCertificateSecretName = "callback-client"
	})
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound,
		`Secret "callback-client" is not there: the callback needs it with the keys 'tls.crt' and 'tls.key'`)
	w.Eventually(served).Should(gomega.Equal(config.ClientCertificate{}), "callbacks wait for it")

	first, renewed := tlsSecret(t, 1), tlsSecret(t, 2)
	w.createSecret("callback-client", first)
	w.Eventually(served).Should(gomega.Equal(of(first)))
	w.eventually(
		"acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonCredentialsValid, "",
	)
	w.replaceSecret("callback-client", renewed)
	w.Eventually(served).Should(gomega.Equal(of(renewed)))

	w.replaceSecret("callback-client", map[string]string{
		corev1.TLSCertKey: first[corev1.TLSCertKey], corev1.TLSPrivateKeyKey: renewed[corev1.TLSPrivateKeyKey],
	})
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, v1alpha1.ReasonSecretInvalid,
		`Secret "callback-client": 'tls.crt' and 'tls.key' must be a certificate and its private key, in PEM`)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("7 USD"))
	w.Expect(served()).To(gomega.Equal(of(renewed)))
	w.deleteSecret("callback-client")
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound,
		`Secret "callback-client" is not there: the callback needs it with the keys 'tls.crt' and 'tls.key'`)
	w.Expect(served()).To(gomega.Equal(of(renewed)))

	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Callback.ClientCertificateSecretName = "" })
	w.Eventually(served).Should(gomega.HaveField("Key", "none is wanted"))
}
