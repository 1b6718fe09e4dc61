//go:build !linux

// Command cluster runs a real Kubernetes on one Linux machine.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "cluster: the one-node cluster needs Linux; elsewhere use kind: make demo CLUSTER=kind")
	os.Exit(1)
}
