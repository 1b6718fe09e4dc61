//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// down stops the cluster and removes everything that it wrote. The compiled programs stay.
func down(l layout) error {
	if err := requireRoot(); err != nil {
		return err
	}
	_, err := os.Stat(l.state())
	wasThere := err == nil
	if err := clean(l); err != nil {
		return err
	}
	if wasThere {
		fmt.Println("the cluster is down; nothing of it is left but its compiled programs")
	} else {
		fmt.Println("there is no cluster")
	}
	return nil
}

// clean stops what is left of this checkout's cluster and removes its state.
func clean(l layout) error {
	if err := end(l); err != nil {
		return err
	}
	return os.RemoveAll(l.state())
}

// end stops everything of the cluster and keeps its state, so that its logs can be read.
//
// Killing the first process of a process namespace ends every process in it; the last one takes the
// other namespaces along, and with them the mounts, the network link and the firewall rules.
func end(l layout) error {
	if err := killFirst(l); err != nil {
		return err
	}
	if err := killStrays(l); err != nil {
		return err
	}
	if err := removeLink(); err != nil {
		return err
	}
	if err := removeCgroups(endPatience); err != nil {
		return err
	}
	return removeFile(l.kubeconfig())
}

func killFirst(l layout) error {
	first, err := readProcess(l.state("process"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !first.runs() {
		return nil
	}
	return first.kill(endPatience)
}

// killStrays stops a node without a process file: its start was interrupted before the file was
// written. It refuses to stop the node of another checkout.
func killStrays(l layout) error {
	pids, err := processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if !isFirstOfNamespace(pid) {
			continue // It ends together with the first one.
		}
		stray, err := currentProcess(pid)
		if err != nil {
			continue // Ended in the meantime.
		}
		program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err != nil {
			continue
		}
		if !isBelow(program, l.root) {
			return fmt.Errorf(
				"a cluster of another checkout runs on this machine (process %d, %s); "+
					"end it there with `make cluster-down`",
				pid, strings.TrimSuffix(program, " (deleted)"),
			)
		}
		if err := stray.kill(endPatience); err != nil {
			return err
		}
	}
	return nil
}

func isBelow(path, folder string) bool {
	relative, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(relative)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
