package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTheFirstBuildIsShort: go run ./cmd/guichet dev is what a newcomer waits for. Kubernetes'
// types and its client were more than a quarter of what it built.
func TestTheFirstBuildIsShort(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(output))
	if len(packages) < 50 {
		t.Fatalf("only %d packages are listed", len(packages))
	}
	for _, name := range packages {
		for _, heavy := range []string{
			"k8s.io/api/", "k8s.io/client-go/", "k8s.io/cli-runtime/", "sigs.k8s.io/controller-runtime/",
		} {
			if strings.HasPrefix(name, heavy) {
				t.Errorf("cmd/guichet links %s; what needs it belongs into a program of its own", name)
			}
		}
	}
}
