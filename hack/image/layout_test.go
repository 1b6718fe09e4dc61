package main

import (
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// layoutOf writes the layout of a program for two architectures.
func layoutOf(t *testing.T, binaries ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "layout")
	arguments := []string{"layout", "--version", "v0.1.0", "--title", "Idle", "--output", folder}
	for _, binary := range binaries {
		arguments = append(arguments, "--binary", binary)
	}
	if err := run(t.Context(), arguments); err != nil {
		t.Fatal(err)
	}
	return folder
}

// files maps each file below a folder to its content.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	found, root := map[string]string{}, os.DirFS(folder)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, path)
		found[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestLayoutIsReproducible(t *testing.T) {
	amd64, arm64 := compileFor(t, "amd64"), compileFor(t, "arm64")
	first := files(t, layoutOf(t, amd64, arm64))
	if len(first) < 9 { // the layout, its index, the list of images, and three blobs of each image
		t.Fatalf("the layout has %d files", len(first))
	}
	if diff := cmp.Diff(first, files(t, layoutOf(t, amd64, arm64))); diff != "" {
		t.Error("the same programs gave two different layouts")
	}
}

func TestPushCopiesTheImagesOfEveryPlatform(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	to := strings.TrimPrefix(server.URL, "http://") + "/team/idle:v0.1.0"
	folder := layoutOf(t, compileFor(t, "amd64"), compileFor(t, "arm64"))
	if err := run(t.Context(), []string{"push", "--layout", folder, "--to", to}); err != nil {
		t.Fatal(err)
	}
	reference, err := name.NewTag(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := remote.Image(reference, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture}))
		if err != nil {
			t.Fatal(err)
		}
		file, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if file.Architecture != architecture || file.Config.User != "65532:65532" {
			t.Errorf("got an image for %s that runs as %s", file.Architecture, file.Config.User)
		}
		if got := file.Config.Labels["org.opencontainers.image.version"]; got != "v0.1.0" {
			t.Errorf("version = %q, want v0.1.0", got)
		}
	}
}

func TestUnknownCommandIsRefused(t *testing.T) {
	for _, arguments := range [][]string{nil, {"wrap"}, {"layout"}, {"push", "--layout", "x", "--to", "no tag"}} {
		if err := run(t.Context(), arguments); err == nil {
			t.Errorf("%v: no error", arguments)
		}
	}
}
