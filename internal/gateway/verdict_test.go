package gateway

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// settlements reads the records of messages in the ledger of a gateway that has stopped, on either
// engine.
func (w *world) settlements(ids ...string) map[string]*ledger.Record {
	w.t.Helper()
	keys, err := seal.Parse(w.readKeyFile(config.KeysetFile), w.readKeyFile(config.CustomerKeyFile))
	if err != nil {
		w.t.Fatal(err)
	}
	options := store.Options{AccountUID: w.document.Account.UID, Keys: keys}
	if w.document.Storage.Type == config.StorageShared {
		options.Shared = &store.Shared{URL: w.document.Storage.URL}
	} else {
		options.Path = filepath.Join(w.directory, "data", "gateway.db")
	}
	opened, err := store.Open(w.t.Context(), options)
	if err != nil {
		w.t.Fatal(err)
	}
	defer opened.Close()
	records := map[string]*ledger.Record{}
	if err := opened.View(w.t.Context(), func(tx *store.Tx) error {
		for _, id := range ids {
			record, found, err := tx.Ledger().Settlement(id)
			if err != nil || !found {
				return fmt.Errorf("message %s is settled: %t, %w", id, found, err)
			}
			records[id] = record
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return records
}

// The ledger bills by the plan and keeps what the upstream said, where that is something else.
func TestP5UpstreamsOtherVerdictIsKeptBesideOurs(t *testing.T) {
	t.Parallel()
	engines := map[string]func(*testing.T) []func(*config.Document){
		"sqlite": func(*testing.T) []func(*config.Document) { return nil },
		"postgres": func(t *testing.T) []func(*config.Document) {
			return []func(*config.Document){onDatabase(postgrestest.Database(t))}
		},
	}
	for engine, changes := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, changes(t)...)
			w.quiet(ana)
			priced := func(block string) string {
				id := w.accepted(templateTo(ana, "parcel_ready"))
				w.webhook(w.status(w.submittedID(id), "delivered", block), appSecret)
				return id
			}
			same := priced(`,"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}`)
			free := priced(
				`,"pricing":{"billable":false,"pricing_model":"PMP","type":"free_customer_service","category":"utility"}`,
			)
			other := priced(
				`,"pricing":{"billable":true,"pricing_model":"PMP","type":"NUMBER 33612345678","category":"marketing"}`,
			)
			silent := priced(``)
			typed := priced(`,"pricing":{"pricing_model":"PMP","type":"free_customer_service","category":"utility"}`)
			agreed := priced(`,"pricing":{"pricing_model":"PMP","type":"regular","category":"utility"}`)
			novel := priced(`,"pricing":{"pricing_model":"PMP","type":"hologram","category":"utility"}`)
			w.settled(7)

			const bob = "33612345999"
			w.writes(bob, "hello", 0)
			w.control(http.MethodPost, "faults", `{"code":131047,"next":1}`)
			refused := w.accepted(textTo(bob, "refused at once"))
			w.settled(8)
			w.control(http.MethodPost, "faults", `{"code":131047,"next":1,"async":true}`)
			failed := w.accepted(textTo(bob, "refused by a status"))
			w.settled(9)

			if r := w.report(); r.Period.Charged != 7 {
				t.Errorf("%d charged; want the seven that the plan charges", r.Period.Charged)
			}
			for verdict, want := range map[string]string{"price": "2", "category": "1", "window": "2"} {
				if got := w.metric(
					`guichet_gateway_verdict_differences_total{verdict="` + verdict + `"}`,
				); got != want {
					t.Errorf("%q differences on the %s are counted; want %s", got, verdict, want)
				}
			}
			// A status that is told again is no further difference.
			w.webhook(w.status(w.submittedID(free), "delivered",
				`,"pricing":{"billable":false,"pricing_model":"PMP","type":"free_customer_service","category":"utility"}`),
				appSecret)
			if diff := cmp.Diff([]report.Difference{
				{Cause: "category", Messages: 1, Samples: []string{other}},
				{Cause: "price", Messages: 2, Samples: []string{free, typed}},
				{Cause: "window", Messages: 2, Samples: []string{refused, failed}},
			}, w.report().Period.Differences); diff != "" {
				t.Errorf("the report's differences (-want +got):\n%s", diff)
			}
			if err := w.stop(); err != nil {
				t.Fatal(err)
			}
			records := w.settlements(same, free, other, silent, typed, agreed, novel, refused, failed)
			for id, want := range map[string]string{
				same: "", free: "free free_customer_service utility", other: "billable marketing", silent: "",
				typed: "free_customer_service utility", agreed: "", novel: "", refused: "131047", failed: "131047",
			} {
				if got := records[id]; got.UpstreamVerdict != want {
					t.Errorf(
						"the upstream's verdict is %q beside a charge of %s; want %q", got.UpstreamVerdict, got.Charge,
						want,
					)
				}
			}
		})
	}
}
