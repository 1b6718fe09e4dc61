package replay

import (
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// forget drops what can no longer matter, whenever there is twice as much as was left last time.
func (r *Replay) forget(now int64) {
	r.ended.turn(now)
	if len(r.messages) >= r.nextMessages {
		for id, m := range r.messages {
			if m.SentAt+lifetime <= now {
				if !m.failed {
					r.forgotten++
				}
				r.remove(id, m)
			}
		}
		r.nextMessages = max(sweepAt, 2*len(r.messages))
	}
	if len(r.customers) >= r.nextCustomers {
		for key, c := range r.customers {
			if c.messages == 0 && c.state.IsOverAt(now) {
				delete(r.customers, key)
			}
		}
		r.nextCustomers = max(sweepAt, 2*len(r.customers))
	}
	if month := civil.DateAt(now, r.prices.account.Zone).Month(); month != r.month {
		r.month = month
		r.forgetCounts()
	}
}

// forgetCounts drops the counts of months before those of remembered messages.
func (r *Replay) forgetCounts() {
	for key := range r.counts {
		if key.Month < r.month-2 {
			delete(r.counts, key)
		}
	}
}

var _ pricing.Counts = counts(nil)
