package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
)

func comparesCounts(d *config.Document) { d.UpstreamCounts = config.UpstreamCountsCompared }

// comparedThrough waits until a day was compared, and returns the report.
func (w *world) comparedThrough(day string) report.Report {
	w.t.Helper()
	var r report.Report
	w.until("the day is compared", func() bool {
		r = w.report()
		return r.Counts != nil && r.Counts.Through == day
	})
	return r
}

// P5: each day is compared with what the upstream has counted, two days later, once, and what
// differs is reported with its cause.
func TestP5TheUpstreamsDailyCountsAreCompared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, comparesCounts)
		w.clock.Advance(10 * time.Minute)
		day := noon.Truncate(24 * time.Hour) // in the account's zone too: it is noon
		date := func(n int) string { return day.AddDate(0, 0, n).Format(time.DateOnly) }
		w.comparedThrough(date(-2))
		var sent []string
		for n := range 3 {
			for _, to := range []string{ana, "4915112345678"} {
				sent = append(sent, w.accepted(templateTo(to, "parcel_ready")))
			}
			w.settled(int64(len(sent)))
			if n == 1 { // what the upstream does not count, and what only the upstream knows
				w.sees([]simulator.Sight{
					{Message: sent[2], Uncounted: true},
					{
						Message: "not ours", DeliveredAt: day.AddDate(0, 0, 1).Add(12 * time.Hour), Country: "ES",
						Category: "utility", Type: "regular",
					},
				})
			}
			w.clock.Advance(24 * time.Hour)
		}
		if r := w.comparedThrough(date(1)); !cmp.Equal(r.Period.CountDifferences, []report.Difference{
			{Cause: "uncounted", Messages: 1, Samples: []string{sent[2]}},
			{Cause: "unknownMessage", Messages: 1, Samples: []string{}},
		}) {
			t.Errorf("got %+v", r.Period.CountDifferences)
		}
		w.clock.Advance(24 * time.Hour)
		again := w.comparedThrough(date(2))
		w.restart(func() {})
		w.clock.Advance(10 * time.Minute)
		for _, r := range []report.Report{again, w.report()} {
			if len(r.Period.CountDifferences) != 2 || r.Period.CountDifferences[0].Messages != 1 ||
				r.Counts.Through != date(2) || r.Counts.Failure != "" || len(r.Period.Differences) != 0 {
				t.Errorf("a day later: got %+v, %+v", r.Counts, r.Period)
			}
		}
	})
}

// A count that cannot be had is told, and no longer so once it was had.
func TestACountThatCannotBeHadIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, comparesCounts, func(d *config.Document) {
			for i := range d.Channels {
				d.Channels[i].BusinessAccountID = "999"
			}
		})
		w.clock.Advance(10 * time.Minute)
		w.until("it is told", func() bool {
			r := w.report()
			return r.Counts != nil && r.Counts.Failure == "the upstream refuses to tell its count, with code 100"
		})
		for i := range w.document.Channels {
			w.document.Channels[i].BusinessAccountID = waba
		}
		w.writeDocument()
		w.until("the other business account is served", func() bool { return w.report().Counts.Failure == "" })
		w.clock.Advance(10 * time.Minute)
		w.comparedThrough(noon.AddDate(0, 0, -2).Format(time.DateOnly))
		if r := w.report(); r.Counts.Failure != "" {
			t.Errorf("got %q after it was had", r.Counts.Failure)
		}
	})
}

// Nobody is asked where the account does not want it.
func TestCountsAreNotAskedForUnlessTheAccountSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Advance(72 * time.Hour)
	if r := w.report(); r.Counts != nil {
		t.Errorf("got %+v", r.Counts)
	}
}
