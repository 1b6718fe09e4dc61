//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
)

// cniFolders is where distributions put the CNI plugins.
var cniFolders = []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"}

// tools are the host's own programs that the node runs.
type tools struct {
	runc string // absolute path
	cni  string // folder
}

// requireRoot returns an error if the machine cannot run the cluster.
func requireRoot() error {
	if os.Geteuid() != 0 {
		return errors.New(
			"the one-node cluster makes namespaces, mounts and a network link, which needs root: run it with sudo, " +
				"or use kind: make demo CLUSTER=kind",
		)
	}
	return nil
}

// findTools installs the Debian packages that are missing, once, and says where their programs are.
func findTools(ctx context.Context) (tools, error) {
	if missing := missingPackages(); len(missing) > 0 {
		if err := installPackages(ctx, missing); err != nil {
			return tools{}, err
		}
	}
	if missing := missingPackages(); len(missing) > 0 {
		return tools{}, fmt.Errorf("still missing after the installation: %s", strings.Join(missing, ", "))
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return tools{}, err
	}
	return tools{runc: runc, cni: cniFolder()}, nil
}

// missingPackages names the Debian packages whose programs are not there.
func missingPackages() []string {
	var missing []string
	for program, pkg := range map[string]string{"runc": "runc", "nft": "nftables", "ip": "iproute2", "mount": "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, pkg)
		}
	}
	if cniFolder() == "" {
		missing = append(missing, "containernetworking-plugins")
	}
	return missing
}

// cniFolder returns the first folder that holds the plugins that the node uses, or empty.
func cniFolder() string {
	for _, folder := range cniFolders {
		_, noLink := os.Stat(folder + "/ptp")
		_, noAddresses := os.Stat(folder + "/host-local")
		if noLink == nil && noAddresses == nil {
			return folder
		}
	}
	return ""
}

func installPackages(ctx context.Context, packages []string) error {
	names := strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf(
			"the cluster needs these programs, and this is not a Debian system that it could install them on: %s; "+
				"install them with your package manager",
			names,
		)
	}
	fmt.Println("installing Debian packages:", names)
	for _, arguments := range [][]string{
		{"update", "-qq"},
		append([]string{"install", "-qq", "-y", "--no-install-recommends"}, packages...),
	} {
		command := exec.CommandContext(ctx, "apt-get", arguments...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", arguments[0], err, output)
		}
	}
	return nil
}

// checkNetworkFree refuses a machine that already uses the cluster's addresses.
func checkNetworkFree() error {
	file, err := os.Open("/proc/net/route")
	if err != nil {
		return fmt.Errorf("read the routes of this machine: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Scan() // The column headings.
	for lines.Scan() {
		link, route, err := parseRoute(lines.Text())
		if err != nil {
			return fmt.Errorf("read the routes of this machine: %w", err)
		}
		if route.Bits() > 0 && route.Overlaps(netip.MustParsePrefix(clusterRange)) {
			return fmt.Errorf(
				"the cluster needs the addresses %s, and this machine routes %s to %s; "+
					"take that link down, or use kind: make demo CLUSTER=kind",
				clusterRange, route, link,
			)
		}
	}
	return lines.Err()
}

// parseRoute reads a line of /proc/net/route: the link, and the range in hexadecimal, least
// significant byte first.
func parseRoute(line string) (link string, route netip.Prefix, err error) {
	const destination, mask = 1, 7
	fields := strings.Fields(line)
	if len(fields) <= mask {
		return "", netip.Prefix{}, fmt.Errorf("%q has fewer than %d columns", line, mask+1)
	}
	address, err := hexAddress(fields[destination])
	if err != nil {
		return "", netip.Prefix{}, err
	}
	maskAddress, err := hexAddress(fields[mask])
	if err != nil {
		return "", netip.Prefix{}, err
	}
	bits, _ := net.IPMask(maskAddress.AsSlice()).Size()
	return fields[0], netip.PrefixFrom(address, bits), nil
}

func hexAddress(text string) (netip.Addr, error) {
	content, err := hex.DecodeString(text)
	if err != nil || len(content) != net.IPv4len {
		return netip.Addr{}, fmt.Errorf("%q is not an IPv4 address in hexadecimal", text)
	}
	var address [net.IPv4len]byte
	binary.BigEndian.PutUint32(address[:], binary.LittleEndian.Uint32(content))
	return netip.AddrFrom4(address), nil
}

// linkToNode connects the host to the network namespace of the node's first process.
func linkToNode(pid int) error {
	return commands(
		fmt.Sprintf("ip link add %s type veth peer name %s netns %d", hostLink, nodeLink, pid),
		fmt.Sprintf("ip address add %s%s dev %s", hostAddress, linkBits, hostLink),
		fmt.Sprintf("ip link set %s up", hostLink),
		fmt.Sprintf("ip route add %s via %s", clusterRange, nodeAddress),
	)
}

// removeLink removes the host's end of the pair. The kernel would do so too, but some moments after
// the node's last process has ended.
func removeLink() error {
	if !linkExists() {
		return nil
	}
	err := commands("ip link delete " + hostLink)
	if !linkExists() {
		return nil // The kernel was faster.
	}
	return err
}

func linkExists() bool {
	_, err := net.InterfaceByName(hostLink)
	return err == nil
}

// commands runs each line in turn and stops at the first that fails.
func commands(lines ...string) error {
	for _, line := range lines {
		words := strings.Fields(line)
		if output, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(string(output)))
		}
	}
	return nil
}
