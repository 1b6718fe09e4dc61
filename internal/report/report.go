// Package report is what a gateway tells the operator about itself: the configuration that it
// serves, the head of its ledger, the figures of the current period and the depth of its queues.
// The operator pulls it; an unchanged report costs a 304.
package report

import (
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/template"
)

// Path is where a gateway serves its report, on config.ReportPort, over TLS, to whoever presents
// the report's bearer token.
const Path = "/report"

// The query's parameters: the record of the ledger that was published last, which the answer says
// whether it still has. See Ledger.Published.
const (
	QueryPublishedSequence = "publishedSequence"
	QueryPublishedHash     = "publishedHash"
)

// Report is one gateway replica's account of itself. Its figures are derived from the ledger and
// hold for the whole account, not only for the replica. Its ETag covers everything but AsOf, and a
// Ledger.Published that is as it was published, so that a report changes only when something that
// it says has changed. A 304 so says as well that what was published is on the ledger's chain.
type Report struct {
	// Replica is the name of the pod.
	Replica string `json:"replica"`
	// AsOf is the instant that the figures describe.
	AsOf time.Time `json:"asOf"`

	// ConfigDigest is the digest, "sha256:…", of the document that is served.
	ConfigDigest string `json:"configDigest"`
	// ConfigError says why the newest document was refused; empty if it was not. It holds no
	// secret.
	ConfigError string `json:"configError,omitempty"`
	// RefusedDigest is the digest of the document that was refused.
	RefusedDigest string `json:"refusedDigest,omitempty"`

	// Currency is the currency in which the account has been billed; empty before the first priced
	// message.
	Currency string `json:"currency,omitempty"`
	Period   Period `json:"period"`
	// History holds the periods that are over, newest first, 13 at most.
	History []PeriodTotal `json:"history,omitempty"`

	OpenWindows int64  `json:"openWindows"`
	Ledger      Ledger `json:"ledger"`
	Queues      Queues `json:"queues"`
	// OldKeyRows counts the rows of the store that are sealed with an old key of the keyset: at 0
	// the old ones may be retired. Nil while it is not known.
	OldKeyRows *int64 `json:"oldKeyRows,omitempty"`
	// UsedRevisions are the names of the plan's revisions that have priced something, by plan name:
	// they are frozen.
	UsedRevisions map[string][]string `json:"usedRevisions,omitempty"`
	// Channels says of each channel whether messages leave through it. Sorted by Name. Empty from a
	// gateway that has no configuration, or of a release that does not say so.
	Channels []Channel `json:"channels,omitempty"`
	// Waiting counts what has waited for the upstream for longer than WaitingAfter: of the oldest
	// 5,000 messages in the queue, so that of a longer queue the figures are least ones. Sorted by
	// Channel, then Reason.
	Waiting []Waiting `json:"waiting,omitempty"`
	// StoreOutage says that the store takes no writes; nil while it does. The figures may then be
	// missing, see Period.
	StoreOutage *StoreOutage `json:"storeOutage,omitempty"`
	// Storage is the room of an embedded store; nil of a shared one, and while it is not known.
	Storage *Storage `json:"storage,omitempty"`
	// Unpriced says which rates delivered messages wait for: of the oldest 200 of them. Sorted by
	// Plan, Market, Category, then Unreadable.
	Unpriced []Unpriced `json:"unpriced,omitempty"`
	// BudgetRefused is the least amount that a message was refused for, since the period began and
	// the budget's limit was set, because less is left; nil if none was refused.
	BudgetRefused *money.Money `json:"budgetRefused,omitempty"`
	// RefusedCallbacks tells of deliveries that were set aside because they always failed; nil if
	// none was.
	RefusedCallbacks *RefusedCallbacks `json:"refusedCallbacks,omitempty"`
	// CallbackFailure says that the business's endpoint takes no delivery at all while some wait;
	// nil if that is not so.
	CallbackFailure *CallbackFailure `json:"callbackFailure,omitempty"`
	// LostCallbacks counts deliveries that were lost because too many waited or were set aside. It
	// is 0 again once the endpoint takes deliveries and none is set aside.
	LostCallbacks int64 `json:"lostCallbacks,omitempty"`
	// Counts is how far the ledger was compared with the upstream's daily counts; nil where the
	// account does not have them compared.
	Counts *Counts `json:"counts,omitempty"`
	// TemplateEvents are the upstream's latest words on templates, as webhooks brought them: the
	// newest of each template, 100 at most.
	TemplateEvents []TemplateEvent `json:"templateEvents,omitempty"`
	// TemplateRequests are what clients ask the operator to do with templates, in the order of
	// their ids: MaxTemplateRequests at most, of at most MaxTemplateDefinition bytes each.
	TemplateRequests []TemplateRequest `json:"templateRequests,omitempty"`
}

// Period is the current billing period: a calendar month in the account's time zone.
type Period struct {
	// Name is such as "2026-11". It is empty while the gateway has no figures yet: then every
	// figure of the report is unknown, not zero.
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`

	// Messages counts the settlements of the period.
	Messages int64 `json:"messages"`
	// Charged counts those that were charged.
	Charged int64 `json:"charged"`
	// Billed is the sum of charges, Cost of the upstream's own prices; both exact.
	Billed money.Money `json:"billed"`
	Cost   money.Money `json:"cost"`
	// Reserved is the most that accepted and unsettled messages, and those given up while the
	// upstream may have a copy of them, can still cost.
	Reserved money.Money `json:"reserved"`
	// Unpriced counts delivered messages that the plan has no rate for; InDoubt those of unknown
	// fate.
	Unpriced int64 `json:"unpriced"`
	InDoubt  int64 `json:"inDoubt"`

	Categories []Category  `json:"categories,omitempty"`
	Allowances []Allowance `json:"allowances,omitempty"`
	// Differences say how many messages the upstream's statuses judged otherwise than the ledger.
	// Sorted by Cause.
	Differences []Difference `json:"differences,omitempty"`
	// CountDifferences say how many messages the upstream's daily counts have otherwise than the
	// ledger, where the account has them compared. Sorted by Cause.
	CountDifferences []Difference `json:"countDifferences,omitempty"`
	// BudgetWarned is the highest warning level, in percent, that was passed in the period; 0 if
	// none.
	BudgetWarned int32 `json:"budgetWarned,omitempty"`
}

// Unpriced counts delivered messages that wait for one rate.
type Unpriced struct {
	// Market and Category are those of the plan that has no rate for them, such as "Poland" and
	// "Marketing"; empty where no revision of the plan was in force.
	Market   string `json:"market,omitempty"`
	Category string `json:"category,omitempty"`
	// Plan is the plan that has no rate for them, if that is not the account's.
	Plan string `json:"plan,omitempty"`
	// Unreadable says that what prices the messages cannot be read: Market and Category are empty.
	Unreadable bool  `json:"unreadable,omitempty"`
	Messages   int64 `json:"messages"`
}

// Difference is what the upstream says otherwise than the ledger, for one cause. Its statuses have
// "price", "category" and "window", its counts those of guichet ledger reconcile; docs/ledger.md
// explains both.
type Difference struct {
	Cause    string `json:"cause"`
	Messages int64  `json:"messages"`
	// Samples are the ids of the first of them, three at most; none if only the upstream knows
	// them.
	Samples []string `json:"samples"`
}

// Counts says how far the ledger was compared with the upstream's daily counts.
type Counts struct {
	// Through is the last day that was compared, such as "2026-11-28", of the business account that
	// has come the least far; empty before the first.
	Through string `json:"through,omitempty"`
	// Failure says in stable words why the next day was not compared; empty if nothing keeps it.
	Failure string `json:"failure,omitempty"`
}

// Category is a category's part of a period. Sorted by Name.
type Category struct {
	Name     string      `json:"name"`
	Messages int64       `json:"messages"`
	Charged  int64       `json:"charged"`
	Billed   money.Money `json:"billed"`
}

// Allowance is what was used of one allowance in one scope. Sorted by Name, then Scope.
type Allowance struct {
	Name string `json:"name"`
	// Scope is a channel's name, "account" or "portfolio".
	Scope string `json:"scope"`
	Used  int64  `json:"used"`
	Count int64  `json:"count"`
}

// PeriodTotal is a period that is over.
type PeriodTotal struct {
	Name     string      `json:"name"`
	Messages int64       `json:"messages"`
	Billed   money.Money `json:"billed"`
}

// Ledger names the last record. Hash is "sha256:…", empty for an empty ledger.
type Ledger struct {
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash,omitempty"`
	// Published is the record that the query asked for, as this ledger has it; nil if it asked for
	// none. Another hash than the one that was published says that the ledger is not the
	// continuation of the one that published it.
	Published *LedgerRecord `json:"published,omitempty"`
}

// LedgerRecord names a record of a ledger. Hash is "sha256:…", empty if the ledger has no record of
// the sequence.
type LedgerRecord struct {
	Sequence int64  `json:"sequence"`
	Hash     string `json:"hash,omitempty"`
}

// Queues are the depths of the gateway's queues.
type Queues struct {
	// Outbound counts messages that wait for the upstream, Unsettled those that it has and that are
	// not settled.
	Outbound  int64 `json:"outbound"`
	Unsettled int64 `json:"unsettled"`
	// Callbacks counts deliveries that wait for the business's endpoint.
	Callbacks int64 `json:"callbacks"`
	// CallbackBytes is the room in the store that those deliveries take; 0 also from a gateway of a
	// release that does not tell.
	CallbackBytes int64 `json:"callbackBytes,omitempty"`
}

// TemplateEvent is the upstream's latest word on a template.
type TemplateEvent struct {
	UpstreamID string `json:"upstreamID"`
	Name       string `json:"name"`
	Language   string `json:"language"`
	// Event is the upstream's word: "APPROVED", "PAUSED", or "CATEGORY" for a changed category.
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
}

// Bounds of the requests for templates that wait for the operator.
const (
	MaxTemplateRequests = 20
	// MaxTemplateDefinition is the greatest length of a definition, in bytes.
	MaxTemplateDefinition = 16 << 10
)

// TemplateRequest is what a client asks the operator to do with a template.
type TemplateRequest struct {
	// ID is greater than that of every request before. Target is the ID of the one that asked for
	// the template first.
	ID     int64 `json:"id"`
	Target int64 `json:"target"`
	// By is the name of the API token that asked, Time when it did.
	By   string    `json:"by"`
	Time time.Time `json:"time"`
	// Name and Language are the template's.
	Name     string `json:"name"`
	Language string `json:"language"`
	// Definition is what the template shall be; nil if it shall be deleted.
	Definition *template.Definition `json:"definition,omitempty"`
}

// RefusedCallbacks are deliveries that always failed: while the business's endpoint took others, or
// for seven days. They wait until the business replays or drops them, for 30 days.
type RefusedCallbacks struct {
	Count int64 `json:"count"`
	// Status is that of the HTTP answer after which the last of them was set aside, such as 400; 0
	// if there was no answer.
	Status int `json:"status"`
}

// CallbackFailure says that the business's endpoint takes nothing.
type CallbackFailure struct {
	// Since is when the first delivery failed after which none has succeeded.
	Since time.Time `json:"since"`
	// Status is that of the last HTTP answer, such as 404; 0 if there was none.
	Status int `json:"status"`
}
