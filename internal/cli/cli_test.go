package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	samples  = "../../config/samples/"
	whatsapp = samples + "pricingplan_whatsapp.yaml"
	october  = "testdata/october.jsonl"
	baseCSV  = "../ratecard/testdata/base-rates.csv"
	tiersCSV = "../ratecard/testdata/tiers.csv"
)

// run runs the program and returns what it printed.
func run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	command := New()
	command.SetArgs(arguments)
	command.SetOut(&out)
	command.SetErr(&out)
	err := command.Execute()
	return out.String(), err
}

// write puts a file into a directory of the test.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
