// Package parts compiles the programs of the development cluster, each from a pinned module, and
// keeps them until their sources change.
package parts

import (
	"fmt"
	"strings"
)

// Part is one compilation: a module below hack/cluster, and the programs that it builds.
type Part struct {
	Name     string
	Module   string   // folder of the module, relative to the repository's root
	Packages []string // main packages to compile, as seen from the module
	Outputs  []string // file names of the programs, in the order of Packages
	Links    []string // further names for the first program
	Tags     string   // build tags

	pinned  string                                    // module whose version the programs report
	ldflags func(version string) (variables []string) // variables that carry that version, as "path=value"
}

// All returns every part, the one that takes longest first.
func All() []Part {
	return []Part{
		{
			Name:     "kubernetes",
			Module:   "hack/cluster/kube",
			Packages: []string{"."},
			Outputs:  []string{"kube"},
			Links: []string{
				"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl",
				"volume-provisioner",
			},
			pinned:  "k8s.io/kubernetes",
			ldflags: kubernetesVersion,
		},
		{
			Name:     "etcd",
			Module:   "hack/cluster/etcd",
			Packages: []string{"go.etcd.io/etcd/server/v3"},
			Outputs:  []string{"etcd"},
			pinned:   "go.etcd.io/etcd/server/v3",
		},
		{
			Name:   "containerd",
			Module: "hack/cluster/containerd",
			Packages: []string{
				"github.com/containerd/containerd/v2/cmd/containerd",
				"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
				"github.com/containerd/containerd/v2/cmd/ctr",
			},
			Outputs: []string{"containerd", "containerd-shim-runc-v2", "ctr"},
			Tags:    "no_btrfs no_zfs no_devmapper", // They need C libraries, and nothing here uses them.
			pinned:  "github.com/containerd/containerd/v2",
			ldflags: containerdVersion,
		},
		{
			Name:     "coredns",
			Module:   "hack/cluster/coredns",
			Packages: []string{"."},
			Outputs:  []string{"coredns"},
			pinned:   "github.com/coredns/coredns",
		},
		{
			Name:     "pause",
			Module:   ".",
			Packages: []string{"./hack/cluster/pause"},
			Outputs:  []string{"pause"},
		},
	}
}

// Select returns the parts with the given names, in the order of All; all of them when there are no
// names.
func Select(names []string) ([]Part, error) {
	if len(names) == 0 {
		return All(), nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var selected []Part
	var known []string
	for _, part := range All() {
		known = append(known, part.Name)
		if wanted[part.Name] {
			selected = append(selected, part)
			delete(wanted, part.Name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("no part of the cluster is called %q; there are: %s", name, strings.Join(known, ", "))
	}
	return selected, nil
}

// kubernetesVersion stamps the release into every component: without it they call themselves
// v0.0.0-master.
func kubernetesVersion(version string) []string {
	numbers := strings.Split(strings.TrimPrefix(version, "v"), ".")
	const variables = "k8s.io/component-base/version."
	return []string{
		variables + "gitVersion=" + version,
		variables + "gitMajor=" + numbers[0],
		variables + "gitMinor=" + numbers[1],
	}
}

func containerdVersion(version string) []string {
	return []string{"github.com/containerd/containerd/v2/version.Version=" + version}
}
