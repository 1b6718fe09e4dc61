package gateway

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/report"
)

// silence is what the report says of the main channel's webhooks.
func (w *world) silence() report.Webhooks {
	w.t.Helper()
	said := w.report().Channels[0].Webhooks
	if said == nil {
		w.t.Fatal("the report does not say whether webhooks arrive")
	}
	return *said
}

func (w *world) isSilent() bool { return w.silence().SilentSince != nil }

// strangers posts a webhook with a signature that is not made with the channel's app secret.
func (w *world) strangers() {
	w.t.Helper()
	got := w.webhook(w.status("wamid.x", "delivered", ""), "another secret")
	if got.status != http.StatusForbidden {
		w.t.Fatalf("a forged webhook got %d, want 403", got.status)
	}
}

// Sends go out and nothing comes back: the app secret is mistyped, the callback URL is not
// registered, or the field is not subscribed.
func TestChannelOfWhichNothingArrivesIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := prepareWorld(t)
		w.start() // the simulator does not run: it tells nothing
		w.strangers()
		w.clock.Advance(time.Hour)
		if w.isSilent() {
			t.Fatal("forged webhooks alone make the channel silent")
		}
		w.submitted()
		w.clock.Advance(report.SilentAfter - time.Minute)
		if w.isSilent() {
			t.Fatal("the channel is silent before five minutes have passed")
		}
		w.clock.Advance(time.Minute)
		w.until("the silence is reported", w.isSilent)
		if got := w.metric(`guichet_gateway_webhooks_arrive{channel="main"}`); got != "0" {
			t.Errorf("the gauge is %q, want 0", got)
		}
		if w.silence().SignatureRefused {
			t.Error("a signature that was refused before the send explains the silence")
		}
		w.strangers()
		if !w.silence().SignatureRefused {
			t.Error("the refused signature does not show")
		}
		time.Sleep(10 * time.Second) // of the bubble's: the upkeep writes it down
		w.restart(func() {})
		if got := w.silence(); got.SilentSince == nil || !got.SignatureRefused {
			t.Errorf("after a restart the report says %+v, want the same", got)
		}
		if got := w.webhook(w.inbound(phoneID, ana, "wamid.1", "hello"), appSecret); got.status != http.StatusOK {
			t.Fatalf("the webhook got %d", got.status)
		}
		if got := w.silence(); got != (report.Webhooks{}) {
			t.Errorf("after a webhook the report says %+v, want nothing", got)
		}
		w.clock.Advance(24 * time.Hour)
		time.Sleep(10 * time.Second) // and the upkeep runs
		if w.isSilent() {
			t.Error("a quiet account became silent")
		}
	})
}

// While the gateway is down nothing can come: what was sent before is missed once the gateway has
// been up for as long.
func TestSilenceIsNotMissedWhileTheGatewayWasDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := prepareWorld(t)
		w.start()
		w.submitted()
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Hour)
		w.listenAgain()
		w.start()
		if w.isSilent() {
			t.Fatal("the channel is silent as soon as the gateway is up again")
		}
		w.clock.Advance(report.SilentAfter)
		w.until("the silence is reported", w.isSilent)
	})
}

// A status that overtakes the answer to its send is heard.
func TestEveryStatusEndsASilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 3 {
			w.accepted(templateTo(ana, "parcel_ready"))
		}
		w.settled(3)
		w.clock.Advance(time.Hour)
		if w.isSilent() {
			t.Error("messages whose statuses came left the channel silent")
		}
	})
}

// One replica sends, another one is told: the store knows what both have heard.
func TestReplicasShareWhatTheyHear(t *testing.T) {
	t.Parallel()
	w := prepareWorld(t, onDatabase(postgrestest.Database(t)), func(d *config.Document) { d.Callback = nil })
	w.start()
	second := w.another()
	w.submitted()
	second.strangers()
	w.clock.Advance(report.SilentAfter)
	for _, replica := range []*world{w, second} {
		replica.until("the silence is reported, and why", func() bool {
			said := replica.silence()
			return said.SilentSince != nil && said.SignatureRefused
		})
	}
	if got := second.webhook(w.inbound(phoneID, ana, "wamid.1", "hello"), appSecret); got.status != http.StatusOK {
		t.Fatalf("the webhook got %d", got.status)
	}
	for _, replica := range []*world{w, second} {
		if got := replica.silence(); got != (report.Webhooks{}) {
			t.Errorf("after a webhook a replica says %+v, want nothing", got)
		}
	}
}
