//go:build release

package release

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build makes a release into a folder of the test's own.
func build(t *testing.T, folder string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "hack/release.sh")
	command.Dir = root
	command.Env = append(os.Environ(), "VERSION=v0.1.0", "REGISTRY=registry.test/guichet", "DIST="+folder)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestReleaseIsReproducibleAndNamesItself(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	build(t, first)
	build(t, second)
	sums := read(t, first, "SHA256SUMS")
	if !bytes.Equal(sums, read(t, second, "SHA256SUMS")) {
		t.Errorf("built twice, the release differs:\n%s\n%s", sums, read(t, second, "SHA256SUMS"))
	}
	for _, name := range []string{
		"install.yaml", "plans/pricingplan_whatsapp.yaml", "guichet-chart-0.1.0.tgz", "NOTES.md", "sbom/gateway.cdx.json",
		"sbom/kubectl-guichet.cdx.json",
		"guichet_v0.1.0_linux_arm64.tar.gz", "guichet_v0.1.0_darwin_arm64.tar.gz", "guichet_v0.1.0_windows_amd64.tar.gz",
		"images/operator/index.json", "images/gateway/index.json",
	} {
		if !bytes.Contains(sums, []byte("  ./"+name+"\n")) {
			t.Errorf("SHA256SUMS lacks %s", name)
		}
	}

	manifests := string(read(t, first, "install.yaml"))
	for _, want := range []string{
		"image: registry.test/guichet/operator:v0.1.0", "--gateway-image=registry.test/guichet/gateway:v0.1.0",
	} {
		if !strings.Contains(manifests, want) {
			t.Errorf("install.yaml lacks %q", want)
		}
	}
	if strings.Contains(manifests, ":dev") {
		t.Error("install.yaml names an image of a developer's")
	}

	folder := t.TempDir()
	archive := filepath.Join(first, "guichet_v0.1.0_linux_amd64.tar.gz")
	output(t, "tar", "--extract", "--directory", folder, "--file", archive)
	got := string(output(t, filepath.Join(folder, "guichet_v0.1.0_linux_amd64", "guichet"), "version"))
	if !strings.HasPrefix(got, "guichet v0.1.0 (go") {
		t.Errorf("the released program says %q", got)
	}
	got = string(output(t, filepath.Join(folder, "guichet_v0.1.0_linux_amd64", "kubectl-guichet"), "version"))
	if !strings.HasPrefix(got, "kubectl-guichet v0.1.0 (go") {
		t.Errorf("the released plugin says %q", got)
	}
	for platform, file := range map[string]string{
		"darwin_arm64": "kubectl-guichet", "windows_amd64": "kubectl-guichet.exe", "linux_arm64": "kubectl_complete-guichet",
	} {
		name := "guichet_v0.1.0_" + platform
		list := string(output(t, "tar", "--list", "--file", filepath.Join(first, name+".tar.gz")))
		if !strings.Contains(list, name+"/"+file+"\n") {
			t.Errorf("%s lacks %s:\n%s", name, file, list)
		}
	}
	chart := objects(t, output(
		t, tool(t, "helm"), "template", "guichet", filepath.Join(first, "guichet-chart-0.1.0.tgz"),
		"--namespace", "guichet-system", "--skip-tests", "--set", "replicas=1,crds.keep=false",
	))
	installed := objects(t, []byte(manifests))
	delete(installed, "Namespace /guichet-system")
	if len(chart) != len(installed) {
		t.Errorf("the released chart has %d objects, install.yaml %d", len(chart), len(installed))
	}
}

func TestReleaseNeedsAVersion(t *testing.T) {
	for _, version := range []string{"", "0.1.0", "v0.1", "v9.9.9"} {
		command := exec.CommandContext(t.Context(), "hack/release.sh")
		command.Dir = root
		command.Env = append(os.Environ(), "VERSION="+version, "DIST="+filepath.Join(t.TempDir(), "dist"))
		if out, err := command.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("release: ")) {
			t.Errorf("version %q: %v, %s", version, err, out)
		}
	}
}
