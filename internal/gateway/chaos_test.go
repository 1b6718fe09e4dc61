package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// TestP2P12FaultyUpstreamSettlesEveryMessageOnce lets the upstream err, drop connections before and
// after it took a message, repeat and reorder its webhooks, and holds its own record against the
// report. What was given up in doubt, and never reached the upstream, keeps its reservation (P3).
func TestP2P12FaultyUpstreamSettlesEveryMessageOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Doubt.WaitSeconds = 1 })
		w.control(http.MethodPut, "knobs", `{"duplicateRate":0.3,"reorderRate":0.3,"reorderWithin":"50ms"}`)
		for _, fault := range []string{
			`{"code":131016,"rate":0.05}`, `{"code":131026,"rate":0.05}`, `{"code":131026,"async":true,"rate":0.05}`,
			`{"effect":"dropBefore","rate":0.05}`, `{"effect":"dropAfter","rate":0.05}`,
		} {
			w.control(http.MethodPost, "faults", fault)
		}
		const messages, customers = 300, 60
		ids := make(chan string, messages)
		var senders sync.WaitGroup
		for sender := range 6 {
			senders.Go(func() {
				for n := range messages / 6 {
					got := w.send(templateTo(fmt.Sprintf("+336123%05d", (sender*50+n)%customers), "parcel_ready"))
					if got.status != http.StatusOK {
						t.Errorf("a send got %d %s", got.status, got.body)
					}
					ids <- got.id
				}
			})
		}
		senders.Wait()
		close(ids)
		w.until("nothing is open any more", func() bool {
			r := w.report()
			return r.Queues.Outbound == 0 && r.Queues.Unsettled == 0 && r.Period.InDoubt == 0
		})
		if err := w.sim.WaitIdle(context.Background()); err != nil {
			t.Fatal(err)
		}
		counts := w.sim.Counts()
		r := w.settled(messages)
		delivered := int64(counts.Delivered)
		if r.Period.Messages != messages || r.Period.Charged != delivered {
			t.Fatalf(
				"%d settled and %d charged; want %d and %d", r.Period.Messages, r.Period.Charged, messages, delivered,
			)
		}
		times := map[string]int{}
		for _, m := range w.sim.Messages(simulator.MessageFilter{}) {
			times[m.CallbackData]++
		}
		var kept int64
		for id := range ids {
			if times[id] > 1 {
				t.Errorf("message %s was sent %d times", id, times[id])
			}
			if times[id] == 0 && strings.Contains(
				w.logs.String(), `"msg":"Message in doubt is given up","message":"`+id+`"`,
			) {
				kept++
			}
		}
		if want, err := usd("0.03").Amount.MulInt(kept); err != nil || r.Period.Reserved.Amount != want {
			t.Errorf(
				"%s reserved; want %s, of %d messages that were given up and may be there for all that the gateway "+
					"knows",
				r.Period.Reserved, want, kept,
			)
		}
		t.Logf("%d messages: %d delivered, %d failed; %d refusals, %d dropped connections, %d repeated updates",
			messages, counts.Delivered, messages-counts.Delivered, len(counts.Refused), counts.Dropped,
			counts.Duplicates)
	})
}
