package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// authority makes a certificate authority, and a certificate and key of 127.0.0.1 that it has
// signed, in PEM.
func authority(t *testing.T) (ca, certificate, key []byte) {
	t.Helper()
	now := time.Now()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	caTemplate := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{
			CommonName: "test authority",
		}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, caTemplate, caTemplate, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: now.Add(
			-time.Hour,
		), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, caTemplate, &serverKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return block("CERTIFICATE", caDER), block("CERTIFICATE", serverDER), block("PRIVATE KEY", keyDER)
}

// tlsServer is a server that presents a certificate.
func tlsServer(t *testing.T, certificate, key []byte) *postgrestest.Server {
	t.Helper()
	server := postgrestest.Start(t)
	for name, content := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		server.WriteFile(t, name, content)
	}
	for _, setting := range []string{
		"ssl_cert_file = '" + filepath.Join(server.Directory(), "server.crt") + "'",
		"ssl_key_file = '" + filepath.Join(server.Directory(), "server.key") + "'", "ssl = on",
	} {
		if err := server.Exec("ALTER SYSTEM SET " + setting); err != nil {
			t.Fatal(err)
		}
	}
	server.Crash(t)
	return server
}

func TestSharedStoreVerifiesTheServerAsTheURLSays(t *testing.T) {
	t.Parallel()
	ca, certificate, key := authority(t)
	strangersCA, _, _ := authority(t)
	database := tlsServer(t, certificate, key).Database(t)
	parsed, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := parsed.User.Password()
	byName := strings.Replace(database, "127.0.0.1", "localhost", 1)
	tests := map[string]struct {
		url  string
		ca   []byte
		want string // of the error; empty for success
	}{
		"a CA makes full verification the default": {database, ca, ""},
		"verify-full with the CA":                  {database + "?sslmode=verify-full", ca, ""},
		"verify-full and another name":             {byName + "?sslmode=verify-full", ca, "x509"},
		"verify-ca and another name":               {byName + "?sslmode=verify-ca", ca, ""},
		"verify-ca and another CA":                 {database + "?sslmode=verify-ca", strangersCA, "x509"},
		"another CA":                               {database, strangersCA, "x509"},
		"verify-full and the system's authorities": {database + "?sslmode=verify-full", nil, "x509"},
		"encrypted, not verified":                  {database + "?sslmode=require", nil, ""},
		"a CA that nobody would check": {
			database + "?sslmode=require", ca, "sslmode=require does not check",
		},
		"a CA and a socket, which has no TLS": {
			"postgres://guichet@/guichet?host=/nonexistent", ca, "cannot be reached",
		},
		"a CA that is none": {database, []byte("nonsense"), "no certificate in PEM"},
		"a wrong password": {
			strings.Replace(database, password, "wrong-"+password, 1), ca, "cannot be reached",
		},
		"no URL": {"://" + password, nil, "cannot be read"},
		"a bad port": {
			strings.Replace(database, "127.0.0.1", "127.0.0.1:x", 1), nil, "cannot be read",
		},
		"a key=value string": {"host=127.0.0.1 password=" + password, nil, "cannot be read"},
		"a bad setting":      {database + "?sslmode=" + password, nil, "cannot be read"},
	}
	keys := newKeys(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(
				context.Background(),
				store.Options{AccountUID: accountUID, Keys: keys, Shared: &store.Shared{URL: tc.url, CA: tc.ca}},
			)
			if err == nil {
				if closeErr := s.Close(); closeErr != nil {
					t.Error(closeErr)
				}
			}
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("Open = %v; want success", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("Open = %v; want an error with %q", err, tc.want)
			case err != nil && strings.Contains(err.Error(), password):
				t.Errorf("Open = %v; it holds the password", err)
			}
		})
	}
}

func TestSharedStoreRefuses(t *testing.T) {
	where, keys := shared.newPlace(t), newKeys(t)
	where.open(t, keys)
	newer := where.another(1)
	newer.open(t, keys)
	if err := postgrestest.Exec(
		newer.url, `INSERT INTO `+schema+`_1.schema_migrations (version) VALUES (99)`,
	); err != nil {
		t.Fatal(err)
	}
	upstairs := where
	upstairs.uid = strings.ToUpper(accountUID) // another UID with the same schema
	tests := map[string]struct {
		options store.Options
		want    string
	}{
		"another account": {upstairs.options(keys), "it holds ledger " + accountUID},
		"a newer schema":  {newer.options(keys), "it has schema version 99 and this program knows "},
		"a bad UID":       {place{url: where.url, uid: `x"; DROP`}.options(keys), "names no schema"},
		"a file as well": {
			store.Options{
				Path: filepath.Join(os.TempDir(), "x"), AccountUID: accountUID, Keys: keys,
				Shared: &store.Shared{URL: where.url},
			}, "not both",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(context.Background(), tc.options)
			if err == nil {
				s.Close()
				t.Fatal("Open succeeded")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Open = %v; want an error with %q", err, tc.want)
			}
			if errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open = %v; want an error that does not pass", err)
			}
		})
	}
}
