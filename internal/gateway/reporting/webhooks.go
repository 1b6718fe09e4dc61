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
	if err != nil {
		return err
	}
	enforced, err := readEnforcements(tx, t)
	for i := range r.Channels {
		name := r.Channels[i].Name
		r.Channels[i].Webhooks, r.Channels[i].Enforcement = said[name], enforced[name]
	}
	return err
}

// readEnforcements says by channel what the upstream does to those that break its policies.
func readEnforcements(tx *store.Tx, t *served.Tenant) (map[string]*report.Enforcement, error) {
	words, err := tx.Intake().Enforcements()
	if err != nil {
		return nil, err
	}
	of := make(map[string]*report.Enforcement, len(words))
	for _, e := range words {
		if c := t.Channel(e.Channel); c != nil && !e.Lifted {
			of[c.Name] = &report.Enforcement{
				Action: e.Action, Reason: e.Reason, Stopped: e.Stopped, At: e.At.UTC().Truncate(time.Second),
			}
		}
	}
	return of, nil
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
