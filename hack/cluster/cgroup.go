//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const cgroupMount = "/sys/fs/cgroup"

// The node's own programs are in <cgroupName>/system; the kubelet makes <cgroupName>/kubepods
// beside it.
var systemCgroup = filepath.Join(cgroupName, "system")

// hierarchies lists the roots of the cgroup trees: one with version 2, one for each controller with
// version 1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(cgroupMount, "cgroup.controllers")); err == nil {
		return []string{cgroupMount}, nil
	}
	entries, err := os.ReadDir(cgroupMount)
	if err != nil {
		return nil, fmt.Errorf("list the cgroup controllers: %w", err)
	}
	var roots []string
	for _, entry := range entries {
		root := filepath.Join(cgroupMount, entry.Name())
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err == nil && entry.IsDir() {
			roots = append(roots, root)
		}
	}
	return roots, nil
}

// joinCgroup creates the cluster's cgroups and moves a process into them, and so everything that it
// will start.
func joinCgroup(pid int) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		own := filepath.Join(root, cgroupName)
		system := filepath.Join(root, systemCgroup)
		if err := os.MkdirAll(system, 0o755); err != nil {
			return fmt.Errorf("make a cgroup: %w", err)
		}
		if err := errors.Join(passOn(root, own), passOn(own, system)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(system, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
			return fmt.Errorf("move the node into its cgroup: %w", err)
		}
	}
	return nil
}

// passOn gives a new cgroup what it does not inherit by itself.
func passOn(parent, child string) error {
	// Version 2: the parent says which controllers its children have.
	if controllers, err := os.ReadFile(filepath.Join(parent, "cgroup.controllers")); err == nil {
		for controller := range strings.FieldsSeq(string(controllers)) {
			enable := []byte("+" + controller)
			if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), enable, 0o644); err != nil {
				return fmt.Errorf("enable the cgroup controller %s below %s: %w", controller, parent, err)
			}
		}
	}
	// Version 1: a new cpuset is empty, and no process can enter it.
	for _, set := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, set))
		if errors.Is(err, fs.ErrNotExist) || len(strings.TrimSpace(string(value))) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(child, set), value, 0o644); err != nil {
			return fmt.Errorf("copy %s to a new cgroup: %w", set, err)
		}
	}
	return nil
}

// processes lists every process in the cluster's cgroups, those of pods included.
func processes() ([]int, error) {
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, root := range roots {
		if pids, err = appendProcesses(pids, filepath.Join(root, cgroupName)); err != nil {
			return nil, fmt.Errorf("list the cluster's processes: %w", err)
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

// appendProcesses walks a cgroup and those below it. One that has gone in the meantime has no
// process.
func appendProcesses(pids []int, folder string) ([]int, error) {
	content, err := os.ReadFile(filepath.Join(folder, "cgroup.procs"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return pids, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.FieldsSeq(string(content)) {
		pid, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if pids, err = appendProcesses(pids, filepath.Join(folder, entry.Name())); err != nil {
			return nil, err
		}
	}
	return pids, nil
}

// removeCgroups removes the cluster's empty cgroups. The kernel needs a moment after the last
// process has ended.
func removeCgroups(patience time.Duration) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(patience)
	for _, root := range roots {
		own := filepath.Join(root, cgroupName)
		for {
			err := removeTree(own)
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("remove the cgroup %s: %w", own, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes a cgroup, its children first. The files in it are the kernel's and go with it.
func removeTree(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(folder, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(folder)
}
