package callbacks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

// clientCertificate is one that signs itself, and its own authority.
func clientCertificate(t *testing.T, name string) (config.ClientCertificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return config.ClientCertificate{
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		Key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}, parsed
}

// An endpoint that demands a certificate takes callbacks from who shows one that it knows, and sees
// a renewed one at the next delivery.
func TestCallbacksShowTheirClientCertificate(t *testing.T) {
	first, firstKnown := clientCertificate(t, "first")
	second, secondKnown := clientCertificate(t, "second")
	stranger, _ := clientCertificate(t, "stranger")
	shown := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		shown <- r.TLS.PeerCertificates[0].Subject.CommonName
	}))
	known := x509.NewCertPool()
	known.AddCert(firstKnown)
	known.AddCert(secondKnown)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known}
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := x509.NewCertPool()
	authority.AddCert(server.Certificate())
	to := newEndpoint(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority}})

	mixed := config.ClientCertificate{Certificate: first.Certificate, Key: second.Key}
	for _, tc := range []struct {
		name        string
		certificate *config.ClientCertificate
		want        string // whom the endpoint sees; empty if the delivery fails
	}{
		{"none", nil, ""},
		{"one that is known", &first, "first"},
		{"the same again", &first, "first"},
		{"one that is not known", &stranger, ""},
		{"another's key", &mixed, ""},
		{"a renewed one", &second, "second"},
		{"none again", nil, ""},
	} {
		callback := &config.Callback{URL: server.URL, Secret: "s", ClientCertificate: tc.certificate}
		err := to.post(t.Context(), callback, []byte(`{}`))
		if (err == nil) != (tc.want != "") {
			t.Errorf("%s: got %v", tc.name, err)
			continue
		}
		if err != nil {
			if text := err.Error(); strings.Contains(text, "PRIVATE") || strings.Contains(text, server.URL) {
				t.Errorf("%s: the error tells too much: %s", tc.name, text)
			}
			continue
		}
		if got := <-shown; got != tc.want {
			t.Errorf("%s: the endpoint saw %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestCallbacksWaitForTheirCredentials(t *testing.T) {
	certificate, _ := clientCertificate(t, "client")
	for name, tc := range map[string]struct {
		callback config.Callback
		want     bool
	}{
		"a secret":                    {config.Callback{Secret: "s"}, true},
		"no secret":                   {config.Callback{}, false},
		"a certificate":               {config.Callback{Secret: "s", ClientCertificate: &certificate}, true},
		"a certificate and no secret": {config.Callback{ClientCertificate: &certificate}, false},
		"a certificate that is missed": {
			config.Callback{Secret: "s", ClientCertificate: &config.ClientCertificate{}}, false,
		},
	} {
		if got := tc.callback.Ready(); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}
