package gateway

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	_ "modernc.org/sqlite"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// tamper changes the embedded store of a gateway behind its back.
func (g *Gateway) tamper(t *testing.T, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(g.options.DataDirectory, "gateway.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// settledBefore makes a message look settled to the ledger alone: whatever settles it from now on
// violates a constraint.
func (g *Gateway) settledBefore(t *testing.T, id string) {
	t.Helper()
	g.tamper(
		t,
		`INSERT INTO ledger (sequence, message_id, kind, record, hash) VALUES ((SELECT COALESCE(MAX(sequence), 0) + 1 FROM ledger), ?, 'settlement', '', '')`,
		id,
	)
}

// queued accepts messages to as many customers, and returns their ids.
func queued(t *testing.T, g *Gateway, n int) (ids []string) {
	t.Helper()
	served := g.config.Tenant()
	for i := range n {
		id, err := accept(t, g, served, phoneID, templateTo(fmt.Sprintf("3361234560%d", i), "parcel_ready"))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// delivered tells the gateway in one webhook that messages were delivered.
func delivered(t *testing.T, g *Gateway, ids []string) error {
	t.Helper()
	var statuses []string
	for i, id := range ids {
		statuses = append(statuses, fmt.Sprintf(`{"id":"wamid.upstream%d","status":"delivered","timestamp":%q,"recipient_id":"3361234560%d","biz_opaque_callback_data":%q}`,
			i, unixSeconds(g.store.Now()), i, id))
	}
	webhook := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"phone_number_id":%q},"statuses":[%s]}}]}]}`, waba, phoneID, strings.Join(statuses, ","))
	return g.intake.Take(t.Context(), g.config.Tenant(), webhook, appSecret)
}

// A delivery that the store refuses is told again by the upstream; those beside it, in the same
// webhook, are billed.
func TestP2RefusedEventHoldsUpNoOtherOfItsWebhook(t *testing.T) {
	t.Parallel()
	g := resting(t, noonClock())
	ids := queued(t, g, 3)
	g.settledBefore(t, ids[1])
	for range 2 {
		err := delivered(t, g, ids)
		if !errors.Is(err, store.ErrFault) || errors.Is(err, store.ErrUnavailable) ||
			hiddenCause(meta.Common(), err).Status() != http.StatusInternalServerError {
			t.Fatalf("the webhook got %v; want a fault, and 500", err)
		}
		var got []store.State
		for _, id := range ids {
			got = append(got, storedState(t, g, id))
		}
		if got[0] != store.Delivered || got[1] == store.Delivered || got[2] != store.Delivered {
			t.Fatalf("the messages are %v; want all delivered but the second", got)
		}
	}
}

// A message whose step the store refuses does not keep those behind it from being claimed.
func TestRefusedMessageHoldsUpNoOtherOfItsChannel(t *testing.T) {
	t.Parallel()
	clock := noonClock()
	g := resting(t, clock)
	ids := queued(t, g, 3)
	g.settledBefore(t, ids[0])
	clock.Advance(31 * 24 * time.Hour) // too late to be sent: the claim gives them up, and settles them
	jobs, _, err := g.dispatcher.Claim(t.Context(), g.config.Tenant(), g.config.Tenant().Channel(phoneID), 10)
	if err != nil || len(jobs) != 0 {
		t.Fatalf("claimed %d messages, %v; want none, and no error", len(jobs), err)
	}
	for i, want := range []store.State{store.Queued, store.Failed, store.Failed} {
		if got := storedState(t, g, ids[i]); got != want {
			t.Errorf("message %d is %s; want %s", i, got, want)
		}
	}
}

// One message that cannot be settled keeps maintenance from no other, nor a gateway from its start.
func TestRefusedMessageHoldsUpNoMaintenance(t *testing.T) {
	t.Parallel()
	clock := noonClock()
	g := resting(t, clock)
	ids := queued(t, g, 3)
	g.settledBefore(t, ids[0])
	clock.Advance(60 * 24 * time.Hour)
	if err := g.upkeep.ExpireUnsettled(t.Context(), g.config.Tenant(), g.store.Now()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []store.State{store.Queued, store.Failed, store.Failed} {
		if got := storedState(t, g, ids[i]); got != want {
			t.Errorf("message %d is %s; want %s", i, got, want)
		}
	}
}

// A second gateway on the same volume takes over; the first one stops at once and says why.
func TestGatewayThatWasTakenOverServesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := newWorld(t)
		if got := first.metric("guichet_gateway_store_superseded"); got != "0" {
			t.Errorf("store_superseded is %q; want 0", got)
		}
		second := first.another()
		first.until("the first one refuses", func() bool {
			return first.send(templateTo("+"+ana, "parcel_ready")).status == http.StatusServiceUnavailable
		})
		second.accepted(templateTo("+"+ana, "parcel_ready"))
		response, err := first.client.Get(first.metrics + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, response); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(
			body, store.ErrSuperseded.Error(),
		) {
			t.Errorf("/readyz says %d %q; want 503 and why", response.StatusCode, body)
		}
		if got := first.metric("guichet_gateway_store_superseded"); got != "1" {
			t.Errorf("store_superseded is %q; want 1", got)
		}
		if outage := first.report().StoreOutage; outage == nil || outage.Cause != report.StoreSuperseded {
			t.Errorf("the report says %+v of the store; want that it was superseded", outage)
		}
		if !strings.Contains(first.logs.String(), "Store was taken over") {
			t.Error("the log does not say that the store was taken over")
		}
	})
}

// The clock of one replica's machine is five minutes ahead. A doubt that it begins ends after the
// wait, by whichever replica, and not five minutes late.
func TestP12DoubtsAreResolvedByTheDatabasesClock(t *testing.T) {
	t.Parallel()
	database := postgrestest.Database(t)
	const skew = 5 * time.Minute
	right, wrong := noonClock(), clock.New(func() time.Time { return time.Now().Add(skew) })
	wrong.Advance(time.Until(noon))
	ahead := resting(
		t, wrong, onDatabase(database), func(d *config.Document) { d.Doubt.WaitSeconds = 60 },
	)
	if err := ahead.store.Update(t.Context(), func(*durable.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if off := ahead.store.Now().Sub(right.Now()); off.Abs() > 10*time.Second {
		t.Errorf("the time of the replica is off by %s", off)
	}
}
