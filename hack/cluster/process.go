//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is identified by its id and its start time, because the kernel reuses ids.
type process struct {
	pid     int
	started string // in clock ticks since the machine started
}

// currentProcess describes the process that has an id now. One that has ended and only waits for
// its parent is not there.
func currentProcess(pid int) (process, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// The second column is a name in parentheses that may hold blanks; the columns that follow do
	// not.
	const state, startTime = 3, 22
	columns := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	if len(columns) <= startTime-state {
		return process{}, fmt.Errorf("/proc/%d/stat has too few columns", pid)
	}
	if columns[0] == "Z" || columns[0] == "X" {
		return process{}, fmt.Errorf("process %d has ended", pid)
	}
	return process{pid: pid, started: columns[startTime-state]}, nil
}

// runs reports whether the id is still that of this process and the process runs.
func (p process) runs() bool {
	now, err := currentProcess(p.pid)
	return err == nil && now == p
}

// kill ends the process and waits until it is gone.
func (p process) kill(patience time.Duration) error {
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end process %d: %w", p.pid, err)
	}
	for deadline := time.Now().Add(patience); p.runs(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d is still there %s after it was killed", p.pid, patience)
		}
	}
	return nil
}

func (p process) write(path string) error {
	return os.WriteFile(path, fmt.Appendf(nil, "%d %s\n", p.pid, p.started), 0o644)
}

func readProcess(path string) (process, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return process{}, err
	}
	fields := strings.Fields(string(content))
	if len(fields) != 2 {
		return process{}, fmt.Errorf("%s holds no process", path)
	}
	pid, err := strconv.Atoi(fields[0])
	return process{pid: pid, started: fields[1]}, err
}

// isFirstOfNamespace reports whether a process is number 1 of a process namespace right below this
// one. A pod's namespace is two levels down.
func isFirstOfNamespace(pid int) bool {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(content)) {
		if ids, found := strings.CutPrefix(line, "NSpid:"); found {
			levels := strings.Fields(ids)
			return len(levels) == 2 && levels[1] == "1"
		}
	}
	return false
}
