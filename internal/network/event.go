package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
)

// Bounds of a webhook.
const (
	// MaxWebhookBody is the largest body, in bytes.
	MaxWebhookBody = 3 << 20
	// MaxEvents is how many events one may tell.
	MaxEvents = 1000
)

// Errors of reading a webhook.
var (
	ErrWebhookTooLarge = fmt.Errorf("the webhook is larger than %d bytes", MaxWebhookBody)
	ErrTooManyEvents   = fmt.Errorf("the webhook has more than %d updates", MaxEvents)
	ErrWebhookSyntax   = errors.New("the webhook is not a JSON object with an entry list")
)

// Webhook is a webhook as far as it is alike for all networks of a platform.
type Webhook struct {
	// Object says what the webhook is about, and so whose it is.
	Object string
	// Entries are its parts, each the sender's own text.
	Entries [][]byte
	// Before and Behind are the sender's own text around the list of them.
	Before, Behind []byte
}

// Batch is what a webhook tells of one channel, or of a business account as a whole.
type Batch struct {
	// Channel is the channel's id at the network; empty for what is told of the account.
	Channel string
	// Account is the id of the business account, where the network has them.
	Account string
	// Events are in the order in which they are to be applied.
	Events []Event
}

// Event is one thing that a webhook tells: an *Inbound, *Status, *Watermark, *Preference,
// *Subscription, *Call, *TemplateNews, *Enforcement or *Passed.
type Event interface{ event() }

func (*Inbound) event()      {}
func (*Status) event()       {}
func (*Watermark) event()    {}
func (*Preference) event()   {}
func (*Call) event()         {}
func (*TemplateNews) event() {}
func (*Enforcement) event()  {}
func (*Passed) event()       {}

// Inbound is a message of a customer, or what else they do in a thread.
type Inbound struct {
	// ID is what the event is known by when it is told again. Without one it opens no window.
	ID string
	// From are the addresses of who it is, those first that the event itself names.
	From []identity.Address
	// Group is the id of the group in which it happened; empty outside of groups.
	Group identity.Address
	// Renamed are the addresses that the customer has from now on, if that is what the event tells.
	Renamed []identity.Address
	// Did is what opens a window, if the plan says so: 0 for what opens none.
	Did conversation.Events
	// At is the event's own instant; zero if it has none.
	At time.Time
	// Text is what the customer wrote or tapped; empty where that is no text.
	Text string
	// Quotes are the network's ids of the messages that it answers or reacts to.
	Quotes []string
	// File is the file that it brings, if the event says where its bytes are; nil for most.
	File *File
	// Raw is all that is told of it.
	Raw json.RawMessage
	// Callback writes the webhook that tells the business of the event alone, with the address that
	// File has when it is called. Ours are the ids by
	// which the business knows the messages of Quotes, in that order; "" for one that is not ours.
	// Nil leaves all of them as they came.
	Callback func(ours []string) []byte
}

// Status is a step in the life of a message that was sent through the channel.
type Status struct {
	// ID is the network's id of the message.
	ID string
	// Correlation is our id, which Encode has put into the message; empty if the status returns
	// none. Foreign says that it returns something that another sender has put there.
	Correlation string
	Foreign     bool
	// Subscription is that by which the message went out, and Campaign that which it belongs to: a
	// message without an id that is known here is told by them, because a subscription gets one
	// message at a time. Both are empty for most.
	Subscription identity.Address
	Campaign     string
	// Step is how far the message has come; Untold for what is no step of its delivery, such as a
	// payment or a word that nobody here knows.
	Step conversation.Status
	// OfDelivery says that the status is about the delivery, although Step may be Untold.
	OfDelivery bool
	// Word is the network's own for the step.
	Word string
	// Always says that the business is told of it also if the message has come further already.
	Always bool
	// Resembles tells whether a stored message of ours is what a status may be of that returns no
	// id of ours, although it could; nil where every such status is another sender's.
	Resembles func(content []byte) bool
	// At is when it was reached; zero if the network tells none.
	At time.Time
	// Recipient are the addresses of whom the message went to. Of a message to a group these are of
	// the group, Group is set, and Member are those of the one whom the status is about; none if it
	// is about the message as a whole.
	Recipient []identity.Address
	Group     bool
	Member    []identity.Address
	// Price is the network's word on what the message costs; nil where it says nothing.
	Price *Price
	// EntryPointEnds is when the free entry point ends that the message is part of; zero where the
	// network does not say.
	EntryPointEnds time.Time
	// Errors say why the message has failed, the foremost first; there is at least one.
	Errors []StatusError
	// Raw is all that is told of it.
	Raw json.RawMessage
	// Callback writes the webhook that tells the business of the status alone: with the id by which
	// the business knows the message, and the data that it wants back, nil for none.
	Callback func(id string, data *string) []byte
	// AsItCame writes the same for a message that is not ours.
	AsItCame func() []byte
}

// StatusError is one reason for a failure.
type StatusError struct {
	Code  int
	Cause Cause
}

// Price is what the network says that a message costs.
type Price struct {
	// Billed says whether it is billed, if Said.
	Billed, Said bool
	// Category is that under which it is; None where that is not told, or not known here.
	Category conversation.Category
	// Words are the network's own, in short, as the ledger keeps them.
	Words func() string
}

// Watermark says that every message that went to a customer up to an instant has reached a step.
type Watermark struct {
	Customer []identity.Address
	// Step is Delivered or Read.
	Step conversation.Status
	// UpTo is the instant, itself included, by the network's clock. At is when that was so; zero if
	// the network does not say.
	UpTo, At time.Time
	// IDs are the network's ids of the messages, if it lists them.
	IDs []string
	// Raw is all that is told of it.
	Raw json.RawMessage
	// Callback writes the webhook that tells the business of it alone. Ours are the ids by which
	// the business knows the messages of IDs, in that order; "" for one that is not ours.
	Callback func(ours []string) []byte
}

// Preference is a customer's choice about marketing messages.
type Preference struct {
	From []identity.Address
	// Choice is Stop or Resume; it is NoChoice for what is about something else.
	Choice Choice
	At     time.Time
}

// Choice is what a customer wants of marketing.
type Choice uint8

// The choices.
const (
	NoChoice Choice = iota
	Stop
	Resume
)

// Call is a step of a call between a customer and the business.
type Call struct {
	From []identity.Address
	// Did is what opens a window, if the plan says so: 0 for steps that open none.
	Did conversation.Events
	At  time.Time
}

// TemplateNews is a change of a template, or of what the network thinks of it.
type TemplateNews struct {
	// UpstreamID is the network's id of the template.
	UpstreamID, Name, Language string
	// Event is the network's word for a new status, such as "APPROVED", or CategoryChanged or
	// QualityChanged.
	Event string
	// At is when the network told; zero if it did not say.
	At time.Time
	// Callback is the webhook that tells the business.
	Callback []byte
}

// Events of TemplateNews that are no status.
const (
	CategoryChanged = "CATEGORY"
	QualityChanged  = "QUALITY"
)

// Enforcement is what the network does to a channel that breaks its policies.
type Enforcement struct {
	// Action is the network's word, such as "block", and Reason its sentence for people.
	Action, Reason string
	// Stops says that the channel sends nothing from now on, Ends that it may again. Neither is set
	// on a warning.
	Stops, Ends bool
	At          time.Time
	// Cause is the error that a message of the channel would meet; nil unless Stops.
	Cause Error
	// Callback is the webhook that tells the business.
	Callback []byte
}

// Passed is what the gateway has no use for, or has used already, and passes on.
type Passed struct {
	// About is the customer whom it is about; empty if it is about none.
	About identity.Address
	// Callback is the webhook that tells the business. It is also what the event is known by when
	// it is told again.
	Callback []byte
}
