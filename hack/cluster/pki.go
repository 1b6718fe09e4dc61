//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificateLife outlives any development cluster.
const certificateLife = 365 * 24 * time.Hour

// authority signs the certificates of one cluster. Its key ends with the cluster.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// identity is a certificate's subject as Kubernetes reads it: a user, its groups, and for a server
// the addresses it answers at.
type identity struct {
	file      string // name of the .crt and .key files
	user      string
	groups    []string
	addresses []net.IP
	names     []string
}

// identities returns every certificate that the cluster needs.
func identities() []identity {
	return []identity{
		{file: "admin", user: "admin", groups: []string{"system:masters"}},
		{
			file: "kube-apiserver", user: "kube-apiserver",
			addresses: []net.IP{net.ParseIP(nodeAddress), net.ParseIP(serviceAddress), net.IPv4(127, 0, 0, 1)},
			names: []string{
				"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
				"localhost",
			},
		},
		{file: "kube-apiserver-to-kubelet", user: "kube-apiserver", groups: []string{"system:masters"}},
		{file: "kube-controller-manager", user: "system:kube-controller-manager"},
		{file: "kube-scheduler", user: "system:kube-scheduler"},
		{file: "kube-proxy", user: "system:kube-proxy"},
		{
			file: "kubelet", user: "system:node:" + nodeName, groups: []string{"system:nodes"},
			addresses: []net.IP{net.ParseIP(nodeAddress)}, names: []string{nodeName},
		},
		{file: "coredns", user: "coredns"},
		{file: "volume-provisioner", user: "volume-provisioner"},
	}
}

// writePKI creates a new authority in folder, every identity's certificate and kubeconfig, and the
// key that signs the tokens of service accounts.
func writePKI(folder string, now time.Time) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ca, err := newAuthority(folder, now)
	if err != nil {
		return fmt.Errorf("make the certificate authority: %w", err)
	}
	for _, id := range identities() {
		if err := ca.issue(id, now); err != nil {
			return fmt.Errorf("issue the certificate of %s: %w", id.file, err)
		}
		if err := ca.writeKubeconfig(id.file); err != nil {
			return fmt.Errorf("write the kubeconfig of %s: %w", id.file, err)
		}
	}
	if _, err := newKey(filepath.Join(folder, "service-accounts.key")); err != nil {
		return fmt.Errorf("make the key of service accounts: %w", err)
	}
	return nil
}

func newAuthority(folder string, now time.Time) (*authority, error) {
	key, err := newKey(filepath.Join(folder, "ca.key"))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "guichet one-node cluster"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(certificateLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	ca := &authority{folder: folder, certificate: certificate, key: key}
	return ca, writePEM(filepath.Join(folder, "ca.crt"), "CERTIFICATE", der)
}

// issue writes <file>.crt and <file>.key, good for both ends of a connection.
func (ca *authority) issue(id identity, now time.Time) error {
	key, err := newKey(filepath.Join(ca.folder, id.file+".key"))
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: id.user, Organization: id.groups},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses:  id.addresses,
		DNSNames:     id.names,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return err
	}
	return writePEM(filepath.Join(ca.folder, id.file+".crt"), "CERTIFICATE", der)
}

func newKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
