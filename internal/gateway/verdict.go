package gateway

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Verdicts on which the upstream and the gateway may differ, as labels.
const (
	verdictWindow   = "window"
	verdictPrice    = "price"
	verdictCategory = "category"
)

// dissent is the upstream's verdict on an ended message in the words of the ledger, and on what it
// differs from ours; both are empty where it does not.
//
// It differs on the window where it refused as outside a window what was accepted within one; on
// the price where it says that a message is billed and the plan that it is free, or the other way
// round; on the category where it names another one of those that we know.
func (e ending) dissent(outcome pricing.Outcome) (verdict string, on []string) {
	if e.refused == graph.CodeReEngagement && e.about.InWindow {
		return strconv.Itoa(e.refused), []string{verdictWindow}
	}
	p := e.upstream
	if p == nil || outcome.Result == pricing.Unpriced {
		return "", nil
	}
	if billed, said := billedBy(p); said && billed != (outcome.Result == pricing.Charged) {
		on = append(on, verdictPrice)
	}
	if told, err := conversation.ParseCategory(
		p.Category,
	); err == nil && outcome.Category != conversation.None && told != outcome.Category {
		on = append(on, verdictCategory)
	}
	if on == nil {
		return "", nil
	}
	return describePrice(p), on
}

// billedBy is whether the upstream bills a message, if it says so: by the type where billable is
// absent, which the upstream is to drop. A regular message of whom it exempts has a subtype.
// Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func billedBy(p *whatsapp.Pricing) (billed, said bool) {
	if p.Billable != nil {
		return *p.Billable, true
	}
	billed = p.Type == "regular" && p.Subtype == ""
	return billed, billed || strings.HasPrefix(p.Type, "free_")
}

// upstreamWord is what a type or a category of the upstream's looks like; anything else is not
// kept.
var upstreamWord = regexp.MustCompile(`^[a-z_-]{1,40}$`)

// describePrice is the upstream's pricing object in words, such as "free free_customer_service
// utility".
func describePrice(p *whatsapp.Pricing) string {
	var words []string
	switch {
	case p.Billable == nil:
	case *p.Billable:
		words = append(words, "billable")
	default:
		words = append(words, "free")
	}
	for _, word := range []string{p.Type, p.Category} {
		if upstreamWord.MatchString(word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// keepDissent puts the upstream's verdict beside ours in the record, where they differ, and counts
// it.
func (g *Gateway) keepDissent(e ending, record *ledger.Record, outcome pricing.Outcome) {
	verdict, on := e.dissent(outcome)
	record.UpstreamVerdict = verdict
	for _, what := range on {
		g.metrics.Differences.WithLabelValues(what).Inc()
		g.log.Debug(
			"Upstream judges a message otherwise", "message", e.message.ID, "on", what, "verdict", verdict, "revision",
			outcome.Revision,
		)
	}
}
