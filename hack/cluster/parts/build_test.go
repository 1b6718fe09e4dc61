package parts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// greeter returns a part that compiles in a moment.
func greeter(t *testing.T, root string) Part {
	t.Helper()
	write(t, filepath.Join(root, "greeter", "go.mod"), "module greeter\n\ngo 1.26\n")
	write(t, filepath.Join(root, "greeter", "main.go"), "package main\n\nfunc main() { println(\"hello\") }\n")
	return Part{
		Name: "greeter", Module: "greeter", Packages: []string{"."}, Outputs: []string{"greet"},
		Links: []string{"salute"},
	}
}

func TestBuildCompilesOnceUntilTheSourcesChange(t *testing.T) {
	root := t.TempDir()
	part := greeter(t, root)
	var progress bytes.Buffer
	builder := Builder{Root: root, Programs: filepath.Join(root, "programs"), Progress: &progress}
	build := func() string {
		t.Helper()
		progress.Reset()
		if err := builder.Build(t.Context(), []Part{part}); err != nil {
			t.Fatal(err)
		}
		return progress.String()
	}

	if got := build(); !strings.HasPrefix(got, "[1/1] compiling greet ... ") {
		t.Errorf("first build printed %q", got)
	}
	if got := build(); got != "" {
		t.Errorf("second build compiled again: %q", got)
	}
	write(t, filepath.Join(root, "greeter", "main.go"), "package main\n\nfunc main() { println(\"good day\") }\n")
	if got := build(); got == "" {
		t.Error("a changed source was not compiled")
	}
	output, err := exec.Command(filepath.Join(root, "programs", "salute")).CombinedOutput()
	if err != nil || string(output) != "good day\n" {
		t.Errorf("the program's link printed %q, %v; want \"good day\"", output, err)
	}
}

func TestBuildSaysWhatTheCompilerSaid(t *testing.T) {
	root := t.TempDir()
	part := greeter(t, root)
	write(t, filepath.Join(root, "greeter", "main.go"), "package main\n\nfunc main() { nosuch() }\n")
	err := Builder{
		Root: root, Programs: filepath.Join(root, "programs"), Progress: &bytes.Buffer{},
	}.Build(t.Context(), []Part{part})
	if err == nil || !strings.Contains(err.Error(), "undefined: nosuch") {
		t.Errorf("error = %v, want the compiler's", err)
	}
}

func TestSelect(t *testing.T) {
	selected, err := Select([]string{"etcd", "kubernetes"})
	if err != nil {
		t.Fatal(err)
	}
	if len(selected) != 2 || selected[0].Name != "kubernetes" || selected[1].Name != "etcd" {
		t.Errorf("Select = %v, want kubernetes and etcd, the longest first", selected)
	}
	const unknown = `no part of the cluster is called "flannel"; ` +
		"there are: kubernetes, etcd, containerd, coredns, pause"
	if _, err := Select([]string{"flannel"}); err == nil || err.Error() != unknown {
		t.Errorf("error = %v", err)
	}
}

func TestKubernetesVersionStampsTheRelease(t *testing.T) {
	got := strings.Join(kubernetesVersion("v1.36.3"), " ")
	want := "k8s.io/component-base/version.gitVersion=v1.36.3 " +
		"k8s.io/component-base/version.gitMajor=1 k8s.io/component-base/version.gitMinor=36"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
