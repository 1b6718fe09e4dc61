package counts

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/reconcile"
)

const (
	// settleTime is how long after a midnight the day before the last one is compared: what
	// happened on it was told by then, and the upstream has counted it.
	settleTime = 3 * time.Hour
	// catchUp is how many days are made up for at most.
	catchUp = 7
)

// dueDays are the days that are to be compared now, if the last that was is known; the newest alone
// if none was.
func dueDays(now time.Time, zone *time.Location, last string) (days []civil.Date) {
	newest := civil.DateAt(now.Add(-settleTime).Unix(), zone) - 2
	first := newest
	if done, err := civil.ParseDate(last); err == nil {
		first = max(done+1, newest-catchUp+1)
	}
	for day := first; day <= newest; day++ {
		days = append(days, day)
	}
	return days
}

// around is the time that is compared to judge a day: with the day before and the day behind it,
// so that what was only counted on the other side of a midnight is found there.
type around struct {
	day civil.Date
	// cuts are the midnights: of the day before, the day, the day behind and its end.
	cuts [4]time.Time
}

func aroundDay(day civil.Date, zone *time.Location) around {
	a := around{day: day}
	for i := range a.cuts {
		a.cuts[i] = (day + civil.Date(i) - 1).Start(zone)
	}
	return a
}

func (a around) from() time.Time { return a.cuts[0] }
func (a around) to() time.Time   { return a.cuts[len(a.cuts)-1] }

// judges tells whether a difference is the day's: each of the upstream's intervals begins on one
// day, and so is judged once.
func (a around) judges(d *reconcile.Difference) bool {
	return !d.Start.Before(a.cuts[1]) && d.Start.Before(a.cuts[2])
}

// whole are the upstream's counts and empty ones of the days that it left out before the first and
// behind the last of them, for it leaves out what it has no message for. Its days may begin at
// another hour than the account's.
func (a around) whole(counts []network.Count) []network.Count {
	first, last := a.to(), a.to()
	if len(counts) > 0 {
		earliest := slices.MinFunc(counts, func(x, y network.Count) int { return x.Start.Compare(y.Start) })
		latest := slices.MaxFunc(counts, func(x, y network.Count) int { return x.End.Compare(y.End) })
		first, last = earliest.Start, latest.End
	}
	whole := slices.Clone(counts)
	add := func(start, end time.Time) {
		if start.Before(end) {
			whole = append(whole, network.Count{Start: start, End: end, Kind: network.Regular, TierFrom: -1})
		}
	}
	for i, cut := range a.cuts[:len(a.cuts)-1] {
		next := a.cuts[i+1]
		add(cut, earlier(next, first))
		add(later(cut, last), next)
	}
	return whole
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
