//go:build linux

package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseRoute(t *testing.T) {
	tests := map[string]struct{ line, link, route string }{
		"default": {"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0", "eth0", "0.0.0.0/0"},
		"network": {"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", "eth0", "192.0.2.0/24"},
		"ours":    {"wg0\t0000D50A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0", "wg0", "10.213.0.0/16"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			link, route, err := parseRoute(tc.line)
			if err != nil {
				t.Fatal(err)
			}
			if link != tc.link || route.String() != tc.route {
				t.Errorf("parseRoute = %s %s, want %s %s", link, route, tc.link, tc.route)
			}
		})
	}
	if _, _, err := parseRoute("eth0 xyz"); err == nil {
		t.Error("a line with two columns was read as a route")
	}
}

func TestEveryConfigurationFileIsFilledIn(t *testing.T) {
	host := tools{runc: "/usr/sbin/runc", cni: "/usr/lib/cni"}
	tests := map[string]string{
		"containerd.toml": "BinaryName = '/usr/sbin/runc'",
		"cni.conflist":    `"subnet": "10.213.1.0/24"`,
		"kubelet.yaml":    `clusterDNS: ["10.213.0.2"]`,
		"kube-proxy.yaml": "clusterCIDR: 10.213.1.0/24",
		"Corefile":        "bind 10.213.0.2",
		"addons.yaml":     "kind: StorageClass",
	}
	for name, want := range tests {
		content, err := render(name, host)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(string(content), want) || strings.Contains(string(content), "{{.") {
			t.Errorf("%s lacks %q, or has a placeholder left:\n%s", name, want, content)
		}
	}
}

func TestCertificatesAreGoodForTheirAddresses(t *testing.T) {
	folder := t.TempDir()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	if err := writePKI(folder, now); err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)

	tests := map[string]struct {
		file, name, user, group string
	}{
		"the API server, from the host":      {file: "kube-apiserver", name: "10.213.0.2", user: "kube-apiserver"},
		"the API server, from a pod":         {file: "kube-apiserver", name: "10.213.2.1", user: "kube-apiserver"},
		"the API server, by name":            {file: "kube-apiserver", name: "kubernetes.default.svc", user: "kube-apiserver"},
		"the kubelet, from the API server":   {file: "kubelet", name: "10.213.0.2", user: "system:node:guichet", group: "system:nodes"},
		"the administrator, who has no name": {file: "admin", user: "admin", group: "system:masters"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			pair, err := tls.LoadX509KeyPair(
				filepath.Join(folder, tc.file+".crt"), filepath.Join(folder, tc.file+".key"),
			)
			if err != nil {
				t.Fatal(err)
			}
			_, err = pair.Leaf.Verify(x509.VerifyOptions{
				Roots: roots, DNSName: tc.name, CurrentTime: now.Add(300 * 24 * time.Hour),
				KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			if err != nil {
				t.Error(err)
			}
			if got := pair.Leaf.Subject; got.CommonName != tc.user || strings.Join(got.Organization, ",") != tc.group {
				t.Errorf("user %q, group %q; want %q, %q", got.CommonName, got.Organization, tc.user, tc.group)
			}
		})
	}
	info, err := os.Stat(filepath.Join(folder, "admin.kubeconfig"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("admin.kubeconfig: %v, %v; want it readable by its owner only", info.Mode(), err)
	}
}

func TestAProcessIsKnownByItsStart(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	running, err := currentProcess(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "process")
	if err := running.write(file); err != nil {
		t.Fatal(err)
	}
	read, err := readProcess(file)
	if err != nil || read != running {
		t.Errorf("read back %v, %v; want %v", read, err, running)
	}
	if !read.runs() {
		t.Error("a running process is not seen")
	}
	if (process{pid: read.pid, started: "1"}).runs() {
		t.Error("another process with the same id is taken for this one")
	}
	// The child is not waited for: it stays as a zombie, which counts as gone.
	if err := read.kill(5 * time.Second); err != nil {
		t.Error(err)
	}
	if read.runs() {
		t.Error("an ended process is taken for a running one")
	}
	_ = child.Wait()
}

func TestIsBelow(t *testing.T) {
	tests := map[string]struct {
		path string
		want bool
	}{
		"inside":       {"/home/me/guichet/bin/cluster/cluster", true},
		"beside":       {"/home/me/guichet-2/bin/cluster/cluster", false},
		"deleted file": {"/home/me/guichet/bin/cluster/cluster (deleted)", true},
	}
	for name, tc := range tests {
		if got := isBelow(tc.path, "/home/me/guichet"); got != tc.want {
			t.Errorf("%s: isBelow = %t, want %t", name, got, tc.want)
		}
	}
}
