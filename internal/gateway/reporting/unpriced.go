package reporting

import (
	"cmp"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// reportLacking bounds the unpriced messages that a report looks through for what they lack.
const reportLacking = 200

// reportUnpriced fills in which rates delivered messages wait for.
func reportUnpriced(r *report.Report, tx *store.Tx, t *served.Tenant, now time.Time) error {
	waiting, err := tx.Depth(store.UnpricedMessages)
	if err != nil || waiting == 0 {
		return err
	}
	lacks, err := settlement.Lacks(tx, t, reportLacking, now)
	if err != nil {
		return err
	}
	for lack, messages := range lacks {
		r.Unpriced = append(r.Unpriced, report.Unpriced{
			Market: lack.Market, Category: lack.Category, Plan: lack.Plan, Unreadable: lack.Unreadable,
			Messages: messages,
		})
	}
	slices.SortFunc(r.Unpriced, func(a, b report.Unpriced) int {
		return cmp.Or(
			cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.Market, b.Market), cmp.Compare(a.Category, b.Category),
			cmp.Compare(oneIf(a.Unreadable), oneIf(b.Unreadable)),
		)
	})
	return nil
}
