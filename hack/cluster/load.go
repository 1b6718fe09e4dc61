//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// load imports image archives into the running cluster.
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
		socket := insideNode(first, insideState+"/containerd.sock")
		command := exec.CommandContext(
			ctx, l.program("ctr"), "--address="+socket, "--namespace=k8s.io", "images", "import", archive,
		)
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("load %s: %w: %s", archive, err, output)
		}
		fmt.Println("loaded", filepath.Base(archive))
	}
	return nil
}
