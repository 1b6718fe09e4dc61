package reporting

import (
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/callbacks"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// reportCallbacks fills in which deliveries the business's endpoint does not take.
func reportCallbacks(r *report.Report, tx *store.Tx, _ *served.Tenant, now time.Time) error {
	aside, err := tx.Depth(store.RefusedCallbacks)
	if err != nil {
		return err
	}
	if aside > 0 {
		r.RefusedCallbacks = &report.RefusedCallbacks{Count: aside}
		if r.RefusedCallbacks.Status, err = tx.Callbacks().LastRefusal(); err != nil {
			return err
		}
	}
	endpoint, err := tx.Callbacks().Endpoint()
	if err != nil {
		return err
	}
	r.LostCallbacks = endpoint.Lost
	if r.Queues.Callbacks > 0 && callbacks.IsFailing(&endpoint, now) {
		r.CallbackFailure = &report.CallbackFailure{
			Since: endpoint.FailingSince.UTC().Truncate(time.Second), Status: endpoint.Status,
		}
	}
	return nil
}
