// Package pricing says what a delivered message costs: a pure function of a price plan, the
// message, its conversation and the counts of the month. The plan is data; no rate, length, date or
// rule of any year is in the code.
//
// Compile checks a Plan and indexes it as a Book. Book.Rate prices one message. Book.MaxCharge is
// the most that a message can still cost. Check lists what only the whole plan can show, such as a
// market without a rate.
//
// A missing rate is unknown, never 0: the message is unpriced, and the outcome says so.
//
// Source of the rules that the shipped plans state:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
package pricing

import (
	"encoding/json"

	"github.com/guichet-dev/guichet/internal/money"
)

// Plan is a price plan as a document. Its JSON is that of the spec of a PricingPlan, field by
// field. The fields are documented there; `kubectl explain pricingplan.spec` prints it.
type Plan struct {
	Currency          money.Currency     `json:"currency"`
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty"`
	// Grants, BudgetCaps and Suspensions say what accounts may do. Pricing does not read them.
	Grants      json.RawMessage `json:"grants,omitempty"`
	BudgetCaps  json.RawMessage `json:"budgetCaps,omitempty"`
	Suspensions json.RawMessage `json:"suspensions,omitempty"`
	Revisions   []Revision      `json:"revisions"`
}

// Rules returns the part of the plan that a gateway needs: without who may use it.
func (p Plan) Rules() Plan { return Plan{Currency: p.Currency, Revisions: p.Revisions} }

// AllowedNamespaces says which namespaces may use the plan. Pricing does not read it.
type AllowedNamespaces struct {
	From     string          `json:"from,omitempty"`
	Selector json.RawMessage `json:"selector,omitempty"`
}

// Revision has the rules and rates from one local midnight on.
type Revision struct {
	Name                        string                       `json:"name"`
	EffectiveDate               string                       `json:"effectiveDate"`
	MarketBy                    string                       `json:"marketBy,omitempty"`
	ClassifyBy                  string                       `json:"classifyBy"`
	Unit                        string                       `json:"unit"`
	OutsideWindow               string                       `json:"outsideWindow"`
	Promotion                   string                       `json:"promotion,omitempty"`
	RateAt                      string                       `json:"rateAt"`
	CategoryAt                  string                       `json:"categoryAt,omitempty"`
	ServiceWindow               ServiceWindow                `json:"serviceWindow"`
	EntryPoint                  *EntryPoint                  `json:"entryPoint,omitempty"`
	Conversation                *ConversationUnit            `json:"conversation,omitempty"`
	Free                        []FreeRule                   `json:"free,omitempty"`
	Allowances                  []Allowance                  `json:"allowances,omitempty"`
	Exemptions                  []Exemption                  `json:"exemptions,omitempty"`
	InternationalAuthentication *InternationalAuthentication `json:"internationalAuthentication,omitempty"`
	Rates                       []MarketRates                `json:"rates,omitempty"`
	RatedAs                     []RatedAs                    `json:"ratedAs,omitempty"`
	Tiers                       []Tiers                      `json:"tiers,omitempty"`
	Markups                     []Markup                     `json:"markups,omitempty"`
	MinimumCharge               string                       `json:"minimumCharge,omitempty"`
}

// ServiceWindow says what opens the service window, and for how long.
type ServiceWindow struct {
	Openings     []WindowOpening `json:"openings"`
	HumanAgent   []WindowOpening `json:"humanAgent,omitempty"`
	PrivateReply []WindowOpening `json:"privateReply,omitempty"`
}

// WindowOpening is a set of events and the length of the window that each opens.
type WindowOpening struct {
	Events          []string `json:"events"`
	DurationSeconds int64    `json:"durationSeconds"`
}

// EntryPoint says how a free entry point opens.
type EntryPoint struct {
	OpensOn            []string `json:"opensOn"`
	ReplyWithinSeconds int64    `json:"replyWithinSeconds"`
	DurationSeconds    int64    `json:"durationSeconds"`
	StartsAt           string   `json:"startsAt"`
	Expiry             string   `json:"expiry"`
	Conversations      string   `json:"conversations,omitempty"`
}

// ConversationUnit says how conversations open and which messages join an open one.
type ConversationUnit struct {
	DurationSeconds int64  `json:"durationSeconds"`
	TemplatesJoin   string `json:"templatesJoin"`
	FreeFormJoins   string `json:"freeFormJoins"`
}

// FreeRule says which messages cost nothing.
type FreeRule struct {
	Name       string   `json:"name"`
	Reason     string   `json:"reason"`
	When       string   `json:"when"`
	At         string   `json:"at,omitempty"`
	Categories []string `json:"categories,omitempty"`
	Forms      []string `json:"forms,omitempty"`
}

// Allowance is a number of messages or conversations of a month that cost nothing.
type Allowance struct {
	Name   string   `json:"name"`
	Count  int64    `json:"count"`
	Of     []string `json:"of"`
	Per    string   `json:"per"`
	Period string   `json:"period"`
}

// Exemption frees the accounts to which it was granted.
type Exemption struct {
	Name     string   `json:"name"`
	Of       []string `json:"of"`
	LastDate string   `json:"lastDate,omitempty"`
}

// InternationalAuthentication names the countries whose authentication messages have an
// international rate.
type InternationalAuthentication struct {
	Countries []string `json:"countries"`
}

// MarketRates is the list prices of one market.
type MarketRates struct {
	Market string  `json:"market"`
	Prices []Price `json:"prices"`
}

// Price is the list price of one message (or conversation) of a category.
type Price struct {
	Category string `json:"category"`
	Amount   string `json:"amount"`
}

// RatedAs says that a category costs the same as another one.
type RatedAs struct {
	Category string `json:"category"`
	As       string `json:"as"`
}

// Tiers are the lower prices of one market and category above a volume of a month.
type Tiers struct {
	Market    string     `json:"market"`
	Category  string     `json:"category"`
	CountedAs string     `json:"countedAs,omitempty"`
	Mode      string     `json:"mode"`
	Per       string     `json:"per"`
	Steps     []TierStep `json:"steps"`
}

// TierStep is the price of what exceeds a volume. Without an amount, that price is unknown.
type TierStep struct {
	Above  int64  `json:"above"`
	Amount string `json:"amount,omitempty"`
}

// Markup is what is charged on top of the cost of a category.
type Markup struct {
	Category string `json:"category"`
	Percent  string `json:"percent,omitempty"`
	Fixed    string `json:"fixed,omitempty"`
}
