package dryrun

import (
	"fmt"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Results of a price in the answer to a dry run.
const (
	Charged  = "charged"
	Free     = "free"
	Unpriced = "unpriced"
)

// Answer is the answer to a dry run.
type Answer struct {
	DryRun bool `json:"dry_run"`
	// Sentence says the rest to people.
	Sentence string `json:"sentence"`
	// AlreadyAccepted is the id of the message that was accepted with the same Idempotency-Key.
	AlreadyAccepted string `json:"already_accepted,omitempty"`
	// Price is what the message costs if it is delivered at once; not told of a group.
	Price *Price `json:"price,omitempty"`
	// AtMost is what the message would reserve, to a group for each of its Members.
	AtMost  *Bound `json:"at_most,omitempty"`
	Members int    `json:"members,omitempty"`
	// WindowCloses is the end of the open service window, FreeIfAnsweredBefore until when an answer
	// of the customer would make the message free. Both are times of RFC 3339.
	WindowCloses         string `json:"window_closes,omitempty"`
	FreeIfAnsweredBefore string `json:"free_if_answered_before,omitempty"`
	Cheapest             *Other `json:"cheapest,omitempty"`
}

// Price is what a message costs.
type Price struct {
	// Result is charged, free or unpriced. An unpriced message has no amount.
	Result     string `json:"result"`
	Amount     string `json:"amount,omitempty"`
	Currency   string `json:"currency,omitempty"`
	FreeReason string `json:"free_reason,omitempty"`
	Category   string `json:"category,omitempty"`
	Market     string `json:"market,omitempty"`
	Tier       int    `json:"tier,omitempty"`
	Allowance  string `json:"allowance,omitempty"`
	Revision   string `json:"revision,omitempty"`
}

// Bound is the most that a message can cost.
type Bound struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	// Unpriced says that the message may also end in a way for which the plan has no rate.
	Unpriced bool `json:"unpriced,omitempty"`
}

// Other is the cheapest lawful form of a message.
type Other struct {
	// Form is text or template, or asked for the message of the request.
	Form     string `json:"form"`
	Template string `json:"template,omitempty"`
	Language string `json:"language,omitempty"`
	Price    Price  `json:"price"`
}

// Describe is the answer to a dry run, with instants as they are in the account's zone.
func Describe(f *admission.Forecast, zone *time.Location) Answer {
	answer := Answer{
		DryRun: true, Sentence: sentenceOf(f, zone), AlreadyAccepted: f.Repeats, Members: f.Members,
	}
	if f.Repeats != "" {
		return answer
	}
	most := f.Most.Amount
	answer.AtMost = &Bound{
		Amount: most.Amount.String(), Currency: string(most.Currency), Unpriced: f.Most.Unpriced,
	}
	answer.WindowCloses = instant(f.WindowCloses, zone)
	answer.FreeIfAnsweredBefore = instant(f.FreeIfAnswered, zone)
	if f.Members > 0 {
		return answer
	}
	price := priceOf(&f.Outcome)
	answer.Price = &price
	answer.Cheapest = &Other{
		Form: formName(&f.Cheapest), Template: f.Cheapest.Template, Language: f.Cheapest.Language,
		Price: priceOf(&f.Cheapest.Outcome),
	}
	return answer
}

func instant(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format(time.RFC3339)
}

func priceOf(o *pricing.Outcome) Price {
	p := Price{
		Result: Unpriced, Category: o.Category.String(), Market: o.Market, Tier: o.Tier, Allowance: o.Allowance,
		Revision: o.Revision,
	}
	switch o.Result {
	case pricing.Charged:
		p.Result, p.Amount, p.Currency = Charged, o.Charge.String(), string(o.Currency)
	case pricing.Free:
		p.Result, p.Amount, p.Currency = Free, "0", string(o.Currency)
		p.FreeReason = o.FreeReason.String()
	}
	return p
}

func formName(form *admission.Form) string {
	switch {
	case form.Asked:
		return "asked"
	case form.Template != "":
		return "template"
	}
	return "text"
}

// sentenceOf says a forecast to people, such as "0.03 USD now; free if the customer writes before
// 14:02 on 1 December; cheapest form that may go out: this message."
func sentenceOf(f *admission.Forecast, zone *time.Location) string {
	if f.Repeats != "" {
		return "It was accepted already, with this " + admission.IdempotencyHeader + ", and costs nothing more."
	}
	if f.Members > 0 {
		return fmt.Sprintf("At most %s for each of up to %d members: it depends on where they live.",
			f.Most.Amount, f.Members)
	}
	parts := []string{inWords(&f.Outcome)}
	if f.Outcome.Result == pricing.Charged {
		parts[0] += " now"
	}
	if !f.FreeIfAnswered.IsZero() {
		parts = append(parts, "free if the customer writes before it is delivered, which may be until "+
			clockTime(f.FreeIfAnswered, zone))
	}
	if !f.WindowCloses.IsZero() && f.Outcome.Result == pricing.Free {
		parts = append(parts, "the window closes at "+clockTime(f.WindowCloses, zone))
	}
	switch {
	case f.Outcome.Result == pricing.Free:
	case f.Cheapest.Asked:
		parts = append(parts, "nothing cheaper may go out")
	case f.Cheapest.Template != "":
		parts = append(parts, fmt.Sprintf("cheapest that may go out: the template %s (%s), %s",
			f.Cheapest.Template, f.Cheapest.Language, inWords(&f.Cheapest.Outcome)))
	default:
		parts = append(parts, "cheapest that may go out: a text, "+inWords(&f.Cheapest.Outcome))
	}
	return strings.Join(parts, "; ") + "."
}

func inWords(o *pricing.Outcome) string {
	switch o.Result {
	case pricing.Charged:
		return money.Money{Amount: o.Charge, Currency: o.Currency}.String()
	case pricing.Free:
		return "free: " + whyFree(o)
	default:
		return "no price in the plan: it would be held as unpriced"
	}
}

func whyFree(o *pricing.Outcome) string {
	switch o.FreeReason {
	case pricing.InServiceWindow:
		return "the service window is open"
	case pricing.InFreeEntryPoint:
		return "the free entry point of an ad is open"
	case pricing.InConversation:
		return "it joins an open conversation"
	case pricing.InAllowance:
		return "within the allowance " + o.Allowance
	case pricing.IsExempt:
		return "the account is exempt"
	case pricing.IsReaction:
		return "it is a reaction"
	default:
		return o.FreeReason.String()
	}
}

func clockTime(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("15:04 on 2 January")
}
