package progress

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func module(t *testing.T, source string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module greeter\n\ngo 1.26\n", "main.go": source} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRunTellsHowLongItTook(t *testing.T) {
	root := module(t, "package main\n\nfunc main() {}\n")
	var out bytes.Buffer
	build := Build{
		Label: "[1/1] compiling greeter", Directory: root, Environment: []string{"GOWORK=off"},
		Arguments: []string{"-o", filepath.Join(root, "greet"), "."},
	}
	if err := build.Run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !regexp.MustCompile(`^\[1/1\] compiling greeter \.\.\. \d+ s\n$`).MatchString(got) {
		t.Errorf("it printed %q", got)
	}
	if _, err := os.Stat(filepath.Join(root, "greet")); err != nil {
		t.Error(err)
	}
}

func TestRunSaysWhatTheCompilerSaid(t *testing.T) {
	var out bytes.Buffer
	build := Build{Label: "compiling", Directory: module(t, "package main\n\nfunc main() { nosuch() }\n")}
	err := build.Run(t.Context(), &out)
	if err == nil || !strings.Contains(err.Error(), "undefined: nosuch") {
		t.Errorf("error = %v, want the compiler's", err)
	}
	if got := out.String(); got != "compiling ... failed\n" {
		t.Errorf("it printed %q", got)
	}
}

// Paths of packages are counted, and everything else is what went wrong.
func TestPackagesAreToldApart(t *testing.T) {
	const printed = "internal/abi\nexample.org/shop\n# example.org/shop\n./main.go:3:15: undefined: nosuch\n"
	for name, tc := range map[string]struct {
		live bool
		want string
	}{
		"a file":     {false, "\n      1m30s, 2 packages, now example.org/shop ... "},
		"a terminal": {true, "\rcompiling ... 1m30s, 2 packages, now example.org/shop\x1b[K"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			teller := &teller{out: &out, label: "compiling", live: tc.live}
			said := teller.read(strings.NewReader(printed))
			if want := "# example.org/shop\n./main.go:3:15: undefined: nosuch"; said != want {
				t.Errorf("the compiler said %q, want %q", said, want)
			}
			teller.tell(90*time.Second + 300*time.Millisecond)
			if got := out.String(); got != tc.want {
				t.Errorf("it told %q, want %q", got, tc.want)
			}
		})
	}
}
