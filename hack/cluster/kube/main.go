// Command kube is every Kubernetes program of the development cluster in one binary: the API
// server, the controller manager, the scheduler, the kubelet, kube-proxy, kubectl, and the
// cluster's own volume provisioner.
//
// It picks the program by the name it is called under (a symbolic link named kube-apiserver, say)
// or else by its first argument. One binary shares one copy of the packages they have in common:
// 130 MB instead of 500.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // The --logging-format=json of every component.
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // The client metrics of every component.
	_ "k8s.io/component-base/metrics/prometheus/version"  // The kubernetes_build_info metric.
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"github.com/guichet-dev/guichet/hack/cluster/kube/provisioner"
)

func main() {
	commands := map[string]func() int{
		"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
		"kube-controller-manager": func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
		"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
		"kubelet":                 func() int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
		"kube-proxy":              func() int { return cli.Run(proxy.NewProxyCommand()) },
		"volume-provisioner": func() int {
			return cli.Run(
				provisioner.NewCommand(genericapiserver.SetupSignalContext()),
			)
		},
		"kubectl": runKubectl,
	}

	name := filepath.Base(os.Args[0])
	if _, known := commands[name]; !known && len(os.Args) > 1 {
		name = os.Args[1]
		os.Args = os.Args[1:]
	}
	run, known := commands[name]
	if !known {
		fmt.Fprintf(
			os.Stderr, "kube: no program is called %q; there are: %s\n", name,
			strings.Join(slices.Sorted(maps.Keys(commands)), ", "),
		)
		os.Exit(2)
	}
	os.Exit(run())
}

// runKubectl prints errors as kubectl does, instead of as a component would.
func runKubectl() int {
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
	return 0
}
