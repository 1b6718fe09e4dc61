package counts

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/reconcile"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDueDays(t *testing.T) {
	tests := map[string]struct {
		now, last string
		want      []string
	}{
		"the first time":    {"2026-11-20T08:00:00Z", "", []string{"2026-11-18"}},
		"just before three": {"2026-11-20T01:59:59Z", "2026-11-17", nil}, // Paris is an hour ahead
		"at three":          {"2026-11-20T02:00:00Z", "2026-11-17", []string{"2026-11-18"}},
		"done":              {"2026-11-20T23:00:00Z", "2026-11-18", nil},
		"two days were missed": {"2026-11-20T08:00:00Z", "2026-11-15", []string{
			"2026-11-16", "2026-11-17", "2026-11-18",
		}},
		"a month was missed": {"2026-11-20T08:00:00Z", "2026-10-01", []string{
			"2026-11-12", "2026-11-13", "2026-11-14", "2026-11-15",
			"2026-11-16", "2026-11-17", "2026-11-18",
		}},
		"the clock was set back":   {"2026-11-20T08:00:00Z", "2026-11-30", nil},
		"a change to summer time":  {"2026-03-30T00:59:59Z", "2026-03-27", nil}, // two hours ahead since the 29th
		"three o'clock, in summer": {"2026-03-30T01:00:00Z", "2026-03-27", []string{"2026-03-28"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, day := range dueDays(at(t, tc.now), zone(t, "Europe/Paris"), tc.last) {
				got = append(got, day.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("days (-want +got):\n%s", diff)
			}
		})
	}
}

func count(t *testing.T, start, end string, volume int64) network.Count {
	t.Helper()
	return network.Count{Start: at(t, start), End: at(t, end), Kind: network.Regular, TierFrom: -1, Volume: volume}
}

func TestDaysThatTheUpstreamLeavesOutAreEmpty(t *testing.T) {
	day, err := civil.ParseDate("2026-11-18")
	if err != nil {
		t.Fatal(err)
	}
	const (
		midnight17 = "2026-11-16T23:00:00Z"
		midnight18 = "2026-11-17T23:00:00Z"
		midnight19 = "2026-11-18T23:00:00Z"
		midnight20 = "2026-11-19T23:00:00Z"
	)
	a := aroundDay(day, zone(t, "Europe/Paris"))
	tests := map[string]struct{ counts, added []network.Count }{
		"nothing was counted": {nil, []network.Count{
			count(t, midnight17, midnight18, 0), count(t, midnight18, midnight19, 0),
			count(t, midnight19, midnight20, 0),
		}},
		"the last day alone": {[]network.Count{count(t, midnight19, midnight20, 5)}, []network.Count{
			count(t, midnight17, midnight18, 0), count(t, midnight18, midnight19, 0),
		}},
		"the first day alone": {[]network.Count{count(t, midnight17, midnight18, 5)}, []network.Count{
			count(t, midnight18, midnight19, 0), count(t, midnight19, midnight20, 0),
		}},
		"the first and the last": {
			[]network.Count{count(t, midnight17, midnight18, 5), count(t, midnight19, midnight20, 1)}, nil,
		},
		"days of UTC": {[]network.Count{count(t, "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z", 5)}, []network.Count{
			count(t, midnight17, midnight18, 0), count(t, midnight18, "2026-11-18T00:00:00Z", 0),
			count(t, "2026-11-19T00:00:00Z", midnight20, 0),
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := append(append([]network.Count{}, tc.counts...), tc.added...)
			if diff := cmp.Diff(spans(want), spans(a.whole(tc.counts))); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

// spans are counts as texts.
func spans(counts []network.Count) (all []string) {
	for _, c := range counts {
		all = append(all, fmt.Sprint(c.Start.UTC(), c.End.UTC(), c.Volume))
	}
	return all
}

// Whatever the hour at which the upstream's days begin, each of them is judged once.
func TestEachOfTheUpstreamsDaysIsJudgedOnce(t *testing.T) {
	for _, name := range []string{"Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC"} {
		first, err := civil.ParseDate("2026-03-01")
		if err != nil {
			t.Fatal(err)
		}
		end := at(t, "2026-04-05T00:00:00Z")
		for start := at(t, "2026-03-05T00:00:00Z"); start.Before(end); start = start.Add(24 * time.Hour) {
			judged := 0
			for day := first; day < first+60; day++ {
				if aroundDay(day, zone(t, name)).judges(&reconcile.Difference{Start: start}) {
					judged++
				}
			}
			if judged != 1 {
				t.Errorf("%s: the day from %v is judged %d times", name, start, judged)
			}
		}
	}
}
