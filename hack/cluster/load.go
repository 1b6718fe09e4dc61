//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// load imports image archives into the running cluster. An archive that it holds already costs nothing.
func load(ctx context.Context, l layout, archives []string) error {
	if err := requireRoot(); err != nil {
		return err
	}
	if len(archives) == 0 {
		return errors.New("name the image archives to load, such as bin/images/*.tar")
	}
	first, running := runningNode(l)
	if !running {
		return errors.New("there is no cluster to load images into; start it with `make cluster-up`")
	}
	for _, archive := range archives {
		if err := loadArchive(ctx, l, first, archive); err != nil {
			return fmt.Errorf("load %s: %w", archive, err)
		}
	}
	return nil
}

func loadArchive(ctx context.Context, l layout, first process, archive string) error {
	content, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(content)
	held := l.state("loaded", filepath.Base(archive))
	if previous, err := os.ReadFile(held); err == nil && string(previous) == hex.EncodeToString(digest[:]) {
		return nil
	}

	command := exec.CommandContext(ctx, l.program("ctr"),
		"--address="+insideNode(first, insideState+"/containerd.sock"), "--namespace=k8s.io", "images", "import", archive)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	fmt.Println("loaded", filepath.Base(archive))
	if err := os.MkdirAll(filepath.Dir(held), 0o755); err != nil {
		return err
	}
	return os.WriteFile(held, []byte(hex.EncodeToString(digest[:])), 0o644)
}
