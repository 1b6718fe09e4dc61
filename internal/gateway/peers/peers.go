// Package peers holds what all calls to other parties have in common: their transport, the bound of
// their time, and that an error holds no address.
package peers

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Timeout bounds a call to the upstream, from the dial to the answer's last byte.
const Timeout = 20 * time.Second

// Dial opens a connection, as net.Dialer's DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// NewTransport returns the transport of all calls to one kind of peer. It keeps up to concurrency
// connections open between calls. A nil dial is that of the machine's network.
func NewTransport(concurrency int, dial Dial) *http.Transport {
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dial,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConns:          concurrency,
		MaxIdleConnsPerHost:   concurrency,
		IdleConnTimeout:       60 * time.Second,
		ResponseHeaderTimeout: Timeout,
	}
}

// WithoutAddress drops the address from a failed call: its query may hold a secret.
func WithoutAddress(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}
