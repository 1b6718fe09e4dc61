package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestFiguresOfPeriods(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for n, period := range []string{"2026-09", "2026-10", "2026-11", "2026-10 EUR"} {
				m := newMessage(period, customer(n))
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
				loaded, _, err := tx.Messages().ByID(period)
				if err != nil {
					return err
				}
				record := settlement(loaded)
				record.Period, record.Revision = period[:7], "r"+period[:7]
				if n == 3 {
					record.Currency = "EUR"
				}
				if _, err := tx.Ledger().Settle(loaded, record, time.Time{}); err != nil {
					return err
				}
			}
			first, err := tx.Figures().WarnBudget("2026-11", 80)
			if err != nil || !first {
				t.Errorf("WarnBudget = %v, %v; want true the first time", first, err)
			}
			again, err := tx.Figures().WarnBudget("2026-11", 80)
			if again {
				t.Error("WarnBudget = true; want false the second time")
			}
			return err
		})
		view(t, s, func(tx *store.Tx) error {
			periods, err := tx.Figures().RecentPeriods("2026-11", 13)
			if err != nil {
				return err
			}
			if len(periods) != 3 || periods[0].Period != "2026-10" || periods[2].Period != "2026-09" ||
				periods[0].Total.Messages != 1 {
				t.Errorf(
					"recent periods = %+v; want 2026-10 in two currencies and 2026-09, with a message each", periods,
				)
			}
			if last, err := tx.Figures().RecentPeriods("2026-11", 1); err != nil || len(last) != 2 ||
				last[0].Period != "2026-10" || last[0].Currency != "EUR" || last[1].Currency != "USD" {
				t.Errorf("the last period = %+v, %v; want 2026-10 in both of its currencies", last, err)
			}
			totals, err := tx.Figures().PeriodTotals("2026-11")
			if err != nil {
				return err
			}
			part := whole
			part.Category = "utility"
			if len(totals) != 2 || totals[whole] != totals[part] || totals[whole].Billed != money.MustParse("0.03") {
				t.Errorf("totals of 2026-11 = %+v; want 0.03 as a whole and as utility", totals)
			}
			used, err := tx.Figures().UsedRevisions()
			if err != nil {
				return err
			}
			if len(used) != 3 || used[0] != (store.PlanRevision{Plan: "whatsapp", Revision: "r2026-09"}) {
				t.Errorf("used revisions = %v; want the three", used)
			}
			warned, err := tx.Figures().BudgetWarned("2026-11")
			if warned != 80 {
				t.Errorf("warned = %d; want 80", warned)
			}
			return err
		})
	})
}

func TestDifferencesAreCountedWithTheirFirstMessages(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		update(t, s, func(tx *store.Tx) error {
			for _, d := range []struct{ period, cause, message string }{
				{"2026-10", "price", "before"},
				{"2026-11", "price", "m1"},
				{"2026-11", "price", "m2"},
				{"2026-11", "category", "m2"},
				{"2026-11", "price", "m3"},
				{"2026-11", "price", "m4"},
			} {
				if err := tx.Figures().CountDifference(d.period, d.cause, d.message); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, s, func(tx *store.Tx) error {
			got, err := tx.Figures().Differences("2026-11")
			want := []store.Difference{
				{Cause: "category", Messages: 1, Samples: []string{"m2"}},
				{Cause: "price", Messages: 4, Samples: []string{"m1", "m2", "m3"}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the differences (-want +got):\n%s", diff)
			}
			return err
		})
	})
}
