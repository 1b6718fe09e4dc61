// Package egress keeps connections to addresses that a tenant chooses out of the cluster: a base
// URL or a callback must not reach what only the platform may, such as the API server, another
// tenant's pods or the cloud's metadata. An address is judged when it is connected to, after its
// name was resolved, so that no name can stand for another address later.
package egress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Private is the word for every address of private networks, where clusters have their pods and
// Services.
const Private = "private"

// Ranges are internal addresses that may be connected to. The zero value allows none; every public
// address is always allowed.
type Ranges []netip.Prefix

// private are the ranges that Private stands for. Sources: RFC 1918, RFC 6598, RFC 4193.
var private = Ranges{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("fc00::/7"),
}

// special are ranges that netip calls global and that lead to no public host, or to another address
// within them. Source: the IANA registries of special-purpose addresses.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// metadata are where clouds serve a machine's credentials. Only an entry of the address itself
// allows one: a range that happens to hold it does not.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("fd20:ce::254"),
}

// Parse reads ranges: each is Private, or a prefix such as 10.96.0.0/12 or one address.
func Parse(texts ...string) (Ranges, error) {
	var ranges Ranges
	for _, text := range texts {
		if text == Private {
			ranges = append(ranges, private...)
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("%.64q must be %q, a range such as 10.96.0.0/12, or an address", text, Private)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		ranges = append(ranges, prefix.Masked())
	}
	return ranges, nil
}

// Allows reports whether an address may be connected to.
func (r Ranges) Allows(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if slices.Contains(metadata, addr) {
		return slices.Contains(r, netip.PrefixFrom(addr, addr.BitLen()))
	}
	within := func(p netip.Prefix) bool { return p.Contains(addr) }
	internal := !addr.IsGlobalUnicast() || addr.IsPrivate() || slices.ContainsFunc(special, within)
	return !internal || slices.ContainsFunc(r, within)
}

// Strings are the ranges as Parse reads them.
func (r Ranges) Strings() []string {
	var texts []string
	for _, prefix := range r {
		texts = append(texts, prefix.String())
	}
	return texts
}

// RefusedError says that an address may not be connected to.
type RefusedError struct{ Address netip.Addr }

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s is an internal address, which the platform does not allow: its operator's --allow-egress "+
		"says which are", e.Address)
}

// Dial opens a connection, as net.Dialer's DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// NewDial returns a Dial that connects to public addresses and to those that are allowed at that
// moment. Its error for another one is a *RefusedError.
func NewDial(allowed func() Ranges) Dial {
	dialer := &net.Dialer{
		Timeout: 5 * time.Second, KeepAlive: 30 * time.Second,
		// It is called with the address itself, once for each that the name has.
		Control: func(_, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("the address to connect to is no IP address: %w", err)
			}
			if !allowed().Allows(target.Addr()) {
				return &RefusedError{target.Addr()}
			}
			return nil
		},
	}
	return dialer.DialContext
}
