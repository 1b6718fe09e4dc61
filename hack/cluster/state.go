//go:build linux

package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed config
var configFiles embed.FS

// prepareState makes the folders, the certificates and the configuration files of a new cluster.
func prepareState(l layout, host tools) error {
	for _, folder := range []string{
		"containerd", "etc/cni", "etcd", "kubelet", "log/pods", "tmp", "tunables", "volumes",
	} {
		if err := os.MkdirAll(l.state(folder), 0o711); err != nil {
			return fmt.Errorf("make the cluster's folders: %w", err)
		}
	}
	if err := writePKI(l.state("pki"), time.Now()); err != nil {
		return err
	}
	for name, file := range map[string]string{
		"kubelet.yaml":    "etc/kubelet.yaml",
		"kube-proxy.yaml": "etc/kube-proxy.yaml",
		"containerd.toml": "etc/containerd.toml",
		"cni.conflist":    "etc/cni/10-guichet.conflist",
		"Corefile":        "etc/Corefile",
		"addons.yaml":     "etc/addons.yaml",
	} {
		content, err := render(name, host)
		if err != nil {
			return fmt.Errorf("fill in %s: %w", name, err)
		}
		if err := os.WriteFile(l.state(file), content, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(l.state("etc/resolv.conf"), nil, 0o644); err != nil {
		return err
	}
	kubeconfig, err := os.ReadFile(l.state("pki", "admin.kubeconfig"))
	if err != nil {
		return err
	}
	return os.WriteFile(l.kubeconfig(), kubeconfig, 0o600)
}

// render fills the cluster's addresses and the host's tools into a file of the folder config.
func render(name string, host tools) ([]byte, error) {
	file, err := template.ParseFS(configFiles, "config/"+name)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	err = file.Option("missingkey=error").Execute(&content, map[string]string{
		"CNIPlugins":  host.cni,
		"NodeAddress": nodeAddress,
		"PauseImage":  pauseImage,
		"PodRange":    podRange,
		"Runc":        host.runc,
	})
	return content.Bytes(), err
}

// packPause wraps the compiled pause program into the image that every pod's sandbox runs.
func packPause(ctx context.Context, l layout) error {
	command := exec.CommandContext(ctx, "go", "run", ".", "archive",
		"--binary", l.program("pause"), "--tag", pauseImage,
		"--title", "Holds the namespaces of a pod", "--output", l.pauseArchive())
	command.Dir = filepath.Join(l.root, "hack", "image")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make the pause image: %w\n%s", err, output)
	}
	return nil
}

// lastLines returns an error with the end of the node's log, which shows why it did not start.
func lastLines(l layout) error {
	const lines = 15
	content, err := os.ReadFile(l.state("log", "node.log"))
	if err != nil {
		return err
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	return fmt.Errorf(
		"each component's log is in %s; the node's own ends with:\n%s", l.state("log"),
		strings.Join(all[max(0, len(all)-lines):], "\n"),
	)
}
