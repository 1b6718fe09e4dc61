// Package policy decides what may go to the upstream: by the plan's windows, the customer's wishes,
// the account's own rule about people, its limits and its budget. What a decision depends on is
// given to it, the clock included; what a refusal is called is the network's to say.
package policy

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// OutcomeGrace is how long after a message's time to live an outcome is waited for: a day longer
// than any network repeats a webhook that was not taken.
const OutcomeGrace = 8 * 24 * time.Hour

// Message is a message as far as a decision asks.
type Message struct {
	Channel string
	Country market.Country
	Form    conversation.Form
	// Category is that of a template, or of a message that states its own.
	Category conversation.Category
	// TTL is how long the message may take to be delivered.
	TTL time.Duration
	// Subscription is the key of the subscription by which the message goes out; empty for most.
	Subscription string
	// Group says that the message goes to a group, of whose members any may live anywhere.
	Group bool
}

// Expires is when a message that is accepted now is settled as undelivered, if nothing was heard of
// it.
func (m *Message) Expires(now time.Time) time.Time { return now.Add(m.TTL + OutcomeGrace) }

// Bound is the most that a message can cost; to a group, for each of its members. It can be
// delivered later than its time to live tells, whose count the upstream begins anew; what counts is
// whatever is told until it expires.
func (m *Message) Bound(t *served.Tenant, now time.Time, state *conversation.State) pricing.Bound {
	message := pricing.Message{
		Channel: m.Channel, Country: m.Country, Form: m.Form, Category: m.Category, SentAt: now.Unix(),
	}
	prices := t.PricesOf(m.Channel)
	return mostOf(prices, m.Group, &message, state, m.Expires(now))
}

// mostOf is the most that a message can cost until it expires, or each member of a group for it.
func mostOf(
	prices *served.Prices, group bool, message *pricing.Message, state *conversation.State, expires time.Time,
) pricing.Bound {
	if group {
		return prices.Book.MaxChargeAnywhere(prices.Payer, message, state, expires.Unix())
	}
	return prices.Book.MaxCharge(prices.Payer, message, state, expires.Unix())
}

// Circumstances are what the decision on a message depends on beside the message itself: read in
// the same commit that accepts it, so that nothing can change between the reading and the
// acceptance.
type Circumstances struct {
	Now   time.Time
	State *conversation.State
	// Bound is the most that the message can cost, see Message.Bound. Rise is what it adds to the
	// most that all can cost together: nothing where an allowance surely pays for it.
	Bound pricing.Bound
	Rise  allowances.Exposure
	// Spent is what the period was charged, see Spent, Reserved the most that accepted and
	// unsettled messages can still cost.
	Spent, Reserved money.Decimal
	// Waiting counts the messages that wait for the upstream.
	Waiting int64
	// CustomersToday counts the different customers written to outside a window in the last 24
	// hours; Met says that this one is among them. NextCustomer is when one more may be written to,
	// where they are as many as the limit.
	CustomersToday int64
	Met            bool
	NextCustomer   time.Time
	// PaymentStopped says that the upstream takes no billable message from the channel.
	PaymentStopped bool
}

// Grant is what a message gets that may go out.
type Grant struct {
	// Bound is the most that the message can still cost: what it reserves.
	Bound pricing.Bound
	// Covered says that allowances surely pay for it.
	Covered bool
	// InWindow says that the message answers within an open service window.
	InWindow bool
	// Lane is that of replies for answers within a window, and for one-time passwords, which expire
	// in minutes.
	Lane store.Lane
	// Expires is the instant at which the message is settled as undelivered if nothing was heard of
	// it.
	Expires time.Time
}

// Bounds of what may wait for the upstream, and when a client that met the bound may come back.
const (
	maxWaiting = 100_000
	queueRetry = 5 * time.Second
)

// Decide says whether a message may go out, under which reservation, or refuses it: then the error
// is a network.Refusal.
func Decide(t *served.Tenant, m *Message, in *Circumstances) (Grant, error) {
	if t.SendingStopped != "" {
		return Grant{}, network.Refuse(network.Suspended, t.SendingStopped)
	}
	if in.Waiting >= maxWaiting {
		return Grant{}, &network.Refusal{Reason: network.Busy, After: queueRetry}
	}
	now := in.Now.Unix()
	request := requestOf(t, now, m.Form, m.Category)
	request.Subscription = m.Subscription
	permission := in.State.Permit(request, t.PricesOf(m.Channel).Book.Rules(now, t.Zone))
	if err := permitted(permission, in.Now); err != nil {
		return Grant{}, err
	}
	inWindow := permission.Answers
	if !m.Group && m.Subscription == "" { // members of a group have joined by themselves, by an invitation
		if err := consented(t.Consent.Policy, in.State, inWindow); err != nil {
			return Grant{}, err
		}
	}
	if err := withinCustomerLimit(t.Limits.CustomersPerDay, in, inWindow); err != nil {
		return Grant{}, err
	}
	covered, err := Affordable(t, m.Channel, in)
	if err != nil {
		return Grant{}, err
	}
	grant := Grant{
		Bound: in.Bound, Covered: covered, InWindow: inWindow, Lane: store.LaneBulk, Expires: m.Expires(in.Now),
	}
	if inWindow && m.Form != conversation.Templated || m.Category == conversation.Authentication {
		grant.Lane = store.LaneReply
	}
	return grant, nil
}

// requestOf is a message of the account's as windows, blocks and stops are asked about it.
func requestOf(
	t *served.Tenant, at int64, form conversation.Form, category conversation.Category,
) conversation.Request {
	return conversation.Request{
		At: at, Form: form, Category: category, NoPromotion: t.Promotion == config.PromotionRefused,
	}
}

// WrittenByHeader is the header by which a client says who wrote a message, and WrittenByPerson its
// value for a person of the business.
const (
	WrittenByHeader = "Guichet-Written-By"
	WrittenByPerson = "person"
)

// HumanAgent refuses a message of the form HumanAgent, for which people of the business have longer
// than bots: the account must allow it, and the request must say that a person wrote it.
func HumanAgent(t *served.Tenant, byPerson bool) error {
	switch {
	case t.HumanAgent != config.HumanAgentAllowed:
		return network.Refuse(network.Forbidden, "The account does not allow the tag HUMAN_AGENT. "+
			"Set humanAgent to Allowed in its spec, if people answer and Meta has approved the app for it.")
	case !byPerson:
		return network.Refuse(network.Forbidden, "The tag HUMAN_AGENT is for what a person has written. "+
			"Say so with the header "+WrittenByHeader+": "+WrittenByPerson+"; a bot must not.")
	}
	return nil
}

// permitted refuses what the permission does not allow for windows, blocks and stops.
func permitted(v conversation.Permission, now time.Time) error {
	switch v.Refusal {
	case conversation.NotSubscribed:
		return network.Refuse(network.NoConsent, "The gateway knows no subscription by this token. It learns of "+
			"subscriptions from the channel's webhooks: ask the customer to subscribe, or to subscribe again.")
	case conversation.SubscriptionOver:
		return network.Refuse(network.NoConsent, "The customer's subscription has expired. Ask for a new one.")
	case conversation.TooSoon:
		free := time.Unix(v.Window.To, 0)
		return &network.Refusal{
			Reason: network.SubscriptionLimit, After: free.Sub(now), Details: "The customer gets no other marketing " +
				"message before " + free.UTC().Format(time.RFC3339) + ".",
		}
	case conversation.WindowClosed:
		refusal := &network.Refusal{Reason: network.OutOfWindow}
		if v.EverOpen {
			refusal.Closed = time.Unix(v.Window.To, 0)
		}
		return refusal
	case conversation.MarketingStopped:
		return &network.Refusal{Reason: network.OptedOut}
	case conversation.PromotionRefused:
		return network.Refuse(
			network.Promotional,
			"Nothing promotional is sent from this account, and this message is marketing. "+
				"Use a template of another category.",
		)
	case conversation.AlreadyReplied:
		return network.Refuse(network.InvalidValue,
			"The comment has its private reply already. Meta allows one, until the person answers.")
	case conversation.CustomerBlocked:
		return network.Refuse(
			network.Undeliverable, "The account has blocked this customer. Unblock the customer before writing.",
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
	details := "This customer has neither written to the number nor consented. Record the consent first, or wait " +
		"for the customer to write."
	if policy == config.ConsentOptIn {
		details = "No consent of this customer is recorded, and the account's policy is OptIn. " +
			"Record the consent first."
	}
	return network.Refuse(network.NoConsent, details)
}

// withdrawn refuses what is neither agreed to any more nor an answer.
func withdrawn(state *conversation.State, inWindow bool) error {
	if state.ConsentWithdrawn() && !inWindow {
		return network.Refuse(
			network.NoConsent,
			"This customer took the consent back. Wait for the customer to write, or record a new consent.",
		)
	}
	return nil
}

// withinCustomerLimit applies the upstream's limit on different customers who are written to
// outside a window in a moving day. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits
func withinCustomerLimit(limit int32, in *Circumstances, inWindow bool) error {
	if limit == 0 || inWindow || in.Met || in.CustomersToday < int64(limit) {
		return nil
	}
	return &network.Refusal{
		Reason: network.CustomerLimit,
		Details: fmt.Sprintf(
			"The account has written to %d customers outside a service window within 24 hours, its messaging limit. "+
				"Send this one later.", limit,
		),
		After: max(in.NextCustomer.Sub(in.Now), time.Second),
	}
}

// Affordable tells whether the platform, the budget and the upstream's own payment state allow the
// message (P3). What is surely free, be it because an allowance pays for it, needs neither.
func Affordable(t *served.Tenant, channel string, in *Circumstances) (free bool, err error) {
	if in.Rise == (allowances.Exposure{}) {
		return true, nil
	}
	if stopped := t.PricesOf(channel).BillingStopped; stopped != "" {
		return false, network.Refuse(network.Unpaid, stopped)
	}
	if in.PaymentStopped {
		return false, network.Refuse(
			network.Unpaid, "The upstream takes no billable message: its payment method must be mended first.",
		)
	}
	return false, within(t.Budget, in.Rise, &in.Bound, in.Spent, in.Reserved)
}

// OverBudget refuses a message because less is left of the budget than it can cost.
type OverBudget struct { //nolint:errname // what it is comes before that it is an error
	Needed  money.Money
	Refusal *network.Refusal
}

// Error implements error.
func (e *OverBudget) Error() string { return e.Refusal.Error() }

// Unwrap returns the refusal that the business is told.
func (e *OverBudget) Unwrap() error { return e.Refusal }

// within refuses what a blocking budget has not left. An exposure that leaves out an ending without
// a rate is never within it: that would be charged once the plan has the rate, whatever it is.
func within(
	budget *config.Budget, rise allowances.Exposure, bound *pricing.Bound, spent, reserved money.Decimal,
) error {
	if budget == nil || budget.Action != config.BudgetBlock {
		return nil
	}
	if rise.Unpriced {
		return network.Refuse(network.Unpaid, unpricedDetails(bound.UnpricedMarket))
	}
	left, err := budgetLeft(budget.Limit.Amount, spent, reserved)
	if err != nil {
		return err
	}
	if rise.Amount.Cmp(left) > 0 {
		currency := bound.Amount.Currency
		needed := money.Money{Amount: rise.Amount, Currency: currency}
		rest := money.Money{Amount: left.Max(money.Decimal{}), Currency: currency}
		return &OverBudget{Needed: needed, Refusal: &network.Refusal{
			Reason: network.OverBudget, Needed: needed.String(), Left: rest.String(),
		}}
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
