package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("1"), Action: config.BudgetWarn, WarnAtPercent: []int32{80}}
		})
		w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		w.document.Budget.Limit = usd("0.03")
		w.writeDocument()
		w.until("the warning is reported", func() bool { return w.report().Period.BudgetWarned == 80 })
	})
}

// What a delivery of the last month costs counts in that month, whenever the upstream tells of it.
func TestBudgetLevelThatIsPassedAfterTheMonthWarnsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("0.03"), Action: config.BudgetWarn, WarnAtPercent: []int32{80}}
		})
		w.quiet(ana)
		delivered := w.status(w.submittedID(w.accepted(templateTo(ana, "parcel_ready"))), "delivered", "")
		w.clock.advance(12 * 24 * time.Hour) // from the 20th of November to the 2nd of December
		w.webhook(delivered, appSecret)
		w.until("the warning is logged", func() bool {
			return strings.Contains(w.logs.String(), `"msg":"Budget level passed","period":"2026-11","percent":80`)
		})
		if r := w.report(); r.Period.Name != "2026-12" || r.Period.BudgetWarned != 0 {
			t.Fatalf("warned of %d%% of %s; want nothing of 2026-12", r.Period.BudgetWarned, r.Period.Name)
		}
	})
}

func TestPeriodGrowsUntilItsWebhooksAreNoLongerRepeated(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string][]string{
		"2026-11-30T22:59:59Z": {"2026-11"}, // Paris is an hour ahead
		"2026-11-30T23:00:00Z": {"2026-11", "2026-12"},
		"2026-12-07T22:59:59Z": {"2026-11", "2026-12"},
		"2026-12-07T23:00:00Z": {"2026-12"},
		"2027-01-01T12:00:00Z": {"2026-12", "2027-01"},
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, growingPeriods(now, paris)); diff != "" {
			t.Errorf("at %s (-want +got):\n%s", at, diff)
		}
	}
}
