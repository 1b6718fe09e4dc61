package docs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Shell is one shell that runs a document's blocks, so that a later one has the variables and
// background processes of an earlier one.
type Shell struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	told   *os.File
	folder string
	count  int
	exited chan error
}

// errEnded says that a failed command has ended the shell.
var errEnded = errors.New("a command failed")

// NewShell starts a shell in a folder that ends at the first command that fails.
func NewShell(ctx context.Context, folder, scratch string, environment []string) (*Shell, error) {
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer tell.Close()
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-euo", "pipefail")
	cmd.Dir, cmd.Env = folder, environment
	cmd.ExtraFiles = []*os.File{tell}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Shell{cmd: cmd, stdin: stdin, told: told, folder: scratch, exited: make(chan error, 1)}
	go func() { s.exited <- cmd.Wait() }()
	return s, nil
}

// Run runs commands and returns what they printed on the standard output and the standard error.
// After an error the shell is gone.
func (s *Shell) Run(ctx context.Context, commands string) (stdout, stderr string, err error) {
	s.count++
	script := filepath.Join(s.folder, fmt.Sprintf("%d.sh", s.count))
	if err := os.WriteFile(script, []byte(commands), 0o600); err != nil {
		return "", "", err
	}
	// Background processes keep none of the shell's own files open, except those of its output.
	line := fmt.Sprintf("source %[1]s >%[1]s.out 2>%[1]s.err 3>&- </dev/null; echo done >&3\n", script)
	if _, err := io.WriteString(s.stdin, line); err != nil {
		return "", "", err
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(s.told, make([]byte, len("done\n")))
		done <- err
	}()
	select {
	case err = <-done:
	case exit := <-s.exited:
		err = errors.Join(errEnded, exit)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		err = errEnded
	}
	return content(script + ".out"), content(script + ".err"), err
}

// Close ends the shell and everything that it has started.
func (s *Shell) Close() error {
	err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		err = nil
	}
	return errors.Join(err, s.told.Close())
}

func content(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(text), "�")
}
