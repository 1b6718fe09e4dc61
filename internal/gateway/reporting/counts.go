package reporting

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// reportCounts fills in how far the ledger was compared with the upstream's daily counts.
func reportCounts(r *report.Report, tx *store.Tx, t *served.Tenant, _ time.Time) error {
	if t.UpstreamCounts != config.UpstreamCountsCompared {
		return nil
	}
	r.Counts = &report.Counts{}
	compared, err := tx.Figures().Compared()
	for _, of := range compared {
		if !slices.ContainsFunc(t.Channels, func(c config.Channel) bool { return c.BusinessAccountID == of.Account }) {
			continue // the account has it no longer
		}
		if r.Counts.Through == "" || of.Day < r.Counts.Through {
			r.Counts.Through = of.Day
		}
		if r.Counts.Failure == "" {
			r.Counts.Failure = of.Failure
		}
	}
	return err
}
