//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// firstProcess is the command under which this program starts itself as the first process of
	// the node's namespaces.
	firstProcess = "first-process"
	// linked is what the host writes when the node's network link is there.
	linked = 'L'
)

// tunables are the kernel settings that the kubelet requires, with their values.
//
// It would change them for the whole machine. Instead it finds files with these values in their
// place.
var tunables = map[string]int{
	"vm/overcommit_memory":      1,
	"vm/panic_on_oom":           0,
	"kernel/panic":              10,
	"kernel/panic_on_oops":      1,
	"kernel/keys/root_maxkeys":  1000000,
	"kernel/keys/root_maxbytes": 25000000,
}

// runNode is the node's first process: it furnishes the namespaces, starts the components, and
// watches them until it is killed. Its working directory is the cluster's folder in the checkout.
func runNode() error {
	if os.Getpid() != 1 {
		return errors.New("first-process is for the cluster itself; use: cluster up")
	}
	signal, err := io.ReadAll(io.LimitReader(os.Stdin, 1))
	if err != nil || len(signal) != 1 || signal[0] != linked {
		return errors.New("the host ended before the node's network was there")
	}
	for _, step := range []func() error{furnishMounts, furnishNetwork, furnishTunables} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := os.Chdir(insideState); err != nil {
		return err
	}
	for variable, value := range map[string]string{
		"PATH":         insidePrograms + ":/usr/sbin:/usr/bin:/sbin:/bin",
		"TMPDIR":       insideState + "/tmp",
		"KUBECACHEDIR": insideState + "/kubectl",
	} {
		if err := os.Setenv(variable, value); err != nil {
			return err
		}
	}
	return startComponents()
}

// furnishMounts puts empty folders in memory over those that the components would write to, and
// mounts the cluster's own at short paths.
func furnishMounts() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("separate the node's mounts from the host's: %w", err)
	}
	// Held open, so that they can be shown again even if the checkout itself is below one of the
	// hidden folders.
	shown := map[string]*os.File{}
	for path, name := range map[string]string{insideState: "state", insidePrograms: "programs"} {
		folder, err := os.Open(name)
		if err != nil {
			return err
		}
		defer folder.Close()
		shown[path] = folder
	}
	if err := syscall.Mount(
		"proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, "",
	); err != nil {
		return fmt.Errorf("show the node's own processes in /proc: %w", err)
	}
	for _, hidden := range []string{"/run", "/var/lib", "/var/log"} {
		if err := syscall.Mount("tmpfs", hidden, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
			return fmt.Errorf("hide %s: %w", hidden, err)
		}
	}
	for path, folder := range shown {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		source := "/proc/self/fd/" + strconv.Itoa(int(folder.Fd()))
		if err := syscall.Mount(source, path, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("show %s at %s: %w", folder.Name(), path, err)
		}
	}
	return nil
}

func furnishNetwork() error {
	if err := syscall.Sethostname([]byte(nodeName)); err != nil {
		return fmt.Errorf("name the node: %w", err)
	}
	if err := commands(
		"ip link set lo up",
		fmt.Sprintf("ip address add %s%s dev %s", nodeAddress, linkBits, nodeLink),
		fmt.Sprintf("ip link set %s up", nodeLink),
		fmt.Sprintf("ip route add default via %s", hostAddress),
	); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

func furnishTunables() error {
	for name, value := range tunables {
		file := filepath.Join(insideState, "tunables", filepath.Base(name))
		if err := os.WriteFile(file, []byte(strconv.Itoa(value)+"\n"), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(file, "/proc/sys/"+name, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("stand in for the kernel setting %s: %w", name, err)
		}
	}
	return nil
}
