package reporting

import (
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// refusalCounts is for how long a refused signature explains a silence: the upstream tries again
// more and more rarely.
const refusalCounts = 24 * time.Hour

// reportWebhooks fills in from which channels nothing comes.
func (rep *Reporter) reportWebhooks(r *report.Report, tx *store.Tx, t *served.Tenant, now time.Time) error {
	said, err := rep.readWebhooks(tx, t, now)
	for i := range r.Channels {
		r.Channels[i].Webhooks = said[r.Channels[i].Name]
	}
	return err
}

// readWebhooks says of each channel, by name, whether its webhooks arrive.
func (rep *Reporter) readWebhooks(
	tx *store.Tx, t *served.Tenant, now time.Time,
) (map[string]*report.Webhooks, error) {
	silences, err := tx.Intake().Silences()
	if err != nil {
		return nil, err
	}
	of := make(map[string]*store.Silence, len(silences))
	for i := range silences {
		of[silences[i].Channel] = &silences[i]
	}
	said := make(map[string]*report.Webhooks, len(t.Channels))
	for _, c := range t.Channels {
		said[c.Name] = rep.webhooks(of[c.ID], now)
	}
	return said, nil
}

// webhooks says what a channel's silence means; nil is none.
func (rep *Reporter) webhooks(silence *store.Silence, now time.Time) *report.Webhooks {
	if silence == nil || silence.FoundAt.IsZero() && silence.Since.After(rep.Upkeep.SilentFrom(now)) {
		return &report.Webhooks{}
	}
	since := silence.Since.UTC().Truncate(time.Second)
	refused := silence.RefusedAt
	if here := rep.Intake.SignatureRefusedAt(); here.After(refused) {
		refused = here
	}
	return &report.Webhooks{
		SilentSince:      &since,
		SignatureRefused: !refused.Before(silence.Since) && now.Sub(refused) <= refusalCounts,
	}
}
