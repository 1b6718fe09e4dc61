package reporting

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

func TestGrowthOfTheStore(t *testing.T) {
	known := func(n int64) *int64 { return &n }
	const mib, gib = 1 << 20, 1 << 30
	for name, tc := range map[string]struct {
		size, free, records, recent int64
		ago                         time.Duration
		each, days                  *int64
	}{
		"too few records say nothing":         {mib, gib, 999, 999, 2 * day, nil, nil},
		"at rest the rate is unknown":         {130 * mib, gib, 100_000, 0, 0, known(1400), nil},
		"a week":                              {130 * mib, 130 * mib, 100_000, 70_000, 7 * day, known(1400), known(9)},
		"a young account: two days":           {130 * mib, 130 * mib, 100_000, 100_000, 2 * day, known(1400), known(1)},
		"the first hour counts as a day":      {130 * mib, 260 * mib, 100_000, 100_000, time.Hour, known(1400), known(1)},
		"nothing is free":                     {gib, 0, 800_000, 10, 7 * day, known(1400), known(0)},
		"months come in steps of thirty days": {130 * mib, gib, 100_000, 70_000, 7 * day, known(1400), known(60)},
		"years are cut":                       {130 * mib, gib, 100_000, 1, 7 * day, known(1400), known(360)},
	} {
		t.Run(name, func(t *testing.T) {
			room := report.Storage{SizeBytes: tc.size, FreeBytes: tc.free, VolumeBytes: 2 * gib}
			want := room
			want.BytesPerMessage, want.DaysLeft = tc.each, tc.days
			if diff := cmp.Diff(want, growth(room, tc.records, tc.recent, tc.ago)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What others write on the disk changes the report once it comes to a percent of the volume.
func TestP9FreeSpaceIsReportedSteadily(t *testing.T) {
	var steady steadySpace
	for i, tc := range []struct{ free, volume, want int64 }{
		{500, 1000, 500},
		{495, 1000, 500},
		{491, 1000, 500},
		{509, 1000, 500},
		{490, 1000, 490},
		{499, 1000, 490},
		{500, 1000, 500},
		{500, 2000, 500},
		{519, 2000, 500},
		{520, 2000, 520},
		{0, 2000, 0},
	} {
		if got := steady.settle(store.Space{Free: tc.free, Volume: tc.volume}).Free; got != tc.want {
			t.Errorf("look %d at %d of %d: %d is reported, want %d", i, tc.free, tc.volume, got, tc.want)
		}
	}
}
