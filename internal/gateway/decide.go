package gateway

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// circumstances are what the decision on a send depends on beside the send itself: read in the same commit that accepts it, so that nothing can change between
// the reading and the acceptance.
type circumstances struct {
	now   time.Time
	state *conversation.State
	// spent is what the period was charged, see the function, reserved the most that accepted and unsettled messages can still cost.
	spent, reserved money.Decimal
	// waiting counts the messages that wait for the upstream.
	waiting int64
	// customersToday counts the different customers written to outside a window in the last 24 hours; met says that this one is among them.
	// nextCustomer is when one more may be written to, where they are as many as the limit.
	customersToday int64
	met            bool
	nextCustomer   time.Time
	// paymentStopped says that the upstream takes no billable message from the channel.
	paymentStopped bool
}

// admission is a send that may go out.
type admission struct {
	// reservation is the most that the message can still cost.
	reservation money.Money
	// inWindow says that the message answers within an open service window.
	inWindow bool
	// lane is that of replies for answers within a window, and for one-time passwords, which expire in minutes.
	lane store.Lane
	// expires is the instant at which the message is settled as undelivered if nothing was heard of it.
	expires time.Time
}

// Bounds of what may wait for the upstream, and when a client that met the bound may come back.
const (
	maxWaiting = 100_000
	queueRetry = 5 * time.Second
)

// decide says whether a send may go out, under which reservation, or refuses it with Meta's code and a sentence. It is pure.
func decide(t *tenant, c *channel, out outgoing, in circumstances) (admission, error) {
	if in.waiting >= maxWaiting {
		return admission{}, graph.ThroughputReached(queueRetry)
	}
	rules := t.book.Rules(in.now.Unix(), t.zone)
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
	expires := in.now.Add(out.ttl + outcomeGrace)
	reservation, err := reserve(t, c, out, in, expires)
	if err != nil {
		return admission{}, err
	}
	granted := admission{reservation: reservation, inWindow: inWindow, lane: store.LaneBulk, expires: expires}
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
			return graph.OutsideWindow(time.Time{})
		}
		return graph.OutsideWindow(time.Unix(v.Window.To, 0))
	case conversation.MarketingStopped:
		return graph.MarketingStopped()
	case conversation.CustomerBlocked:
		return graph.NewError(graph.CodeUndeliverable, "The account has blocked this customer. Unblock the customer before writing.")
	default:
		return nil
	}
}

// consented applies the account's own rule about people: whom it may write to at all. An answer within an open window is always allowed, and a customer who
// took a recorded consent back is left alone under every policy.
// Source of the rule that people must have agreed: https://developers.facebook.com/documentation/business-messaging/whatsapp/getting-opt-in
func consented(policy string, state *conversation.State, inWindow bool) error {
	if err := withdrawn(state, inWindow); err != nil {
		return err
	}
	if inWindow || policy == consentNone || state.HasConsent() {
		return nil
	}
	if policy == consentPriorContact && state.FirstContact != 0 {
		return nil
	}
	details := "This customer has neither written to the number nor consented. Record the consent first, or wait for the customer to write."
	if policy == consentOptIn {
		details = "No consent of this customer is recorded, and the account's policy is OptIn. Record the consent first."
	}
	return graph.NewError(graph.CodeAccessDenied, details)
}

// withdrawn refuses what is neither agreed to any more nor an answer.
func withdrawn(state *conversation.State, inWindow bool) error {
	if state.ConsentWithdrawn() && !inWindow {
		return graph.NewError(graph.CodeAccessDenied, "This customer took the consent back. Wait for the customer to write, or record a new consent.")
	}
	return nil
}

// withinCustomerLimit applies the upstream's limit on different customers who are written to outside a window in a moving day.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits
func withinCustomerLimit(limit int32, in circumstances, inWindow bool) error {
	if limit == 0 || inWindow || in.met || in.customersToday < int64(limit) {
		return nil
	}
	e := graph.NewError(graph.CodeSpamLimit, fmt.Sprintf(
		"The account has written to %d customers outside a service window within 24 hours, its messaging limit. Send this one later.", limit))
	e.RetryAfter = max(in.nextCustomer.Sub(in.now), time.Second)
	return e
}

// reserve finds the most that the message can cost, and whether the budget and the upstream's own payment state allow it (P3). It can be delivered later than its time to
// live tells, whose count the upstream begins anew; what counts is whatever is told until it expires.
func reserve(t *tenant, c *channel, out outgoing, in circumstances, expires time.Time) (money.Money, error) {
	message := pricing.Message{Channel: c.ID, Country: out.country, Form: out.form, Category: out.category, SentAt: in.now.Unix()}
	bound := t.book.MaxCharge(&t.account, &message, in.state, expires.Unix())
	if bound.Amount.Amount.IsZero() && !bound.Unpriced {
		return bound.Amount, nil
	}
	if t.BillingStopped != "" {
		return money.Money{}, graph.NewError(graph.CodePayment, t.BillingStopped)
	}
	if in.paymentStopped {
		return money.Money{}, graph.NewError(graph.CodePayment, "The upstream takes no billable message: its payment method must be mended first.")
	}
	return covered(t.Budget, bound, in.spent, in.reserved)
}

// covered is the reservation for a bound, if a blocking budget has it left. A bound that leaves out an ending without a rate covers nothing: it would be charged once the
// plan has that rate, whatever it is.
func covered(budget *config.Budget, bound pricing.Bound, spent, reserved money.Decimal) (money.Money, error) {
	if budget == nil || budget.Action != budgetBlock {
		return bound.Amount, nil
	}
	if bound.Unpriced {
		return money.Money{}, graph.NewError(graph.CodePayment,
			"The price plan has no rate for one of the ways in which this message may end, so the account's budget cannot be kept. Add the rate to the plan, or let the budget warn instead of block.")
	}
	left, err := budgetLeft(budget.Limit.Amount, spent, reserved)
	if err != nil {
		return money.Money{}, err
	}
	if bound.Amount.Amount.Cmp(left) > 0 {
		rest := money.Money{Amount: left.Max(money.Decimal{}), Currency: bound.Amount.Currency}
		return money.Money{}, graph.BudgetExhausted(bound.Amount.String(), rest.String())
	}
	return bound.Amount, nil
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
