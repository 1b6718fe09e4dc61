package gateway

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// upstreamTimeout bounds a call to the upstream, from the dial to the answer's last byte.
const upstreamTimeout = 20 * time.Second

// newTransport is the transport of all calls to one kind of peer. It keeps up to concurrency
// connections open between calls.
func newTransport(concurrency int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConns:          concurrency,
		MaxIdleConnsPerHost:   concurrency,
		IdleConnTimeout:       60 * time.Second,
		ResponseHeaderTimeout: upstreamTimeout,
	}
}

// withoutAddress drops the address from a failed call: its query may hold a secret.
func withoutAddress(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}
