package network

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/template"
)

// Outbound is a request of a business: a message to a customer, or a notice.
type Outbound struct {
	// Notice is set on what is no message, such as a read receipt: the upstream's request, to be
	// passed on at once. Nothing is stored or billed, and beside it only Answer is set.
	Notice []byte
	// Answer is what the business is told of a request that was taken, for JSON. The id is the
	// message's, and is not looked at for a notice.
	Answer func(id string) any

	// Endpoint is where the upstream takes the message, of those that the network has; empty for
	// the usual one.
	Endpoint string
	// To is whom the message goes to: what the customer is looked up by.
	To identity.Address
	// Recipient is the address as it is sent to and as callbacks name it.
	Recipient string
	// Subscribed says that To is the address of a subscription, and the message marketing that goes
	// out by it; Campaign is the network's id of what it belongs to.
	Subscribed bool
	Campaign   string
	// Group says that the message goes to a group: To is the group's id, and each member who gets
	// the message is a recipient.
	Group bool
	// Country is the recipient's; the zero value where the network tells none.
	Country market.Country
	// Unservable is why no message is sent to such a recipient, whatever the account may do; nil
	// for most. It is an Error.
	Unservable error
	// Type is the network's word for what kind of message it is, as the ledger keeps it.
	Type string
	// Form is what the rules of windows and prices take the message for.
	Form conversation.Form
	// Category is that of a message which states it itself. A template message has its template's.
	Category conversation.Category
	// TTL is how long the message may take to be delivered. A template may say otherwise.
	TTL time.Duration
	// Template is set on a message that is made of an approved template.
	Template *template.Send
	// CallbackData is what the business wants back in callbacks; nil if it gave none.
	CallbackData *string
	// Content is the request as it is stored until it is sent.
	Content json.RawMessage
	// Identity is what a repetition of the request is recognised by, where Content differs each
	// time; nil elsewhere.
	Identity []byte
}

// ErrUnreadable says that what is stored of a message is no request of its network.
var ErrUnreadable = errors.New("a stored message cannot be read")

// Access is what a channel's calls are made with.
type Access struct {
	// Channel is the channel's id at the network.
	Channel string
	// BaseURL and Version are of the network's API, Token the channel's; it is never logged.
	BaseURL, Version, Token string
	// AdAccount is the id of the account that pays for advertising; empty if the channel has none.
	AdAccount string
	// AppSecret is the app's, by which calls can be proved; it may be empty.
	AppSecret string
	// Timeout bounds a call, from the dial to the answer's last byte.
	Timeout   time.Duration
	Transport http.RoundTripper
}

// Upstream is a channel at its network's API. It is safe for concurrent use. The error of a call is
// an Error, if the network has answered, or a *TransportError.
type Upstream interface {
	// Send sends a message that Encode has written to an endpoint, see Outbound. A TransportError,
	// unless NotSent, and an Error that HidesOutcome leave open whether the network has the
	// message.
	Send(ctx context.Context, endpoint string, body []byte) (Sent, error)
	// Notify passes a notice of Parse on.
	Notify(ctx context.Context, notice []byte) error
	// Describe reads the channel, as a JSON text for the business. It costs nothing and shows that
	// the credentials are good.
	Describe(ctx context.Context) (json.RawMessage, error)
}

// Sent is the network's answer to a message that it has taken.
type Sent struct {
	// ID is the network's id of the message.
	ID string
	// Recipient is whom the network says that it went to.
	Recipient Known
	// To is whom Watermarks will name, on a network that has them.
	To identity.Address
}

// Known is what the network says of an address that it was given. It is empty if the network says
// nothing.
type Known struct {
	// Input is the address as it was given.
	Input identity.Address
	// Addresses are those that the network knows the same person by.
	Addresses []identity.Address
}

// BlockingUpstream is the Upstream of a Blocker.
type BlockingUpstream interface {
	Upstream
	// Block blocks customers, or takes that back.
	Block(ctx context.Context, users []string, blocked bool) (Blocked, error)
}

// Blocked is what came of blocking customers, or of taking that back.
type Blocked struct {
	// Done are the customers with whom it worked.
	Done []Known
	// Answer is the network's own, as AnswerBlocks reads it.
	Answer any
}

// Failure is a message that the gateway has given up.
type Failure struct {
	// Channel and Account are the ids of the channel and of its business account.
	Channel, Account string
	// ID is the message's, as the business knows it, and Recipient the address that it named.
	ID, Recipient string
	// Campaign is that of a message to a subscription, which Recipient then names; else empty.
	Campaign     string
	CallbackData *string
	At           time.Time
	// Cause is why: an Error of the channel's network.
	Cause Error
}
