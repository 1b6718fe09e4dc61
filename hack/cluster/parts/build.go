package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/hack/compile/progress"
)

// Builder compiles parts into a folder.
type Builder struct {
	Root     string    // the repository's root
	Programs string    // folder that receives the programs
	Progress io.Writer // a line for each part that has to be compiled
}

// Build compiles those parts whose programs are missing or older than their sources. A part that is
// up to date costs milliseconds and prints nothing.
func (b Builder) Build(ctx context.Context, parts []Part) error {
	if err := os.MkdirAll(b.Programs, 0o755); err != nil {
		return fmt.Errorf("make the folder of the cluster's programs: %w", err)
	}
	for i, part := range parts {
		key, err := b.key(part)
		if err != nil {
			return fmt.Errorf("%s: %w", part.Name, err)
		}
		if b.upToDate(part, key) {
			continue
		}
		if err := b.compile(ctx, part, fmt.Sprintf("[%d/%d] compiling", i+1, len(parts))); err != nil {
			return fmt.Errorf("compile %s in %s: %w", part.Name, part.Module, err)
		}
		if err := os.WriteFile(b.keyFile(part), []byte(key), 0o644); err != nil {
			return fmt.Errorf("remember that %s is compiled: %w", part.Name, err)
		}
	}
	return nil
}

// compile compiles the programs of a part, each with a line that begins with the label.
func (b Builder) compile(ctx context.Context, part Part, label string) error {
	ldflags := []string{"-s", "-w"}
	if part.ldflags != nil {
		version, err := b.version(ctx, part)
		if err != nil {
			return err
		}
		for _, variable := range part.ldflags(version) {
			ldflags = append(ldflags, "-X", variable)
		}
	}

	for i, pkg := range part.Packages {
		build := progress.Build{
			Label: label + " " + part.Outputs[i], Directory: filepath.Join(b.Root, part.Module),
			Environment: environment(),
			Arguments: []string{
				"-trimpath", "-buildvcs=false", "-tags", part.Tags, "-ldflags", strings.Join(ldflags, " "),
				"-o", filepath.Join(b.Programs, part.Outputs[i]), pkg,
			},
		}
		if err := build.Run(ctx, b.Progress); err != nil {
			return err
		}
	}
	for _, name := range part.Links {
		if err := replaceLink(part.Outputs[0], filepath.Join(b.Programs, name)); err != nil {
			return err
		}
	}
	return nil
}

// version asks the module which release it pins.
func (b Builder) version(ctx context.Context, part Part) (string, error) {
	return b.goCommand(ctx, part, "list", "-m", "-f", "{{.Version}}", part.pinned)
}

// goCommand runs the go tool in the part's module. An error has what the tool printed.
func (b Builder) goCommand(ctx context.Context, part Part, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = filepath.Join(b.Root, part.Module)
	command.Env = append(os.Environ(), environment()...)
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", arguments[0], err, output)
	}
	return strings.TrimSpace(string(output)), nil
}

// environment is what every call of the go tool gets.
func environment() []string { return []string{"CGO_ENABLED=0", "GOWORK=off"} }

// key changes whenever compiling the part again would give a different result.
func (b Builder) key(part Part) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), part.Packages, part.Outputs, part.Links, part.Tags)
	folders := []string{part.Module}
	if part.Module == "." {
		folders = part.Packages // The product's own module: only these packages matter.
	}
	for _, folder := range folders {
		if err := hashSources(hash, filepath.Join(b.Root, folder)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// hashSources adds the Go files and the pinned requirements below folder.
func hashSources(hash io.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isSource(entry.Name()) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintln(hash, entry.Name(), len(content))
		_, err = hash.Write(content)
		return err
	})
}

func isSource(name string) bool {
	return slices.Contains([]string{".go", ".mod", ".sum"}, filepath.Ext(name)) && !strings.HasSuffix(name, "_test.go")
}

func (b Builder) upToDate(part Part, key string) bool {
	built, err := os.ReadFile(b.keyFile(part))
	if err != nil || string(built) != key {
		return false
	}
	for _, name := range slices.Concat(part.Outputs, part.Links) {
		if _, err := os.Stat(filepath.Join(b.Programs, name)); err != nil {
			return false
		}
	}
	return true
}

func (b Builder) keyFile(part Part) string {
	return filepath.Join(b.Programs, "."+part.Name+".key")
}

func replaceLink(target, link string) error {
	if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(target, link)
}
