// Package network says what a messaging network is to the gateway, and nothing of any one network.
//
// A network is a dialect with its events and its limits. Whatever the gateway knows of one stands
// in this package: a request for a message becomes an Outbound, a webhook becomes Batches of
// Events, an error becomes an Error with a class and a cause, and what differs otherwise is a
// trait. How it is written on the wire is known to one folder below this one, such as
// network/whatsapp. To add a network is to add such a folder, and its line in network/meta.
//
// The way of a message out:
//
//	Parse(body)            the business's request → Outbound
//	Encode(content, …)     what was stored of it → the upstream's request, with our id in it
//	Upstream.Send(…)       → Sent, or an Error, or a TransportError
//
// The way in:
//
//	Read(webhook)         a verified webhook → Batches of Events
//	Inbound.Callback(…)    an event → the webhook by which the business is told of it
//
// What the gateway refuses itself is a Refusal, which says why. Refuse puts it into the network's
// own words.
package network

import (
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
)

// Network is one messaging network. Its methods do no I/O, which is the Upstream's, and are safe
// for concurrent use.
type Network interface {
	// Name is the type of the network's channels in the configuration, such as "WhatsApp".
	Name() string
	// Traits are the network's limits, and what it has and has not.
	Traits() Traits
	// Connect returns a channel's upstream. Its error says which part of the access is wrong.
	Connect(access Access) (Upstream, error)

	Sender
	Receiver
	Refuser
}

// Sender reads and writes messages of a business to its customers.
type Sender interface {
	// Parse reads a business's request to the messages endpoint. It keeps no reference to the body.
	// Its error is an Error that names the field, never its value.
	Parse(body []byte) (*Outbound, error)
	// Categorize is what a message is billed as, given the category of its template or its own, and
	// whether the template has a price of the business's own as its most. It refuses what the
	// network does not send to such a recipient, or by such an endpoint; its error is an Error.
	Categorize(message *Outbound, category conversation.Category, capped bool) (conversation.Category, error)
	// CheckTemplate refuses a template that the upstream does not send in such a state, which is
	// its own word; nil if it does.
	CheckTemplate(status string) *Refusal
	// Encode writes the upstream's request for a message from the content of its Outbound: with our
	// id for the network to return, if it correlates, and with the network's ids of the messages
	// that the business quotes by ours. UpstreamID tells those; "" is not known. Encode returns
	// ErrUnreadable for content that no Parse has read, and the errors of upstreamID.
	Encode(content []byte, id string, upstreamID func(id string) (string, error)) ([]byte, error)
	// NewID makes an id for a message of ours, in the form of the network's own ids, that nobody
	// can guess. IsOwnID tells such ids from the network's.
	NewID(now time.Time) (string, error)
	IsOwnID(id string) bool
	// ParseAddress reads the address of a customer as clients write it: one that a message can be
	// sent to. Its error says what it must be, without the name of the field.
	ParseAddress(text string) (identity.Address, error)
}

// Receiver reads the events of a network, and writes what the business is told of them.
type Receiver interface {
	// Reads tells whether webhooks about such an object are the network's.
	Reads(object string) bool
	// Read reads what a webhook tells, parsing each part of it once. It tolerates whatever can be
	// tolerated, and returns ErrTooManyEvents for more than the network may tell at once. The
	// events refer to the webhook's text, which must not be changed afterwards.
	Read(webhook Webhook) ([]Batch, error)
	// FailedCallback writes the webhook by which the business hears that the gateway has given a
	// message up.
	FailedCallback(f Failure) ([]byte, error)
}

// Refuser says no in a network's words, and knows what its codes mean.
type Refuser interface {
	// Refuse is what a client is told of a refusal.
	Refuse(r *Refusal) Error
	// KnowsCode tells whether the network documents a code; others become no label of a metric.
	KnowsCode(code int) bool
	// CauseOf is what an error of a code is about, as far as the code alone tells.
	CauseOf(code int) Cause
}

// Marketer is a Network with an endpoint of its own for marketing.
type Marketer interface {
	// ParseMarketing reads a request to that endpoint, as Parse reads one for messages.
	ParseMarketing(body []byte) (*Outbound, error)
}

// Blocker is a Network on which a business can block customers.
type Blocker interface {
	// ParseBlocks reads a request to block or unblock customers: their addresses as written. Its
	// error is an Error.
	ParseBlocks(body []byte) (users []string, err error)
	// AnswerBlocks writes what the business is told of it. The id names an answer that is an error.
	AnswerBlocks(result Blocked, blocked bool, id string) (status int, body []byte, err error)
}

// Traits are what differs between networks beside their dialect.
type Traits struct {
	// Correlates says that each status returns the id that Encode has put into its message. Without
	// it a status is matched by the network's own id alone.
	Correlates bool
	// HasCountry says that an address tells its owner's country, by which prices are listed.
	HasCountry bool
	// SecretScope is what an app secret vouches for, TemplateScope which channels send a template.
	SecretScope, TemplateScope Scope
	// HasMe says that a request may name its channel "me", which is that of its token.
	HasMe bool
	// SettlesByWatermark says that Watermarks tell of deliveries: of each message its recipient, as
	// Sent tells it, is then kept until the message is read.
	SettlesByWatermark bool
	// SettlesOnAcceptance says that nothing tells of deliveries: a message counts as delivered once
	// the upstream has taken it.
	SettlesOnAcceptance bool
	// MostPerSecond is how many messages a channel may send in a second at most, whatever its
	// account says.
	MostPerSecond int32
	// PairLimit is what a channel may send to one customer; zero for no limit.
	PairLimit RateLimit
	// TTL is how long the upstream tries to deliver a message that says nothing else; OneTimeTTL
	// the same for one-time passwords.
	TTL, OneTimeTTL time.Duration
	// RetoldFor is for how long the upstream repeats a webhook that was not taken.
	RetoldFor time.Duration
	// GroupSize is how many members a group has at most, the business apart; 0 if there are no
	// groups.
	GroupSize int
	// MaxRequest is the largest request for a message, in bytes.
	MaxRequest int64
}

// RateLimit lets a message go every Interval, and after a rest Burst of them at once.
type RateLimit struct {
	Interval time.Duration
	Burst    int
}

// Scope is what the app secret that signs a webhook vouches for.
type Scope uint8

// The scopes.
const (
	// OwnChannel: only the channel that the secret was given for.
	OwnChannel Scope = iota
	// OwnAccount: every channel of the same business account. A channel that names none is alone.
	OwnAccount
)

// Covers tells whether a secret of one channel vouches for another one, by the business accounts
// that they name.
func (s Scope) Covers(own, other string) bool {
	return s == OwnAccount && own != "" && own == other
}
