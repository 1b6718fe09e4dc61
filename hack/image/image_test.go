package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// compile makes a static program for this machine.
func compile(t *testing.T) string {
	t.Helper()
	return compileFor(t, runtime.GOARCH)
}

func compileFor(t *testing.T, architecture string) string {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(folder, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "idle")
	command := exec.Command("go", "build", "-o", binary, source)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}

func TestArchiveIsReproducibleAndRunsAsNobody(t *testing.T) {
	binary := compile(t)
	var archives [2][]byte
	for i := range archives {
		output := filepath.Join(t.TempDir(), "image.tar")
		if err := run(
			t.Context(), []string{
				"archive", "--binary", binary, "--tag", "guichet.dev/idle:dev", "--title", "Idle", "--output", output,
			},
		); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(output)
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = content
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same program gave two different images")
	}

	output := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(output, archives[0], 0o644); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("guichet.dev/idle:dev")
	if err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(output, &tag)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Config.User; got != "65532:65532" {
		t.Errorf("user = %q, want 65532:65532", got)
	}
	if got := strings.Join(file.Config.Entrypoint, " "); got != "/idle" {
		t.Errorf("entry point = %q, want /idle", got)
	}
	if got := file.Config.Labels["org.opencontainers.image.title"]; got != "Idle" {
		t.Errorf("title = %q, want Idle", got)
	}
}

func TestWhatIsNotAProgramIsRefused(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := run(
		t.Context(), []string{
			"archive", "--binary", binary, "--tag", "guichet.dev/x:dev", "--output",
			filepath.Join(t.TempDir(), "x.tar"),
		},
	)
	if err == nil || !strings.Contains(err.Error(), "not a Linux program") {
		t.Errorf("error = %v, want it to say that this is not a Linux program", err)
	}
}

func TestAnArchiveThatDidNotChangeIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := writeIfChanged(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeIfChanged(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the archive was written again although it did not change (%v)", err)
	}
	if err := writeIfChanged(path, []byte("two")); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "two" {
		t.Errorf("content = %q, %v; want two", content, err)
	}
}
