package gateway

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// circumstances are what the decision on a send depends on beside the send itself: read in the same
// commit that accepts it, so that nothing can change between the reading and the acceptance.
type circumstances struct {
	now   time.Time
	state *conversation.State
	// bound is the most that the message can cost, see mostOf. rise is what it adds to the most
	// that all can cost together: nothing where an allowance surely pays for it.
	bound pricing.Bound
	rise  pricing.Exposure
	// spent is what the period was charged, see the function, reserved the most that accepted and
	// unsettled messages can still cost.
	spent, reserved money.Decimal
	// waiting counts the messages that wait for the upstream.
	waiting int64
	// customersToday counts the different customers written to outside a window in the last 24
	// hours; met says that this one is among them. nextCustomer is when one more may be written to,
	// where they are as many as the limit.
	customersToday int64
	met            bool
	nextCustomer   time.Time
	// paymentStopped says that the upstream takes no billable message from the channel.
	paymentStopped bool
}

// admission is a send that may go out.
type admission struct {
	// bound is the most that the message can still cost: what it reserves.
	bound pricing.Bound
	// covered says that allowances surely pay for it.
	covered bool
	// inWindow says that the message answers within an open service window.
	inWindow bool
	// lane is that of replies for answers within a window, and for one-time passwords, which expire
	// in minutes.
	lane store.Lane
	// expires is the instant at which the message is settled as undelivered if nothing was heard of
	// it.
	expires time.Time
}

// Bounds of what may wait for the upstream, and when a client that met the bound may come back.
const (
	maxWaiting = 100_000
	queueRetry = 5 * time.Second
)

// decide says whether a send may go out, under which reservation, or refuses it with Meta's code
// and a sentence. It is pure.
func decide(t *served.Tenant, out outgoing, in circumstances) (admission, error) {
	if in.waiting >= maxWaiting {
		return admission{}, whatsapp.ThroughputReached(queueRetry)
	}
	rules := t.Book.Rules(in.now.Unix(), t.Zone)
	verdict := in.state.Permit(conversation.Request{At: in.now.Unix(), Form: out.form, Category: out.category}, rules)
	if err := permitted(verdict); err != nil {
		return admission{}, err
	}
	inWindow := verdict.Window.Contains(in.now.Unix())
	if err := consented(t.Consent.Policy, in.state, inWindow); err != nil {
		return admission{}, err
	}
	if err := withinCustomerLimit(t.Limits.CustomersPerDay, in, inWindow); err != nil {
		return admission{}, err
	}
	covered, err := affordable(t, in)
	if err != nil {
		return admission{}, err
	}
	granted := admission{
		bound: in.bound, covered: covered, inWindow: inWindow, lane: store.LaneBulk, expires: expiryOf(out, in.now),
	}
	if inWindow && out.form != conversation.Templated || out.category == conversation.Authentication {
		granted.lane = store.LaneReply
	}
	return granted, nil
}

// permitted turns a verdict on windows, blocks and stops into Meta's error.
func permitted(v conversation.Verdict) error {
	switch v.Refusal {
	case conversation.WindowClosed:
		if !v.EverOpen {
			return whatsapp.OutsideWindow(time.Time{})
		}
		return whatsapp.OutsideWindow(time.Unix(v.Window.To, 0))
	case conversation.MarketingStopped:
		return whatsapp.MarketingStopped()
	case conversation.CustomerBlocked:
		return graph.NewError(
			graph.CodeUndeliverable, "The account has blocked this customer. Unblock the customer before writing.",
		)
	default:
		return nil
	}
}

// consented applies the account's own rule about people: whom it may write to at all. An answer
// within an open window is always allowed, and a customer who took a recorded consent back is left
// alone under every policy. Source of the rule that people must have agreed:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/getting-opt-in
func consented(policy string, state *conversation.State, inWindow bool) error {
	if err := withdrawn(state, inWindow); err != nil {
		return err
	}
	if inWindow || policy == config.ConsentNone || state.HasConsent() {
		return nil
	}
	if policy == config.ConsentPriorContact && state.FirstContact != 0 {
		return nil
	}
	details := "This customer has neither written to the number nor consented. Record the consent first, or wait for the customer to write."
	if policy == config.ConsentOptIn {
		details = "No consent of this customer is recorded, and the account's policy is OptIn. Record the consent first."
	}
	return graph.NewError(graph.CodeAccessDenied, details)
}

// withdrawn refuses what is neither agreed to any more nor an answer.
func withdrawn(state *conversation.State, inWindow bool) error {
	if state.ConsentWithdrawn() && !inWindow {
		return graph.NewError(
			graph.CodeAccessDenied,
			"This customer took the consent back. Wait for the customer to write, or record a new consent.",
		)
	}
	return nil
}

// withinCustomerLimit applies the upstream's limit on different customers who are written to
// outside a window in a moving day. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits
func withinCustomerLimit(limit int32, in circumstances, inWindow bool) error {
	if limit == 0 || inWindow || in.met || in.customersToday < int64(limit) {
		return nil
	}
	e := graph.NewError(graph.CodeSpamLimit, fmt.Sprintf(
		"The account has written to %d customers outside a service window within 24 hours, its messaging limit. Send this one later.", limit))
	e.RetryAfter = max(in.nextCustomer.Sub(in.now), time.Second)
	return e
}

// expiryOf is when a message is settled as undelivered if nothing was heard of it.
func expiryOf(out outgoing, accepted time.Time) time.Time {
	return accepted.Add(out.ttl + outcomeGrace)
}

// mostOf is the most that a message can cost. It can be delivered later than its time to live
// tells, whose count the upstream begins anew; what counts is whatever is told until it expires.
func mostOf(t *served.Tenant, c *served.Channel, out outgoing, now time.Time, state *conversation.State) pricing.Bound {
	message := pricing.Message{
		Channel: c.ID, Country: out.country, Form: out.form, Category: out.category, SentAt: now.Unix(),
	}
	return t.Book.MaxCharge(&t.Payer, &message, state, expiryOf(out, now).Unix())
}

// affordable tells whether the platform, the budget and the upstream's own payment state allow the
// message (P3). What is surely free, be it because an allowance pays for it, needs neither.
func affordable(t *served.Tenant, in circumstances) (free bool, err error) {
	if in.rise == (pricing.Exposure{}) {
		return true, nil
	}
	if t.BillingStopped != "" {
		return false, graph.NewError(graph.CodePayment, t.BillingStopped)
	}
	if in.paymentStopped {
		return false, graph.NewError(
			graph.CodePayment, "The upstream takes no billable message: its payment method must be mended first.",
		)
	}
	return false, within(t.Budget, in.rise, &in.bound, in.spent, in.reserved)
}

// within refuses what a blocking budget has not left. An exposure that leaves out an ending without
// a rate is never within it: that would be charged once the plan has the rate, whatever it is.
func within(budget *config.Budget, rise pricing.Exposure, bound *pricing.Bound, spent, reserved money.Decimal) error {
	if budget == nil || budget.Action != config.BudgetBlock {
		return nil
	}
	if rise.Unpriced {
		return graph.NewError(graph.CodePayment, unpricedDetails(bound.UnpricedMarket))
	}
	left, err := budgetLeft(budget.Limit.Amount, spent, reserved)
	if err != nil {
		return err
	}
	if rise.Amount.Cmp(left) > 0 {
		currency := bound.Amount.Currency
		needed, rest := money.Money{Amount: rise.Amount, Currency: currency}, money.Money{
			Amount: left.Max(money.Decimal{}), Currency: currency,
		}
		return &budgetError{needed: needed, refusal: whatsapp.BudgetExhausted(needed.String(), rest.String())}
	}
	return nil
}

// unpricedDetails says which rate the plan lacks, so that a budget that blocks cannot be kept.
func unpricedDetails(market string) string {
	missing := "The price plan has no rate for one of the ways in which this message may end"
	if market != "" {
		missing += fmt.Sprintf(", in the market %q", market)
	}
	return missing + ", so the account's budget cannot be kept. " +
		"Ask whoever sets the prices to add the rate, or let the budget warn instead of block."
}

// budgetLeft is limit - spent - reserved.
func budgetLeft(limit, spent, reserved money.Decimal) (money.Decimal, error) {
	left, err := limit.Sub(spent)
	if err == nil {
		left, err = left.Sub(reserved)
	}
	if err != nil {
		return money.Decimal{}, fmt.Errorf("compute what is left of the budget: %w", err)
	}
	return left, nil
}
