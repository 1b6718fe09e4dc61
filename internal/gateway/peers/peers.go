// Package peers holds what all calls to other parties have in common: their transport, the bound of
// their time, and that an error holds no address.
package peers

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/guichet-dev/guichet/internal/egress"
)

// Timeout bounds a call to the upstream, from the dial to the answer's last byte.
const Timeout = 20 * time.Second

// NewTransport returns the transport of all calls to one kind of peer. It keeps up to concurrency
// connections open between calls.
func NewTransport(concurrency int, dial egress.Dial) *http.Transport {
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
