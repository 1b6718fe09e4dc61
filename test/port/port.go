// Package port finds addresses for servers that are programs of their own, and that tests start and
// restart.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports that a kernel does not assign by itself, neither to a listener on port 0 nor to an outgoing
// connection: Linux begins at 32768, others later. A chosen port stays free until its program
// starts, and while it restarts, whatever other tests open in the meantime.
const (
	first = 20_000
	last  = 32_767
)

// Free returns n loopback addresses, each host:port, that nothing listens on now. It fails if
// hardly any port is free.
func Free(n int) ([]string, error) {
	const attempts = 100 // more than n
	addresses := make([]string, 0, n)
	var err error
	for range attempts {
		var listener net.Listener
		listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(last-first+1))))
		if err != nil {
			continue
		}
		defer listener.Close()
		if addresses = append(addresses, listener.Addr().String()); len(addresses) == n {
			return addresses, nil
		}
	}
	return nil, fmt.Errorf(
		"only %d of %d free ports were found between %d and %d: %w", len(addresses), n, first, last, err,
	)
}
