//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// startPatience is how long containerd and the API server may take to answer.
const startPatience = 90 * time.Second

// startComponents starts them in the order in which they need each other, then watches them.
func startComponents() error {
	s := &supervisor{running: map[int]component{}}
	for _, c := range append(storage(), apiServerComponent()) {
		if err := s.start(c); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	if err := untilItWorks(ctx, "ctr", "--address="+insideState+"/containerd.sock", "--namespace=k8s.io",
		"images", "import", insidePrograms+"/pause.tar"); err != nil {
		return err
	}
	if err := untilItWorks(
		ctx, "kubectl", "--kubeconfig="+pki("admin.kubeconfig"), "get", "--raw", "/readyz",
	); err != nil {
		return err
	}
	if err := untilItWorks(
		ctx, "kubectl", "--kubeconfig="+pki("admin.kubeconfig"), "apply", "--filename="+insideState+"/etc/addons.yaml",
	); err != nil {
		return err
	}
	for _, c := range clients() {
		if err := s.start(c); err != nil {
			return err
		}
	}
	return s.watch()
}

// untilItWorks repeats a command until it succeeds, because the program that it talks to has just
// been started.
func untilItWorks(ctx context.Context, name string, arguments ...string) error {
	for {
		output, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not work within %s: %w: %s", name, startPatience, err, output)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// supervisor does the work of a machine's first process: it starts programs, restarts them when
// they end, and reaps every orphaned process (those of pods among them).
type supervisor struct {
	running map[int]component
}

func (s *supervisor) start(c component) error {
	log, err := os.OpenFile(insideState+"/log/"+c.name+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(c.name, c.arguments...)
	command.Stdout = log
	command.Stderr = log
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	s.running[command.Process.Pid] = c
	return command.Process.Release() // watch waits for it, together with all others.
}

func (s *supervisor) watch() error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for a process to end: %w", err)
		}
		ended, known := s.running[pid]
		if !known {
			continue
		}
		delete(s.running, pid)
		fmt.Printf("%s %s ended (exit status %d, signal %d); it is started again\n",
			time.Now().Format(time.TimeOnly), ended.name, status.ExitStatus(), status.Signal())
		time.Sleep(time.Second) // A program that cannot start does not keep a processor busy.
		if err := s.start(ended); err != nil {
			return err
		}
	}
}
