package egress

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestAllows(t *testing.T) {
	for address, want := range map[string]struct{ none, private bool }{
		"157.240.1.53": {true, true}, "2a03:2880:f12f:83:face:b00c:0:25de": {true, true}, "8.8.8.8": {true, true},
		"::ffff:8.8.8.8": {true, true},
		"10.96.0.1":      {false, true}, "172.16.0.1": {false, true}, "172.31.255.255": {false, true},
		"192.168.1.1": {false, true}, "100.64.0.1": {false, true}, "fd00::1": {false, true},
		"::ffff:10.96.0.1": {false, true},
		"127.0.0.1":        {}, "127.1.2.3": {}, "::1": {}, "0.0.0.0": {}, "::": {}, "0.1.2.3": {},
		"169.254.169.254": {}, "fe80::1": {}, "fe80::1%eth0": {}, "fec0::1": {}, "fd00::1%eth0": {false, true},
		"::ffff:127.0.0.1": {}, "::127.0.0.1": {}, "::ffff:169.254.169.254": {},
		"224.0.0.1": {}, "ff02::1": {}, "255.255.255.255": {}, "240.0.0.1": {}, "198.18.0.1": {}, "192.0.0.170": {},
		"64:ff9b::a00:1": {}, "2002:a00:1::": {}, "2001:0:53aa:64c::": {},
		"168.63.129.16": {}, "100.100.100.200": {}, "fd00:ec2::254": {}, "fd20:ce::254": {}, "::ffff:168.63.129.16": {},
		"172.32.0.1": {true, true}, "100.128.0.1": {true, true}, "169.253.0.1": {true, true},
	} {
		none, err := Parse()
		if err != nil {
			t.Fatal(err)
		}
		private, err := Parse(Private)
		if err != nil {
			t.Fatal(err)
		}
		addr := netip.MustParseAddr(address)
		if got := none.Allows(addr); got != want.none {
			t.Errorf("without ranges %s is allowed: %t, want %t", address, got, want.none)
		}
		if got := private.Allows(addr); got != want.private {
			t.Errorf("with private ones %s is allowed: %t, want %t", address, got, want.private)
		}
	}
}

func TestParse(t *testing.T) {
	ranges, err := Parse("127.0.0.0/8", "10.1.2.3", "10.96.7.7/12", "169.254.169.254", "fd00::/8")
	const want = "127.0.0.0/8,10.1.2.3/32,10.96.0.0/12,169.254.169.254/32,fd00::/8"
	if err != nil || strings.Join(ranges.Strings(), ",") != want {
		t.Errorf("got %s, %v", ranges, err)
	}
	for address, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "10.1.2.4": false, "169.254.169.254": true, "fd00:ec2::254": false,
	} {
		if got := ranges.Allows(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is allowed: %t, want %t", address, got, want)
		}
	}
	for _, bad := range []string{"", "cluster", "10.0.0.0/33", "example.com", "fe80::1%eth0"} {
		if ranges, err := Parse(bad); err == nil || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%q gave %s, %v, want an error that says what it must be", bad, ranges, err)
		}
	}
}

// The address behind a name decides, and the ranges of the moment.
func TestDialJudgesTheAddressThatItConnectsTo(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var allowed Ranges
	dial := NewDial(func() Ranges { return allowed })
	for _, host := range []string{"127.0.0.1", "localhost"} {
		connection, err := dial(t.Context(), "tcp4", net.JoinHostPort(host, port))
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Address.String() != "127.0.0.1" {
			t.Fatalf("%s gave %v, %v, want a refusal of 127.0.0.1", host, connection, err)
		}
	}
	if allowed, err = Parse("127.0.0.0/8"); err != nil {
		t.Fatal(err)
	}
	connection, err := dial(t.Context(), "tcp4", net.JoinHostPort("localhost", port))
	if err != nil {
		t.Fatal(err)
	}
	_ = connection.Close()
}
