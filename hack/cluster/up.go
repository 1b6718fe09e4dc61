//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	readyPatience = 2 * time.Minute
	endPatience   = 20 * time.Second
)

// up starts the cluster and waits until its node takes pods. A running cluster is left alone. What
// a killed cluster has left behind is removed first.
func up(ctx context.Context, l layout) error {
	if err := requireRoot(); err != nil {
		return err
	}
	if node, running := runningNode(l); running {
		fmt.Printf("the cluster is up already (first process %d); kubeconfig: %s\n", node.pid, l.kubeconfig())
		return nil
	}
	// Check everything that could fail before compiling for minutes.
	if err := clean(l); err != nil {
		return err
	}
	if err := checkNetworkFree(); err != nil {
		return err
	}
	host, err := findTools(ctx)
	if err != nil {
		return err
	}
	if err := build(ctx, l, nil); err != nil {
		return err
	}
	if err := packPause(ctx, l); err != nil {
		return err
	}

	start := time.Now()
	fmt.Print("starting the cluster ... ")
	if err := prepareState(l, host); err != nil {
		return err
	}
	if err := startNode(ctx, l); err != nil {
		fmt.Println("failed")
		return errors.Join(err, lastLines(l), end(l))
	}
	fmt.Printf("ready in %.0f s\nkubeconfig: %s\n", time.Since(start).Seconds(), l.kubeconfig())
	return nil
}

// startNode starts the node's first process in namespaces of its own, joins it to the host, and
// waits until the node is ready.
func startNode(ctx context.Context, l layout) error {
	first, release, err := newNamespaces(l)
	if err != nil {
		return err
	}
	defer release.Close()
	if err := errors.Join(joinCgroup(first.pid), first.write(l.state("process")), linkToNode(first.pid)); err != nil {
		return err
	}
	if _, err := release.Write([]byte{linked}); err != nil {
		return fmt.Errorf("tell the node that its network is there: %w", err)
	}

	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	return waitReady(ctx, l, first)
}

// newNamespaces starts this program again as the first process of a node. It waits until it reads a
// byte from the pipe.
func newNamespaces(l layout) (process, *os.File, error) {
	self, err := os.Executable()
	if err != nil {
		return process{}, nil, err
	}
	log, err := os.Create(l.state("log", "node.log"))
	if err != nil {
		return process{}, nil, err
	}
	defer log.Close()
	wait, release, err := os.Pipe()
	if err != nil {
		return process{}, nil, err
	}
	defer wait.Close()

	command := exec.Command(self, firstProcess)
	command.Dir = l.folder()
	command.Stdin = wait
	command.Stdout = log
	command.Stderr = log
	command.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true, // The node outlives the terminal it was started from.
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	}
	if err := command.Start(); err != nil {
		return process{}, nil, fmt.Errorf("start a process in namespaces of its own: %w", err)
	}
	first, err := currentProcess(command.Process.Pid)
	return first, release, err
}

// waitReady returns when pods can be created and the node runs them.
func waitReady(ctx context.Context, l layout, first process) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		for ctx.Err() == nil {
			if !first.runs() {
				cancel(errors.New("the node's first process has ended"))
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()

	for _, condition := range [][]string{
		{"create", "node/" + nodeName},
		{"condition=Ready", "node/" + nodeName},
		{"create", "serviceaccount/default"},
	} {
		for {
			output, err := kubectl(ctx, l, "wait", "--for="+condition[0], condition[1], "--timeout=60s")
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("wait for %s: %w: %s", condition[1], context.Cause(ctx), output)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	return nil
}

// kubectl asks the cluster as its administrator, from the host.
func kubectl(ctx context.Context, l layout, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, l.program("kubectl"), arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+l.kubeconfig(), "KUBECACHEDIR="+l.state("kubectl"))
	output, err := command.CombinedOutput()
	return string(output), err
}

// runningNode returns the node's first process, if there is one that answers.
func runningNode(l layout) (process, bool) {
	first, err := readProcess(l.state("process"))
	if err != nil || !first.runs() {
		return process{}, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	_, err = kubectl(ctx, l, "get", "--raw", "/readyz")
	return first, err == nil
}

// insideNode returns a path of the node's mount namespace as the host sees it.
func insideNode(first process, path string) string {
	return "/proc/" + strconv.Itoa(first.pid) + "/root" + path
}
