//go:build linux

// Command cluster runs a real Kubernetes on one Linux machine, without a container engine, a
// registry or a virtual machine.
//
// The node lives in Linux namespaces of its own, whose first process starts and watches its
// components. Ending that process ends everything, and takes the mounts, the network and the
// firewall rules along. All that it writes is below bin/cluster.
//
// It is a whole Kubernetes, except for this: NetworkPolicies are stored and not enforced, no image
// can be pulled, and pods reach each other and the host, not the internet. Node, pods and Services
// answer the host at addresses of 10.213.0.0/16.
//
//	cluster build [part ...]   compile the programs; those that are up to date cost nothing
//	cluster up                 start, or say that it runs already
//	cluster load ARCHIVE ...   import container images
//	cluster status             what runs, and how much memory it takes
//	cluster down               end it and remove what it wrote
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/guichet-dev/guichet/hack/cluster/parts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: build, up, load, status or down")
	}
	if arguments[0] == firstProcess {
		return runNode()
	}

	root, err := repositoryRoot()
	if err != nil {
		return err
	}
	l := layout{root: root}
	unlock, err := lock(l)
	if err != nil {
		return err
	}
	defer unlock()
	switch arguments[0] {
	case "build":
		return build(ctx, l, arguments[1:])
	case "up":
		return up(ctx, l)
	case "load":
		return load(ctx, l, arguments[1:])
	case "status":
		return status(ctx, l)
	case "down":
		return down(l)
	default:
		return fmt.Errorf("there is no command %q; there are: build, up, load, status, down", arguments[0])
	}
}

// build compiles the parts with the given names, or all of them.
func build(ctx context.Context, l layout, names []string) error {
	selected, err := parts.Select(names)
	if err != nil {
		return err
	}
	builder := parts.Builder{Root: l.root, Programs: l.programs(), Progress: os.Stdout}
	return builder.Build(ctx, selected)
}

// lock waits until no other command works on this checkout's cluster. The kernel takes it back from
// a command that was killed.
func lock(l layout) (unlock func(), err error) {
	if err := os.MkdirAll(l.folder(), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(l.folder(), "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("wait for the other command that works on this cluster: %w", err)
	}
	return func() { file.Close() }, nil
}

// repositoryRoot looks upwards from the working directory for the repository that holds this
// program.
func repositoryRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "hack", "cluster", "layout.go")); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errors.New("run it inside the repository: hack/cluster is neither here nor in a folder above")
		}
		folder = filepath.Dir(folder)
	}
}
