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
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// TestP2P12FaultyUpstreamSettlesEveryMessageOfAPageOnce is the fault run of pages: the upstream
// errs, drops connections before and after it took a message, repeats and reorders its webhooks,
// and tells of deliveries by instants alone. What it has is charged once; nothing is sent twice.
func TestP2P12FaultyUpstreamSettlesEveryMessageOfAPageOnce(t *testing.T) {
	t.Parallel()
	for name, knobs := range map[string]string{
		"with ids":       `{"duplicateRate":0.3,"reorderRate":0.3,"reorderWithin":"50ms"}`,
		"instants alone": `{"duplicateRate":0.3,"reorderRate":0.3,"reorderWithin":"50ms","noMessageIDs":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t), func(d *config.Document) { d.Doubt.WaitSeconds = 5 })
				const messages, customers = 300, 60
				people := make([]string, customers)
				for i := range people {
					acted, err := w.sim.Pages().Act(fmt.Sprintf("p%d", i), pages.Act{To: pageID, Text: "hello"})
					if err != nil {
						t.Fatal(err)
					}
					people[i] = acted.Person
				}
				w.until("all have been heard", func() bool {
					return strings.Count(strings.Join(w.business.received(pageID), ""), `"text":"hello"`) == customers
				})
				w.control(http.MethodPut, "knobs", knobs)
				for _, fault := range []string{
					`{"code":1200,"rate":0.05}`, `{"code":551,"rate":0.05}`,
					`{"effect":"dropBefore","rate":0.05}`, `{"effect":"dropAfter","rate":0.05}`,
				} {
					w.control(http.MethodPost, "faults", fault)
				}
				ids := make(chan string, messages)
				var senders sync.WaitGroup
				for sender := range 6 {
					senders.Go(func() {
						for n := range messages / 6 {
							to := people[(sender*50+n)%customers]
							got := w.sendFrom(pageID, messageTo(to, fmt.Sprintf("%d-%d", sender, n)))
							if got.status != http.StatusOK {
								t.Errorf("a send got %d %s", got.status, got.body)
							}
							ids <- got.id
						}
					})
				}
				senders.Wait()
				close(ids)
				if err := w.sim.WaitIdle(context.Background()); err != nil {
					t.Fatal(err)
				}
				w.until("nothing is open any more", func() bool {
					r := w.report()
					return r.Queues.Outbound == 0 && r.Queues.Unsettled == 0 && r.Period.InDoubt == 0
				})
				times := map[string]int{}
				for _, m := range w.sim.Messages(simulator.MessageFilter{}) {
					times[m.CallbackData]++
				}
				var taken int64
				for id := range ids {
					if times[id] > 1 {
						t.Errorf("message %s was sent %d times", id, times[id])
					}
					if times[id] == 1 {
						taken++
					}
					if times[id] == 0 && strings.Contains(w.logs.String(), `"Message delivered after it was given `+
						`up","message":"`+id) {
						t.Errorf("message %s was settled as delivered and never sent", id)
					}
				}
				r := w.settled(messages)
				if r.Period.Messages != messages || r.Period.Charged != taken {
					t.Fatalf(
						"%d settled and %d charged; want %d and %d",
						r.Period.Messages, r.Period.Charged, messages, taken,
					)
				}
			})
		})
	}
}
