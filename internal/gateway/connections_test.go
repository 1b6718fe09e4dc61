package gateway

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/connections"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

// The gateway's own API holds 2,000 connections, and a business that comes then is served.
func TestGatewayBoundsItsConnections(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, gatewaytest.Loopback())
	stranger := func() net.Conn {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(w.api, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	first := stranger()
	for range connections.Max + 100 {
		stranger()
	}
	w.accepted(templateTo(ana, "parcel_ready"))
	if err := first.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the stranger who has waited longest is still connected: %v", err)
	}
	w.settled(1)
}
