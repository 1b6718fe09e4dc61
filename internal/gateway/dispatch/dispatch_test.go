package dispatch

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/intake"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// resting is a dispatcher that does not run, with an empty store.
func resting(t *testing.T) *Dispatcher {
	t.Helper()
	log, metrics := slog.New(slog.DiscardHandler), telemetry.NewMetrics()
	keysDirectory, path := t.TempDir(), filepath.Join(t.TempDir(), config.FileName)
	gatewaytest.WriteKeys(t, keysDirectory)
	if err := os.WriteFile(path, gatewaytest.Encoded(t, func(*config.Document) {}), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := served.NewKeyring(keysDirectory, log)
	if err != nil {
		t.Fatal(err)
	}
	configuration := served.NewConfiguration(path, http.DefaultTransport, log)
	began := time.Now()
	account := durable.New(durable.Options{
		Directory: t.TempDir(), Keys: keys.Seal(), Log: log, Metrics: metrics,
		Clock: clock.New(func() time.Time { return noon.Add(time.Since(began)) }),
	})
	noRecovery := func(context.Context, durable.Updater) error { return nil }
	if err := account.Open(t.Context(), configuration.Look(), noRecovery); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { account.Close() })
	queue := callbacks.NewQueue(account, keys.Seal(), configuration, nil, log, metrics, telemetry.Traces{})
	gate, settler := upstream.NewGate(Concurrency, account, log, metrics), settlement.New(queue, log, metrics)
	return New(Options{
		Store: account, Config: configuration, Gate: gate, Settler: settler, Callbacks: queue, Log: log,
		Metrics: metrics,
		Intake: intake.New(intake.Options{
			Store: account, Config: configuration, Keys: keys.Seal(), Dispatch: gate, Callbacks: queue,
			Settler: settler, Log: log, Metrics: metrics,
		}),
	})
}

// doubtful is a dispatcher that does not run, with a store that holds one message in doubt since
// its send.
func doubtful(t *testing.T) (d *Dispatcher, id string, sent time.Time) {
	t.Helper()
	d = resting(t)
	about, err := (&settlement.Envelope{}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	sent = d.Store.Now()
	m := &store.Message{
		ID: "wamid.doubt", Channel: gatewaytest.PhoneID, Customer: seal.CustomerHash{1}, AcceptedAt: sent,
		ExpiresAt: sent.Add(time.Hour), Envelope: about, Content: []byte("{}"),
	}
	if err := d.Store.Update(t.Context(), func(tx *durable.Tx) error {
		line, err := tx.Queue().Line(store.Person{Channel: m.Channel, Customer: m.Customer})
		if err != nil {
			return err
		}
		if err := tx.Queue().AcceptAndClaim(line, m); err != nil {
			return err
		}
		claimed, _, err := tx.Messages().ByID(m.ID)
		if err != nil {
			return err
		}
		return settlement.BeginDoubt(tx, claimed, sent)
	}); err != nil {
		t.Fatal(err)
	}
	return d, m.ID, sent
}

// jobOf is the send of a message of the main channel, as far as its outcome asks.
func jobOf(d *Dispatcher, id string) *Job {
	tenant := d.Config.Tenant()
	return &Job{tenant: tenant, channel: tenant.Channel(gatewaytest.PhoneID), id: id}
}

// storedState is a stored message's state.
func storedState(t *testing.T, d *Dispatcher, id string) (state store.State) {
	t.Helper()
	if err := d.Store.View(t.Context(), func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID(id)
		state = m.State
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return state
}

// A replica whose lease was taken may still get the upstream's answer: the ledger says that this is
// how the doubt ended (P12).
func TestP12ALateAnswerResolvesADoubtWithANote(t *testing.T) {
	d, id, sent := doubtful(t)
	answered := d.recordSent(jobOf(d, id), network.Sent{ID: "wamid.upstream"}, sent.Add(time.Minute))
	if err := d.Store.Update(t.Context(), answered); err != nil {
		t.Fatal(err)
	}
	if got := storedState(t, d, id); got != store.Submitted {
		t.Fatalf("the message is %s, want submitted", got)
	}
	var notes []string
	if err := d.Store.View(t.Context(), func(tx *store.Tx) error {
		for entry, err := range tx.Ledger().Entries(0) {
			if err != nil {
				return err
			}
			record, err := ledger.ParseCanonical(entry.Canonical)
			if err != nil {
				return err
			}
			notes = append(notes, record.Note)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{ledger.NoteDoubtBegan, ledger.NoteDoubtAnswered}; !slices.Equal(notes, want) {
		t.Fatalf("the ledger notes %q, want %q", notes, want)
	}
}

// A replica whose lease was taken may as well get the upstream's refusal: then there is no doubt
// either, and the message goes the way of its refusal (P12).
func TestP12ALateRefusalResolvesADoubt(t *testing.T) {
	refused := func(code int) *graph.Error { return graph.NewError(code, "refused") }
	tests := map[string]struct {
		outcome outcome
		want    store.State
	}{
		"to be tried again": {outcome{fate: fateRetry, failure: refused(graph.CodeThroughput)}, store.Queued},
		"to wait":           {outcome{fate: fateParked, failure: refused(graph.CodeSpamLimit)}, store.Queued},
		"a stopped channel": {outcome{fate: fateStopped, failure: refused(graph.CodePayment)}, store.Queued},
		"for good":          {outcome{fate: fateFailed, failure: refused(graph.CodeUndeliverable)}, store.Failed},
		"not known either":  {outcome{fate: fateInDoubt, failure: refused(graph.CodeUnavailable)}, store.InDoubt},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d, id, sent := doubtful(t)
			tc.outcome.at = sent.Add(time.Hour)
			record := d.recordFate(jobOf(d, id), tc.outcome, sent.Add(time.Minute))
			if err := d.Store.Update(t.Context(), record); err != nil {
				t.Fatal(err)
			}
			if err := d.Store.View(t.Context(), func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(id)
				if err != nil {
					return err
				}
				if m.State != tc.want || m.DoubtedAt.IsZero() != (tc.want != store.InDoubt) {
					t.Errorf("the message is %s, in doubt since %q; want %s", m.State, m.DoubtedAt, tc.want)
				}
				doubts, err := tx.Depth(store.Doubts)
				if (doubts == 1) != (tc.want == store.InDoubt) {
					t.Errorf("%d messages are in doubt", doubts)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A database that restarts while the gateway stops leaves no doubt behind (P12).
func TestP12OutcomeIsRecordedAlsoWhenTheStoreIsAwayAtTheStop(t *testing.T) {
	d, id, sent := doubtful(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	tries := 0
	record := d.recordSent(jobOf(d, id), network.Sent{ID: "wamid.upstream"}, sent.Add(time.Minute))
	recorded := d.persist(stopped, "submit", func(tx *durable.Tx) error {
		if tries++; tries < 3 {
			return store.ErrUnavailable
		}
		return record(tx)
	})
	if got := storedState(t, d, id); !recorded || got != store.Submitted {
		t.Fatalf("recorded: %v, and the message is %s; want submitted", recorded, got)
	}
}

// When no slot is free the dispatcher cannot know whether a channel's messages wait, nor when the
// next one is due: the next slot that is given back must wake it.
func TestClaimWithoutASlotLeavesTheChannelWaiting(t *testing.T) {
	t.Parallel()
	d := resting(t)
	tenant := d.Config.Tenant()
	c := tenant.Channel(gatewaytest.PhoneID)
	d.Gate.SetWaiting(c.ID, false)
	if _, _, err := d.Claim(t.Context(), tenant, c, 0); err != nil || !d.Gate.AnyWaits() {
		t.Fatalf("%v; want the channel to be held for waiting", err)
	}
	if _, _, err := d.Claim(t.Context(), tenant, c, 1); err != nil || d.Gate.AnyWaits() {
		t.Fatalf("%v; want nothing to wait", err)
	}
}

func TestShareLeavesSlotsToTheChannelsThatFollow(t *testing.T) {
	tests := map[string]struct{ free, channels, want int }{
		"the only channel":           {256, 1, 256},
		"the first of two":           {256, 2, 128},
		"the first of three":         {256, 3, 86},
		"the first of two, one left": {1, 2, 1},
		"nothing left":               {0, 2, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := share(tc.free, tc.channels); got != tc.want {
				t.Fatalf("got %d, want %d", got, tc.want)
			}
		})
	}
}
