package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// TreeCPU returns the processor time that a process and all that descend of it have used so far,
// those that have ended included.
func TreeCPU(pid int) (time.Duration, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	children := map[int][]int{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(content), ") ")
		var state string
		var parent int
		if _, err := fmt.Sscan(rest, &state, &parent); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return 0, err
		}
		children[parent] = append(children[parent], child)
	}
	const user, system, childrenUser, childrenSystem = 11, 12, 13, 14 // those of children that have ended
	var total time.Duration
	for open := []int{pid}; len(open) > 0; {
		next := open[len(open)-1]
		open = append(open[:len(open)-1], children[next]...)
		used, err := ticks(next, user, system, childrenUser, childrenSystem)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// CPU returns the processor time that a process has used so far, in user and system together, to a
// hundredth of a second.
func CPU(pid int) (time.Duration, error) {
	const user, system = 11, 12
	return ticks(pid, user, system)
}

// ticks adds fields of a process's stat, counted from 0 behind its name, which may hold anything.
// Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (fields 14 to 17).
func ticks(pid int, fields ...int) (time.Duration, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(content), ") ")
	values := strings.Fields(rest)
	var total int64
	for _, field := range fields {
		if len(values) <= field {
			return 0, errors.New("/proc's stat has too few fields")
		}
		n, err := strconv.ParseInt(values[field], 10, 64)
		if err != nil {
			return 0, err
		}
		total += n
	}
	const tick = time.Second / 100
	return time.Duration(total) * tick, nil
}

// Resident returns a process's resident memory, in bytes.
func Resident(pid int) (int64, error) { return memory(pid, "VmRSS:") }

// Anonymous returns the part of a process's resident memory, in bytes, that is its alone. The rest
// is the program itself: pages of its file, which all gateways on a machine share.
func Anonymous(pid int) (int64, error) { return memory(pid, "RssAnon:") }

// memory returns a line of a process's status.
// Source: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
func memory(pid int, name string) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, name); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc's status has no " + name)
}
