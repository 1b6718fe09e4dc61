package reporting

import (
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	mebibyte = 1 << 20
	day      = 24 * time.Hour
	// growthWindow is over which time the rate is taken: a week has its campaigns and its Sundays.
	growthWindow = 7 * day
	// enoughRecords is from how many records on the size says something about one of them.
	enoughRecords = 1000
	// longestDaysLeft bounds the forecast.
	longestDaysLeft = 360
)

// steadySpace is the free space as it was reported last. It follows when the volume's own has moved
// by a percent: other users of a disk must not change the report at every look.
type steadySpace struct {
	mu   sync.Mutex
	last store.Space
}

func (s *steadySpace) settle(space store.Space) store.Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	if moved := space.Free - s.last.Free; space.Volume != s.last.Volume || max(moved, -moved)*100 >= space.Volume {
		s.last = space
	}
	space.Free = s.last.Free
	return space
}

// storage is what the report says of the store's room without asking the store; nil if it is not
// known.
func (rep *Reporter) storage() *report.Storage {
	space, known := rep.Store.Space()
	if !known {
		return nil
	}
	space = rep.steady.settle(space)
	return &report.Storage{
		SizeBytes: (space.Size + mebibyte - 1) / mebibyte * mebibyte, FreeBytes: space.Free, VolumeBytes: space.Volume,
	}
}

// reportGrowth fills in how fast the store grows.
func reportGrowth(r *report.Report, tx *store.Tx, _ *served.Tenant, now time.Time) error {
	if r.Storage == nil {
		return nil
	}
	head, err := tx.Ledger().Head()
	if err != nil {
		return err
	}
	now = now.Truncate(time.Hour) // at rest the rate changes once an hour at most
	recent, first, err := tx.Ledger().RecordsSince(now.Add(-growthWindow))
	if err != nil {
		return err
	}
	grown := growth(*r.Storage, head.Sequence, recent, now.Sub(first))
	r.Storage = &grown
	return nil
}

// growth adds to the room of a store of so many records what is known of its growth, of which
// recent ones were made in the growth window, the first of them some time ago.
func growth(room report.Storage, records, recent int64, ago time.Duration) report.Storage {
	if records < enoughRecords {
		return room
	}
	each := (room.SizeBytes/records + 99) / 100 * 100
	room.BytesPerMessage = &each
	if recent == 0 {
		return room
	}
	perDay := float64(recent) * float64(each) / (float64(min(max(ago, day), growthWindow)) / float64(day))
	left := int64(min(float64(room.FreeBytes)/perDay, longestDaysLeft))
	if left >= 30 {
		left -= left % 30
	}
	room.DaysLeft = &left
	return room
}
