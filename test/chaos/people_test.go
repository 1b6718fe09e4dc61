//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/test/rig"
)

const (
	writers   = 200 // customers who write
	strangers = 300 // customers who never do
)

// writer returns a customer who writes. All are of one market, so that it does not matter whose
// messages use up the allowance.
func writer(n int) string { return fmt.Sprintf("33612%06d", n) }

// stranger returns a customer who never writes, in one of ten countries.
func stranger(n int) string {
	countries := []string{
		"4915112%06d", "447700%06d", "5511987%06d", "919812%06d", "628120%06d", "234803%06d", "278201%06d", "14155%06d",
		"393331%06d", "971501%06d",
	}
	return fmt.Sprintf(countries[n%len(countries)], n)
}

// phones are the customers' phones.
type phones struct {
	run *run

	mu    sync.Mutex
	wrote []event
}

// event is a line of recorded traffic, as guichet rate reads it.
type event struct {
	Time     time.Time `json:"time"`
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Channel  string    `json:"channel,omitempty"`
	Customer string    `json:"customer,omitempty"`
	Kind     string    `json:"kind,omitempty"`
	Category string    `json:"category,omitempty"`
	Status   string    `json:"status,omitempty"`
}

func newPhones(r *run) *phones { return &phones{run: r} }

// openWindows has every writer write to both numbers, and waits until the gateway knows.
func (p *phones) openWindows() {
	for n := range writers {
		for _, number := range rig.PhoneNumberIDs() {
			p.message(writer(n), number)
		}
	}
	gomega.NewWithT(p.run.t).Eventually(func() int64 {
		r, err := p.run.gateway.Report(context.Background())
		if err != nil {
			return -1
		}
		return r.OpenWindows
	}, "30s", "50ms").Should(gomega.Equal(int64(2 * writers)))
}

// write has one writer after the other write until ctx is done.
func (p *phones) write(ctx context.Context) {
	random := p.run.settings.random(actorPhones)
	for pause(ctx, between(random, 50*time.Millisecond, 300*time.Millisecond)) {
		p.message(writer(random.IntN(writers)), rig.PhoneNumberIDs()[random.IntN(2)])
	}
}

func (p *phones) message(from, number string) {
	at := time.Now()
	id, err := p.run.sim.Write(from, simulator.Inbound{To: number, Text: "Where is my parcel?", Timestamp: &at})
	if err != nil {
		p.run.t.Error(err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrote = append(p.wrote, event{Time: at, Type: "inbound", ID: id, Channel: number, Customer: from, Kind: "text"})
}

// business is the business's own endpoint. Now and then it is out of order.
type business struct {
	server     *httptest.Server
	outOfOrder int

	mu       sync.Mutex
	requests int
	forged   int
	ended    map[string]string // the last word on each message: delivered, read or failed
	reasons  map[string]int    // the code of each failure
	told     map[string]bool   // customers' messages, by id
}

func newBusiness(t *testing.T, outOfOrder int) *business {
	t.Helper()
	b := &business{
		outOfOrder: outOfOrder, ended: map[string]string{}, reasons: map[string]int{}, told: map[string]bool{},
	}
	b.server = httptest.NewServer(http.HandlerFunc(b.take))
	t.Cleanup(b.server.Close)
	return b
}

func (b *business) callback() *config.Callback {
	return &config.Callback{URL: b.server.URL, Secret: rig.CallbackSecret}
}

func (b *business) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if err != nil || b.outOfOrder > 0 && b.requests%b.outOfOrder == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	webhook, err := webhook.Parse(body)
	if err != nil || !graph.VerifySignature(body, r.Header.Get(graph.SignatureHeader), rig.CallbackSecret) {
		b.forged++
		w.WriteHeader(http.StatusForbidden)
		return
	}
	for _, change := range webhook.Changes {
		for _, m := range change.Messages {
			b.told[m.ID] = true
		}
		for _, s := range change.Statuses {
			b.note(s)
		}
	}
}

func (b *business) note(s webhook.Status) {
	switch s.Status {
	case webhook.StatusDelivered, webhook.StatusRead:
		b.ended[s.ID] = webhook.StatusDelivered // a read message was delivered
	case webhook.StatusFailed:
		if b.ended[s.ID] == "" {
			b.ended[s.ID] = webhook.StatusFailed
		}
		if len(s.Errors) > 0 {
			b.reasons[s.ID] = s.Errors[0].Code
		}
	}
}

// quiet logs nothing.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
