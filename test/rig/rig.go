// Package rig runs the real programs on loopback, for fault runs and benchmarks: it compiles them,
// makes an account with the keys that the operator would make, and starts, measures and kills the
// gateway.
package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Programs is the directory of the compiled programs.
type Programs string

// Compile builds programs, such as gateway, guichet and simulator, into a directory, as a release
// builds them.
func Compile(ctx context.Context, directory string, names ...string) (Programs, error) {
	arguments := []string{
		"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", directory + string(filepath.Separator),
	}
	for _, name := range names {
		arguments = append(arguments, "github.com/guichet-dev/guichet/cmd/"+name)
	}
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the programs: %w\n%s", err, output)
	}
	return Programs(directory), nil
}

// Path returns a program's file.
func (p Programs) Path(name string) string { return filepath.Join(string(p), name) }
