//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// status prints whether the cluster runs, what its node says, and the memory of its programs.
func status(ctx context.Context, l layout) error {
	if err := requireRoot(); err != nil {
		return err
	}
	first, running := runningNode(l)
	if !running {
		fmt.Println("the cluster is down; start it with `make cluster-up`")
		return nil
	}
	node, err := kubectl(ctx, l, "get", "nodes", "--output=wide")
	if err != nil {
		return fmt.Errorf("ask for the node: %w: %s", err, node)
	}
	fmt.Printf(
		"the cluster is up (first process %d)\nkubeconfig: %s\nlogs: %s\n\n%s\n", first.pid, l.kubeconfig(),
		l.state("log"), node,
	)

	memory, err := memoryByProgram()
	if err != nil {
		return err
	}
	var total int
	for _, name := range slices.Sorted(maps.Keys(memory)) {
		fmt.Printf("%6d MB  %s\n", memory[name]/1024, name)
		total += memory[name]
	}
	fmt.Printf("%6d MB  in all, pods included\n", total/1024)
	return nil
}

// memoryByProgram sums the memory of the cluster's processes in KiB, by the name they were called
// under. A page that several processes share counts in parts: the Kubernetes programs are one
// binary.
func memoryByProgram() (map[string]int, error) {
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	memory := map[string]int{}
	for _, pid := range pids {
		commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			continue // Ended in the meantime.
		}
		name, _, _ := strings.Cut(string(commandLine), "\x00")
		memory[filepath.Base(name)] += proportionalKiB(pid)
	}
	return memory, nil
}

func proportionalKiB(pid int) int {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, "Pss:"); found {
			kib, _ := strconv.Atoi(strings.Fields(value)[0])
			return kib
		}
	}
	return 0
}
