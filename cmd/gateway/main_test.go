package main

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
)

func TestLinksNoKubernetesPackage(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(output))
	if len(packages) < 50 {
		t.Fatalf("only %d packages are listed", len(packages))
	}
	for _, name := range packages {
		if strings.HasPrefix(name, "k8s.io/") || strings.HasPrefix(name, "sigs.k8s.io/") {
			t.Errorf("the gateway links %s", name)
		}
	}
}

func TestHelpNamesEveryFlagAndBadFlagsAreErrors(t *testing.T) {
	var output bytes.Buffer
	if err := run(context.Background(), []string{"--nonsense"}, &output); err == nil {
		t.Fatal("an unknown flag is no error")
	}
	for _, flag := range []string{
		"-config", "-keys", "-data", "-listen-api", "-listen-metrics", "-listen-report", "-log-level",
	} {
		if !strings.Contains(output.String(), flag) {
			t.Errorf("the usage does not name %s", flag)
		}
	}
}

func TestMissingKeysEndTheProgramWithTheirName(t *testing.T) {
	directory := t.TempDir()
	err := run(context.Background(), []string{
		"--config", directory, "--keys", directory, "--data", directory,
		"--listen-api", "127.0.0.1:0", "--listen-metrics", "127.0.0.1:0", "--listen-report", "127.0.0.1:0",
	}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "keyset.json is missing in "+directory) {
		t.Fatalf("got %v, want the missing file", err)
	}
}
