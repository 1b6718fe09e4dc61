package reporting

import (
	"cmp"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
)

// reportWaiting bounds the messages that a report looks through for why they wait.
const reportWaiting = 5000

// reportWaits fills in what has waited for the upstream for some time, and for what.
func (rep *Reporter) reportWaits(r *report.Report, tx *store.Tx, t *served.Tenant, now time.Time) error {
	outbound, err := tx.Depth(store.Outbound)
	if err != nil || outbound == 0 {
		return err
	}
	stops := rep.Gate.Stops()
	type group struct {
		channel string
		reason  report.WaitingReason
	}
	groups := map[group]*report.Waiting{}
	first := map[upstream.Pair]report.WaitingReason{} // why the first message of a line waits
	err = tx.Queue().Waiting(reportWaiting, func(w store.Waiting) {
		line := upstream.Pair{Channel: w.Channel, Customer: w.Customer}
		reason := rep.whyWaiting(&w, t, stops, now)
		switch before, behind := first[line]; {
		case reason == report.WaitingForLine && behind:
			reason = before
		case w.Parking == store.InLine:
			first[line] = reason
		}
		if now.Sub(w.AcceptedAt) < report.WaitingAfter {
			return
		}
		of := group{reason: reason}
		if c := t.Channel(w.Channel); c != nil {
			of.channel = c.Name
		}
		known := groups[of]
		if known == nil {
			known = &report.Waiting{Channel: of.channel, Reason: reason, Oldest: w.AcceptedAt.UTC()}
			groups[of] = known
		}
		known.Messages++
		if w.AcceptedAt.Before(known.Oldest) {
			known.Oldest = w.AcceptedAt.UTC()
		}
	})
	for _, found := range groups {
		r.Waiting = append(r.Waiting, *found)
	}
	slices.SortFunc(r.Waiting, func(a, b report.Waiting) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Reason, b.Reason))
	})
	return err
}

// whyWaiting says what a message waits for.
func (rep *Reporter) whyWaiting(
	w *store.Waiting, t *served.Tenant, stops map[string]upstream.Stop, now time.Time,
) report.WaitingReason {
	stop, stopped := stops[w.Channel]
	switch {
	case w.State == store.InDoubt:
		return report.WaitingForOutcome
	case w.State == store.Sending:
		return report.WaitingForAnswer
	case t.Channel(w.Channel) == nil:
		return report.WaitingForChannel
	case t.SendingStopped != "":
		return report.WaitingForResumption
	case stopped && stop.Cause != network.Payment:
		return report.WaitingForUpstream
	case w.Parking == store.Held:
		return report.WaitingForPayment
	case w.Parking == store.Parked:
		return report.WaitingForLater
	case w.ReadyAt.IsZero():
		return report.WaitingForLine
	case !w.ReadyAt.After(now):
		return report.WaitingForPace
	case w.Attempts == 0 || rep.Gate.Refuses(upstream.Pair{Channel: w.Channel, Customer: w.Customer}):
		return report.WaitingForPair
	}
	return report.WaitingForRetry
}
