package cli

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

func TestVersionNamesReleaseAndPlatform(t *testing.T) {
	want := fmt.Sprintf("guichet dev (%s, %s/%s)\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, arguments := range [][]string{{"version"}, {"--version"}} {
		var out bytes.Buffer
		command := New()
		command.SetOut(&out)
		command.SetArgs(arguments)
		if err := command.Execute(); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("%v: got %q, want %q", arguments, got, want)
		}
	}
}
