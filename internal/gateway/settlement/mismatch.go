package settlement

import (
	"strconv"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// What the upstream and the gateway may judge differently, as labels.
const (
	aboutWindow   = "window"
	aboutPrice    = "price"
	aboutCategory = "category"
)

// mismatch is the upstream's verdict on an ended message in the words of the ledger, and on what it
// differs from ours; both are empty where it does not.
//
// It differs on the window where it refused as outside a window what was accepted within one; on
// the price where it says that a message is billed and the plan that it is free, or the other way
// round; on the category where it names another one of those that we know.
func (e *Ending) mismatch(outcome pricing.Outcome) (verdict string, about []string) {
	if e.WindowCode != 0 && e.About.InWindow {
		return strconv.Itoa(e.WindowCode), []string{aboutWindow}
	}
	p := e.Price
	if p == nil || outcome.Result == pricing.Unpriced {
		return "", nil
	}
	if p.Said && p.Billed != (outcome.Result == pricing.Charged) {
		about = append(about, aboutPrice)
	}
	if p.Category != conversation.None && outcome.Category != conversation.None && !same(p.Category, outcome.Category) {
		about = append(about, aboutCategory)
	}
	if about == nil {
		return "", nil
	}
	return p.Words(), about
}

// same tells whether the upstream's category is ours. It may send what came to its endpoint for
// marketing like any other message, and then calls it marketing.
func same(theirs, ours conversation.Category) bool {
	return theirs == ours || theirs == conversation.Marketing && ours == conversation.MarketingLite
}

// countMismatch counts what the upstream judges otherwise of a record that was written.
func (s *Settler) countMismatch(tx *durable.Tx, j *judged) error {
	message, verdict, revision := j.message.ID, j.record.UpstreamVerdict, j.record.Revision
	for _, what := range j.differs {
		if err := tx.Figures().CountDifference(j.record.Period, what, message); err != nil {
			return err
		}
		tx.After(func() {
			s.metrics.Differences.WithLabelValues(what).Inc()
			s.log.Debug("Upstream judges a message otherwise",
				"message", message, "on", what, "verdict", verdict, "revision", revision)
		})
	}
	return nil
}
