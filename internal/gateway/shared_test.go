package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
)

func onDatabase(database string) func(*config.Document) {
	return func(d *config.Document) { d.Storage = config.Storage{Type: config.StorageShared, URL: database} }
}

// another is a second replica of the account, beside the one that newWorld has started.
func (w *world) another() *world {
	w.t.Helper()
	second := *w
	second.logs = &lockedBuffer{}
	second.serveOn(Listeners{API: w.network.Listen(w.t), Metrics: w.network.Listen(w.t), Report: w.network.Listen(w.t)})
	second.start()
	return &second
}

func TestP2P3ReplicasServeOneAccountWithinOneBudget(t *testing.T) {
	t.Parallel()
	const sends, customers, affordable = 90, 15, 33 // 0.99 of 1.00 USD
	first := newWorld(t, onDatabase(postgrestest.Database(t)), func(d *config.Document) {
		d.Budget = &config.Budget{Limit: usd("1.00"), Action: "Block"}
	})
	replicas := []*world{first, first.another()}
	var accepted sync.Map
	var refused atomic.Int64
	var senders sync.WaitGroup
	for sender := range 6 {
		senders.Go(func() {
			w := replicas[sender%2]
			for n := range sends / 6 {
				got := w.send(templateTo(fmt.Sprintf("+336123%05d", (sender*15+n)%customers), "parcel_ready"))
				switch {
				case got.status == http.StatusOK:
					accepted.Store(got.id, true)
				case got.code == 131042:
					refused.Add(1)
				default:
					t.Errorf("a send got %d %s", got.status, got.body)
				}
			}
		})
	}
	senders.Wait()
	if got := refused.Load(); got != sends-affordable {
		t.Errorf("%d sends were refused; want %d", got, sends-affordable)
	}
	for _, w := range replicas {
		r := w.settled(affordable)
		if r.Period.Billed != usd("0.99") || !r.Period.Reserved.Amount.IsZero() {
			t.Errorf(
				"a replica reports %s billed and %s reserved; want 0.99 and nothing", r.Period.Billed,
				r.Period.Reserved,
			)
		}
	}
	times := map[string]int{}
	for _, m := range first.sim.Messages(simulator.MessageFilter{}) {
		times[m.CallbackData]++
	}
	accepted.Range(func(id, _ any) bool {
		if times[id.(string)] != 1 {
			t.Errorf("message %s was sent %d times", id, times[id.(string)])
		}
		return true
	})
}

// Two replicas send to one customer what one could, and not twice as much.
func TestReplicasShareAPairsLimit(t *testing.T) {
	t.Parallel()
	const sends, atLeast = 120, 34 // one replica's own part, and what they share
	first := newWorld(t, onDatabase(postgrestest.Database(t)))
	replicas := []*world{first, first.another()}
	began := first.clock.Now()
	for n := range sends {
		replicas[n%2].accepted(templateTo(ana, "parcel_ready"))
	}
	const goesNow = `SELECT 1 FROM guichet_8a0e6f1c_62bb_4b5f_9d4b_3a1f5f9f0001.messages ` +
		`WHERE state = 1 OR state = 0 AND ready_at <= `
	first.until("the burst is sent and the rest waits", func() bool {
		underWay, err := postgrestest.Changed(
			first.document.Storage.URL, goesNow+strconv.FormatInt(first.clock.Now().UnixMilli(), 10),
		)
		if err != nil {
			t.Fatal(err)
		}
		return underWay == 0 && first.sim.Counts().Accepted >= atLeast
	})
	if sent, most := first.sim.Counts().Accepted, pairBurst+int(
		first.clock.Now().Sub(began)/pairInterval,
	); sent > most {
		t.Errorf("%d messages left; want %d at most", sent, most)
	}
}

// A number is new, and only one replica knows it yet: what the other one is told of its messages is
// told again, and the delivery is billed (P2).
func TestP2StatusOfANumberThatOnlyAnotherReplicaKnowsIsToldAgain(t *testing.T) {
	t.Parallel()
	g := resting(t, noonClock(), onDatabase(postgrestest.Database(t)))
	now := g.config.Tenant()
	id, err := accept(t, g, now, secondPhone, templateTo(ana, "parcel_ready"))
	if err != nil {
		t.Fatal(err)
	}
	behind, err := tenantOf(t, func(d *config.Document) { d.Channels = d.Channels[:1] })
	if err != nil {
		t.Fatal(err)
	}
	tell := func(to *served.Tenant, status, id string) error {
		webhook := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"field":"messages","value":{
			"messaging_product":"whatsapp","metadata":{"phone_number_id":%q},"statuses":[{"id":"wamid.upstream","status":%q,"timestamp":%q,"recipient_id":%q,
			"biz_opaque_callback_data":%q}]}}]}]}`, waba, secondPhone, status, unixSeconds(g.store.Now()), ana, id)
		return g.intake.Take(t.Context(), to, webhook, appSecret)
	}
	if err := tell(behind, "delivered", id); err == nil {
		t.Error("the replica that does not know the number yet has taken the delivery, and lost it")
	}
	if err := tell(behind, "delivered", id+"-of-somebody-else"); err != nil {
		t.Errorf("a status of somebody else's message got %v; want it ignored", err)
	}
	if err := tell(now, "delivered", id); err != nil {
		t.Fatal(err)
	}
	if got := storedState(t, g, id); got != store.Delivered {
		t.Errorf("the message is %s, want delivered", got)
	}
	if err := tell(behind, "read", id); err != nil {
		t.Errorf("the status of a settled message got %v; want it ignored", err)
	}
}

// A replica that was paused with a callback in its hands does not deliver it once another replica
// has: the customer's callbacks stay in order.
func TestCallbackOfALostLeaseIsNotDeliveredLate(t *testing.T) {
	t.Parallel()
	endpoint := newBusiness(t, gatewaytest.Loopback())
	database := postgrestest.Database(t)
	g := resting(
		t, noonClock(), onDatabase(database),
		func(d *config.Document) { d.Callback.URL = endpoint.server.URL },
	)
	other := durable.New(durable.Options{
		Keys: g.keys.Seal(), Clock: g.options.Clock, Log: g.log, Metrics: telemetry.NewMetrics(),
	})
	if err := other.Open(t.Context(), g.config.Tenant(), noRecovery); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	customer := g.keys.Seal().CustomerHash(phoneID, ana)
	for _, body := range []string{`"first"`, `"second"`} {
		if err := g.store.Update(t.Context(), func(tx *durable.Tx) error {
			return g.callbacks.Add(tx, g.config.Tenant(), phoneID, customer, []byte(body), g.store.Now())
		}); err != nil {
			t.Fatal(err)
		}
	}
	claimed, _, err := g.callbacks.Claim(t.Context(), 1)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d callbacks, %v; want the first", len(claimed), err)
	}
	// While it is paused, its lease runs out, and the other replica delivers both.
	if err := postgrestest.Exec(database, `UPDATE guichet_8a0e6f1c_62bb_4b5f_9d4b_3a1f5f9f0001.leases SET taken = 1
		WHERE id = (SELECT MIN(id) FROM guichet_8a0e6f1c_62bb_4b5f_9d4b_3a1f5f9f0001.leases)`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := other.Update(t.Context(), func(tx *durable.Tx) error {
			if _, err := tx.Callbacks().Release(); err != nil {
				return err
			}
			due, err := tx.Callbacks().Claim(g.store.Now(), g.store.Now().Add(callbacks.Lease), 1)
			if err != nil || len(due) != 1 {
				return fmt.Errorf("the other replica has claimed %d callbacks: %w", len(due), err)
			}
			_, err = tx.Callbacks().Finish(due[0], g.store.Now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.store.Update(t.Context(), func(*durable.Tx) error { return nil }); !errors.Is(err, store.ErrLeaseLost) {
		t.Fatalf("the paused replica comes back with %v; want a lost lease", err)
	}
	g.callbacks.Deliver(t.Context(), claimed[0])
	if late := endpoint.received("first"); len(late) > 0 {
		t.Fatal("the first callback was delivered after the second")
	}
}

func TestP1P2DatabaseThatCrashesLosesNoMessage(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	w := newWorld(t, onDatabase(server.Database(t)))
	var acknowledged atomic.Int64
	stop := make(chan struct{})
	var senders sync.WaitGroup
	for sender := range 3 {
		senders.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				got := w.send(templateTo(fmt.Sprintf("+336123%05d", sender*1000+n), "parcel_ready"))
				switch got.status {
				case http.StatusOK:
					acknowledged.Add(1)
				case http.StatusServiceUnavailable:
				default:
					t.Errorf("a send got %d %s; want 200 or 503", got.status, got.body)
				}
			}
		})
	}
	for round := range int64(2) {
		w.until("messages are accepted", func() bool { return acknowledged.Load() >= (round+1)*10 })
		server.Crash(t)
	}
	before := acknowledged.Load()
	w.until("messages are accepted again", func() bool { return acknowledged.Load() > before })
	close(stop)
	senders.Wait()
	w.until("everything is settled", func() bool {
		r := w.report()
		return r.Queues.Outbound == 0 && r.Queues.Unsettled == 0
	})
	if got := w.report().Period.Messages; got < acknowledged.Load() {
		t.Errorf("%d messages are settled; want the %d that were acknowledged", got, acknowledged.Load())
	}
}

func TestDatabaseThatIsNotThereYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	there := postgrestest.Database(t)
	later, err := url.Parse(there)
	if err != nil {
		t.Fatal(err)
	}
	later.Path += "_later"
	w := prepareWorld(t, onDatabase(later.String()))
	w.run()
	w.until("the gateway says that it is not ready", func() bool {
		response, err := w.client.Get(w.metrics + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusServiceUnavailable
	})
	if got := w.send(templateTo("+"+ana, "parcel_ready")); got.status != http.StatusServiceUnavailable {
		t.Errorf("a send got %d %s; want 503", got.status, got.body)
	}
	if err := postgrestest.Exec(there, fmt.Sprintf("CREATE DATABASE %q", later.Path[1:])); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgrestest.Exec(there, fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", later.Path[1:])); err != nil {
			t.Error(err)
		}
	})
	w.becomesReady()
}
