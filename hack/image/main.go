// Command image wraps a static binary into a container image, as an archive, without a container
// engine or a registry.
//
//	image --binary bin/linux/gateway --tag guichet.dev/gateway:dev --output bin/images/gateway.tar
package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	binary := flags.String("binary", "", "static Linux program to wrap; its file name becomes the entry point")
	tag := flags.String("tag", "", "name of the image, as registry/repository:tag")
	title := flags.String("title", "", "one line that says what the program is")
	output := flags.String("output", "", "archive to write")
	if err := flags.Parse(arguments); err != nil {
		return err
	}

	reference, err := name.NewTag(*tag, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("--tag: %w", err)
	}
	content, err := os.ReadFile(*binary)
	if err != nil {
		return fmt.Errorf("--binary: %w", err)
	}
	if err := checkStatic(content); err != nil {
		return fmt.Errorf("--binary %s: %w", *binary, err)
	}
	image, err := build(program{
		name:         filepath.Base(*binary),
		content:      content,
		architecture: runtime.GOARCH,
		labels: map[string]string{
			"org.opencontainers.image.title":    *title,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.source":   "https://github.com/guichet-dev/guichet",
		},
	})
	if err != nil {
		return err
	}
	file, err := archive(image, reference)
	if err != nil {
		return err
	}
	return writeIfChanged(*output, file)
}

// checkStatic refuses a program that would look for libraries: the image has none.
func checkStatic(content []byte) error {
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("not a Linux program: %w", err)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return errors.New("it is linked dynamically; build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// writeIfChanged leaves the file and its time alone when it already holds the content.
func writeIfChanged(path string, content []byte) error {
	if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of the archive: %w", err)
	}
	// A reader never sees half an archive.
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o644); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return os.Rename(partial, path)
}
