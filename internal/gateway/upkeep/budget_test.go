package upkeep

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
