package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// envelope is what is needed of a message as long as it is known: whom it goes to, what the client
// wants back in callbacks, and the facts that price it. The store seals it.
type envelope struct {
	// Recipient is the customer's number in digits or business-scoped user id, as the client gave
	// it: what callbacks name.
	Recipient string `json:"recipient"`
	// CallbackData is the client's own biz_opaque_callback_data; nil if it sent none.
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
	// InWindow says that the message was accepted within an open service window.
	InWindow bool `json:"inWindow,omitempty"`
	// Trace is the span of the acceptance as a W3C traceparent; empty if none was begun.
	Trace string `json:"trace,omitempty"`

	// unreadable says that nothing of it is known, see Gateway.envelopeOf.
	unreadable bool
}

func newEnvelope(out outgoing, granted admission) envelope {
	e := envelope{
		Recipient: recipientOf(out.send), Type: out.send.Type,
		Country: out.country, Form: out.form, Category: out.category, InWindow: granted.inWindow, TTLSeconds: int64(
			out.ttl / time.Second,
		),
	}
	if out.send.HasCallbackData {
		data := out.send.CallbackData
		e.CallbackData = &data
	}
	if out.send.Template != nil {
		e.Template, e.Language = out.send.Template.Name, out.send.Template.Language
	}
	return e
}

func (e envelope) ttl() time.Duration { return time.Duration(e.TTLSeconds) * time.Second }

func (e envelope) encode() ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode a message's envelope: %w", err)
	}
	return text, nil
}

// decodeEnvelope reads what encode wrote. Its error holds nothing of the envelope.
func decodeEnvelope(text []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return envelope{}, errors.New("a message's envelope cannot be read: it was written by another version")
	}
	return e, nil
}

// eventsOf says what a customer's message was, as far as windows ask. What opens a window, and for
// how long, is the plan's to say. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func eventsOf(m *whatsapp.Message) conversation.Events {
	var entry conversation.Events
	if m.Referral != nil {
		switch m.Referral.SourceType {
		case referralAd:
			entry = conversation.Ad
		case referralPost:
			entry = conversation.PageButton
		}
	}
	return conversation.EventsOf(m.Kind(), entry)
}

// Kinds of referral. "post" is a page's own button or post in the older documents.
const (
	referralAd   = "ad"
	referralPost = "post"
)
