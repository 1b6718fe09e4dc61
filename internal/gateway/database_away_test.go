package gateway

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/report"
)

// relay stands between a gateway and its database, and can be cut or held up.
type relay struct {
	t        *testing.T
	address  string
	to       string
	listener net.Listener

	mu    sync.Mutex
	pipes []net.Conn
	// gate is held while nothing passes.
	gate sync.RWMutex
}

// relayTo returns a relay to the database of a URL, and the URL that leads through it.
func relayTo(t *testing.T, database string) (r *relay, through string) {
	t.Helper()
	location, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	r = &relay{t: t, to: location.Host, address: "127.0.0.1:0"}
	r.restore()
	r.address = r.listener.Addr().String()
	location.Host = r.address
	t.Cleanup(r.cut)
	return r, location.String()
}

// restore takes connections again.
func (r *relay) restore() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.listener = listener
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", r.to)
			if err != nil {
				_ = near.Close()
				continue
			}
			r.mu.Lock()
			r.pipes = append(r.pipes, near, far)
			r.mu.Unlock()
			go r.pass(near, far)
			go r.pass(far, near)
		}
	}()
}

// pass copies what arrives while the gate is open.
func (r *relay) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		r.gate.RLock()
		_, failed := to.Write(buffer[:n])
		r.gate.RUnlock()
		if err != nil || failed != nil {
			_ = to.Close()
			return
		}
	}
}

// cut ends every connection and takes no new one, as a server that has gone.
func (r *relay) cut() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, pipe := range r.pipes {
		_ = pipe.Close()
	}
	r.pipes = nil
}

// The database goes away while the gateway serves, or hangs: readiness and the report follow,
// nothing is acknowledged meanwhile, and all of it is as before when it is back.
func TestP1DatabaseThatGoesAwayIsReportedUntilItIsBack(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ begin, end func(*relay) }{
		"it is gone": {(*relay).cut, (*relay).restore},
		"it hangs":   {func(r *relay) { r.gate.Lock() }, func(r *relay) { r.gate.Unlock() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, through := relayTo(t, postgrestest.Database(t))
			w := newWorld(t, onDatabase(through), func(d *config.Document) { d.Callback = nil })
			w.accepted(templateTo(ana, "parcel_ready"))
			before := w.settled(1)

			fault.begin(database)
			w.until("the gateway is not ready", func() bool { return w.readiness() == http.StatusServiceUnavailable })
			var r report.Report
			w.until("the report says why", func() bool { r = w.report(); return r.StoreOutage != nil })
			if r.StoreOutage.Cause != report.StoreUnreachable || r.StoreOutage.Since.IsZero() || r.Period.Name != "" {
				t.Errorf("the report says %+v and period %q, want that it cannot be reached and no figures",
					r.StoreOutage, r.Period.Name)
			}
			if len(r.Channels) == 0 || r.Channels[0].Webhooks != nil {
				t.Errorf("of the channels it says %+v, want that nothing is known of webhooks", r.Channels)
			}
			if got := w.send(templateTo(ana, "parcel_ready")); got.status != http.StatusServiceUnavailable {
				t.Errorf("a send got %d %s, want 503", got.status, got.body)
			}
			if got := w.webhook(w.inbound(phoneID, ana, "wamid.1", "hello"), appSecret); got.status !=
				http.StatusServiceUnavailable {
				t.Errorf("a webhook got %d %s, want 503", got.status, got.body)
			}

			fault.end(database)
			w.becomesReady()
			w.until("the outage is over", func() bool { r = w.report(); return r.StoreOutage == nil })
			if r.Ledger != before.Ledger || r.Period.Billed != before.Period.Billed {
				t.Errorf("the ledger is at %+v with %s, want %+v with %s", r.Ledger, r.Period.Billed, before.Ledger,
					before.Period.Billed)
			}
			w.until("sends are accepted", func() bool {
				return w.send(templateTo(ana, "parcel_ready")).status == http.StatusOK
			})
			w.settled(2)
		})
	}
}

// readiness is the status of /readyz; 0 if there was no answer.
func (w *world) readiness() int {
	response, err := w.client.Get(w.metrics + "/readyz")
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}
