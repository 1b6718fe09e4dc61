package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// imageOf makes the image of a program, for the platform that the program was built for.
func imageOf(binary string, labels map[string]string) (v1.Image, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("--binary: %w", err)
	}
	architecture, err := inspect(content)
	if err != nil {
		return nil, fmt.Errorf("--binary %s: %w", binary, err)
	}
	return build(program{
		name:         filepath.Base(binary),
		content:      content,
		architecture: architecture,
		labels:       labels,
	})
}

// inspect returns a program's architecture, as GOARCH says it. It refuses a program that would look
// for libraries: the image has none.
func inspect(content []byte) (architecture string, err error) {
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return "", fmt.Errorf("not a Linux program: %w", err)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return "", errors.New("it is linked dynamically; build it with CGO_ENABLED=0")
		}
	}
	switch file.Machine {
	case elf.EM_X86_64:
		return "amd64", nil
	case elf.EM_AARCH64:
		return "arm64", nil
	default:
		return "", fmt.Errorf("no image is made for the machine %s", file.Machine)
	}
}
