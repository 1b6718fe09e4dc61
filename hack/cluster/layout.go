//go:build linux

package main

import "path/filepath"

// The cluster's network. The host reaches all of it through one veth pair, whose far end is the
// node.
const (
	hostLink       = "guichet0"      // the host's end of the pair
	nodeLink       = "eth0"          // the node's end, in its own network namespace
	clusterRange   = "10.213.0.0/16" // everything below, and the host's route
	hostAddress    = "10.213.0.1"
	nodeAddress    = "10.213.0.2"
	linkBits       = "/30"
	podRange       = "10.213.1.0/24"
	serviceRange   = "10.213.2.0/24"
	serviceAddress = "10.213.2.1" // of the Service "kubernetes": the first of the range
)

const (
	nodeName   = "guichet"
	cgroupName = "guichet"
	pauseImage = "guichet.dev/pause:1"
	apiServer  = "https://" + nodeAddress + ":6443"
)

// Inside the node's mount namespace, where paths are short (a socket's may have 107 bytes) and the
// same for everybody.
const (
	inside         = "/run/guichet"
	insideState    = inside + "/state"
	insidePrograms = inside + "/programs"
)

// layout is where the cluster lives in the checkout.
type layout struct {
	root string // the repository's root, absolute
}

func (l layout) folder() string          { return filepath.Join(l.root, "bin", "cluster") }
func (l layout) programs() string        { return filepath.Join(l.folder(), "programs") }
func (l layout) program(n string) string { return filepath.Join(l.programs(), n) }
func (l layout) kubeconfig() string      { return filepath.Join(l.folder(), "kubeconfig") }
func (l layout) pauseArchive() string    { return filepath.Join(l.programs(), "pause.tar") }

// state holds everything that a running cluster writes. It is removed when the cluster goes down.
func (l layout) state(elements ...string) string {
	return filepath.Join(append([]string{l.folder(), "state"}, elements...)...)
}
