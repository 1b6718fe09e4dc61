package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// nonRoot is the user and group that the image's program runs as. Kubernetes can see that it is not
// root only when it is a number.
const nonRoot = "65532:65532"

// program is what an image consists of.
type program struct {
	name         string            // file name; the image's entry point is /name
	content      []byte            // a static binary
	labels       map[string]string // of the image's configuration
	architecture string            // as GOARCH says it
}

// build makes an image that holds nothing but the program: no shell, no libraries, no package
// manager. Times are fixed, so the same program always gives the same image.
func build(p program) (v1.Image, error) {
	files, err := layer(p)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, files)
	if err != nil {
		return nil, fmt.Errorf("add the program's layer: %w", err)
	}
	description, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	description = description.DeepCopy()
	description.OS = "linux"
	description.Architecture = p.architecture
	description.Config = v1.Config{
		Entrypoint: []string{"/" + p.name},
		User:       nonRoot,
		WorkingDir: "/",
		Labels:     p.labels,
	}
	return mutate.ConfigFile(image, description)
}

// layer returns the image's only layer: the program, owned by root and writable by nobody.
func layer(p program) (v1.Layer, error) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     p.name,
		Mode:     0o555,
		Size:     int64(len(p.content)),
		ModTime:  time.Unix(0, 0),
	}
	if err := writer.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("write the header of %s: %w", p.name, err)
	}
	if _, err := writer.Write(p.content); err != nil {
		return nil, fmt.Errorf("write %s: %w", p.name, err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("close the layer: %w", err)
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	})
}

// archive returns the image as `docker load`, `kind load image-archive` and `ctr images import`
// take it.
func archive(image v1.Image, reference name.Tag) ([]byte, error) {
	var file bytes.Buffer
	if err := tarball.Write(reference, image, &file); err != nil {
		return nil, fmt.Errorf("write the archive of %s: %w", reference, err)
	}
	return file.Bytes(), nil
}
