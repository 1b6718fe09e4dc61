package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
)

func TestBudgetLevelsAreReachedOnce(t *testing.T) {
	tests := map[string]struct {
		amount string
		warned int32
		want   []int32
	}{
		"below the first":        {"49.999999", 0, nil},
		"exactly at the first":   {"50", 0, []int32{50}},
		"past two at once":       {"80.01", 0, []int32{50, 80}},
		"past what was said":     {"99", 80, nil},
		"past the whole":         {"250", 80, []int32{100}},
		"nothing billed":         {"0", 0, nil},
		"everything said before": {"250", 100, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := newLevels(money.MustParse(tc.amount), money.MustParse("100"), []int32{50, 80, 100}, tc.warned)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Fatalf("levels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoweredBudgetWarnsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *config.Document) {
		d.Budget = &config.Budget{Limit: usd("1"), Action: budgetWarn, WarnAtPercent: []int32{80}}
	})
	w.accepted(templateTo(ana, "parcel_ready"))
	w.settled(1)
	w.document.Budget.Limit = usd("0.03")
	w.writeDocument()
	w.until("the warning is reported", func() bool { return w.report().Period.BudgetWarned == 80 })
}
