package settlement

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/store"
)

// Envelope is what is needed of a message as long as it is known: whom it goes to, what the client
// wants back in callbacks, and the facts that price it. The store seals it.
type Envelope struct {
	// Endpoint is where the upstream takes the message; empty for the usual one.
	Endpoint string `json:"endpoint,omitempty"`
	// Recipient is the customer's address as the client gave it: what callbacks name.
	Recipient string `json:"recipient"`
	// CallbackData is what the client wants back in callbacks; nil if it sent none.
	CallbackData *string `json:"callbackData,omitempty"`

	Type     string                `json:"type"`
	Country  market.Country        `json:"country"`
	Form     conversation.Form     `json:"form"`
	Category conversation.Category `json:"category,omitempty"`
	// Template and Language name the template of a template message.
	Template string `json:"template,omitempty"`
	Language string `json:"language,omitempty"`
	// TTLSeconds is how long the message may take to reach the upstream and be delivered.
	TTLSeconds int64 `json:"ttlSeconds"`
	// Subscription is the key of the subscription by which a marketing message goes out, and
	// Campaign what it belongs to; both are empty for most.
	Subscription string `json:"subscription,omitempty"`
	Campaign     string `json:"campaign,omitempty"`
	// InWindow says that the message was accepted within an open service window.
	InWindow bool `json:"inWindow,omitempty"`
	// Group says that the message goes to a group. It is then settled for one of the members who
	// get it, and Shares more messages, whose Share counts from 1, for the others.
	Group  bool `json:"group,omitempty"`
	Shares int  `json:"shares,omitempty"`
	Share  int  `json:"share,omitempty"`
	// Member is whom it is settled for; nil until somebody is known to have it.
	Member *Member `json:"member,omitempty"`
	// Trace is the span of the acceptance as a W3C traceparent; empty if none was begun.
	Trace string `json:"trace,omitempty"`

	// Unreadable says that nothing of it is known, see Settler.Open.
	Unreadable bool `json:"-"`
}

// billedNow is what the message is billed as, now that its template is billed under a category: a
// marketing template that went to the endpoint for marketing stays what it was sent as.
func (e *Envelope) billedNow(template conversation.Category) conversation.Category {
	switch {
	case e.Category == conversation.MarketingLite && template == conversation.Marketing:
		return e.Category
	case e.Group:
		return template.InGroup()
	}
	return template
}

// TTL is TTLSeconds as a duration.
func (e *Envelope) TTL() time.Duration { return time.Duration(e.TTLSeconds) * time.Second }

// Encode writes the envelope as it is stored.
func (e *Envelope) Encode() ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode a message's envelope: %w", err)
	}
	return text, nil
}

// decode reads what Encode wrote. Its error holds nothing of the envelope.
func decode(text []byte) (Envelope, error) {
	var e Envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return Envelope{}, errors.New("a message's envelope cannot be read: it was written by another version")
	}
	return e, nil
}

// Open reads a message's envelope. One that cannot be opened is empty and says so.
func (s *Settler) Open(tx *durable.Tx, m *store.Message) (Envelope, error) {
	if m.Condition == store.Whole || m.Envelope != nil {
		return decode(m.Envelope)
	}
	s.tellUnreadable(tx, telemetry.RowMessage, m.ID)
	return Envelope{Unreadable: true}, nil
}
