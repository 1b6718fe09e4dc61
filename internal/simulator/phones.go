package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// Inbound is a message that a phone writes to a business.
type Inbound struct {
	// To is the phone number id of the business.
	To string `json:"to"`
	// Text is the body of a text message.
	Text string `json:"text,omitempty"`
	// Timestamp is when it was written, in RFC 3339; now unless set. The window
	// counts from it.
	Timestamp *time.Time `json:"timestamp,omitempty"`
	// Name is the profile's name.
	Name string `json:"name,omitempty"`
	// Referral is the raw referral object of an advertisement.
	Referral json.RawMessage `json:"referral,omitempty"`
	// ReplyTo quotes a message of the business.
	ReplyTo string `json:"replyTo,omitempty"`
	// Message holds further members of the raw message, or replaces those that
	// the fields above make: type, image, button, reaction and so on.
	Message map[string]json.RawMessage `json:"message,omitempty"`
}

var errNoSuchNumber = errors.New(`give the phone in digits, and in "to" a phone number id of the configuration`)

// Write has a phone send a message and returns its id. number is in digits, with
// or without a plus sign.
func (s *Simulator) Write(number string, in Inbound) (string, error) {
	phone := digits(number)
	now := s.stage.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	n := st.numbers[in.To]
	if n == nil || phone == "" {
		return "", errNoSuchNumber
	}
	written := now
	if in.Timestamp != nil {
		written = *in.Timestamp
	}
	id := st.MessageID("wamid.")
	raw, err := inboundJSON(id, phone, written, in)
	if err != nil {
		return "", err
	}
	entry := stage.ChatEntry{ID: id, At: written, Message: raw}
	if err := st.wrote(n, whatsapp.ReadInbound(raw), phone, in.Name, entry, now); err != nil {
		return "", err
	}
	n.post(update{
		number: n.ID, display: n.display(), field: webhook.FieldMessages, list: "messages",
		contact: contactJSON(phone, in.Name), raw: raw,
	})
	return id, nil
}

// wrote takes a message of a customer into the record. The phone is whose message it is unless the
// message names somebody else.
func (st *state) wrote(
	n *number, read *network.Inbound, phone, name string, entry stage.ChatEntry, now time.Time,
) error {
	author := identity.Of(phone)
	if len(read.From) > 0 {
		author = read.From[0]
	}
	st.meet(author, read, now)
	with := pair{n.ID, st.people.Primary(author)}
	if read.Group != "" {
		with = pair{n.ID, read.Group}
	}
	c := st.customer(with)
	if c.blocked {
		return errors.New("the business has blocked this phone")
	}
	if read.Did != 0 {
		c.write(entry.At, read.Did&(conversation.Ad|conversation.PageButton) != 0)
	}
	st.Record.Counts.Inbound++
	st.Chats.Wrote(with.chat(), entry, phone, name)
	return nil
}

// inboundJSON writes the message as a webhook carries it.
func inboundJSON(id, phone string, written time.Time, in Inbound) ([]byte, error) {
	message := map[string]any{
		"from":      phone,
		"id":        id,
		"timestamp": strconv.FormatInt(written.Unix(), 10),
		"type":      request.TypeText,
	}
	if in.Text != "" {
		message["text"] = map[string]string{"body": in.Text}
	}
	if in.ReplyTo != "" {
		message["context"] = map[string]string{"id": in.ReplyTo}
	}
	if len(in.Referral) > 0 {
		message["referral"] = in.Referral
	}
	for name, value := range in.Message {
		message[name] = value
	}
	if in.Text == "" && in.Message == nil {
		return nil, errors.New("give text, or message with a type and its content")
	}
	raw, err := rawjson.Marshal(message)
	if err != nil {
		return nil, errors.New("message: every member must be valid JSON")
	}
	var typed struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &typed) != nil {
		return nil, errors.New("message.type must be a string")
	}
	return raw, nil
}

func contactJSON(phone, name string) []byte {
	out := append([]byte(`{"profile":{"name":`), rawjson.Quote(orElse(name, "Customer"))...)
	out = append(out, `},"wa_id":`...)
	out = append(out, rawjson.Quote(phone)...)
	return append(out, '}')
}

func (s *Simulator) controlInbound(w http.ResponseWriter, r *http.Request) {
	var in Inbound
	if err := readStrict(w, r, &in); err != nil {
		badRequest(w, err)
		return
	}
	id, err := s.Write(r.PathValue("number"), in)
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"id": id})
}

// Prefer has a customer stop or resume marketing messages of a number: value is
// "stop" or "resume". After a stop, marketing fails with 131050 by webhook.
func (s *Simulator) Prefer(number, to, value string) error {
	if value != "stop" && value != "resume" {
		return errors.New("value: use stop or resume")
	}
	phone := digits(number)
	raw, err := rawjson.Marshal(map[string]any{
		"wa_id": phone, "detail": "User requested to " + value + " marketing messages",
		"category": "marketing_messages", "value": value, "timestamp": s.stage.Now().Unix(),
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.state.numbers[to]
	if n == nil || phone == "" {
		return errNoSuchNumber
	}
	with := s.state.pairOf(n.ID, phone)
	s.state.customer(with).stopped = value == "stop"
	s.state.Chats.Touch(with.chat())
	n.post(update{
		number: n.ID, display: n.display(), field: webhook.FieldUserPreferences, list: "user_preferences",
		contact: contactJSON(phone, ""), raw: raw,
	})
	return nil
}

func (s *Simulator) controlPreference(w http.ResponseWriter, r *http.Request) {
	var in struct {
		To    string `json:"to"`
		Value string `json:"value"`
	}
	if err := readStrict(w, r, &in); err != nil {
		badRequest(w, err)
		return
	}
	if err := s.Prefer(r.PathValue("number"), in.To, in.Value); err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, done())
}

// PhoneState is how a phone behaves. What is nil stays as it is.
type PhoneState struct {
	// Off holds deliveries back until the phone is on again.
	Off *bool `json:"off,omitempty"`
	// ReadReceipts tells whether the customer shares them.
	ReadReceipts *bool `json:"readReceipts,omitempty"`
	// Silent has nothing told of the messages to the phone, so that whoever scripts it can post
	// their statuses.
	Silent *bool `json:"silent,omitempty"`
	// Refuses lists the phone number ids that the customer has blocked: their
	// messages are accepted and never delivered.
	Refuses *[]string `json:"refuses,omitempty"`
}

// SetPhone changes a phone; one that is switched on receives what waited.
func (s *Simulator) SetPhone(number string, change PhoneState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.state.phone(digits(number))
	person := s.state.person(digits(number))
	s.state.phones[person] = p
	s.state.Chats.TouchPerson(person)
	if change.ReadReceipts != nil {
		p.noReceipts = !*change.ReadReceipts
	}
	if change.Silent != nil {
		p.silent = *change.Silent
	}
	if change.Refuses != nil {
		p.refuses = map[string]bool{}
		for _, id := range *change.Refuses {
			p.refuses[id] = true
		}
	}
	if change.Off == nil {
		return
	}
	p.off = *change.Off
	if p.off {
		return
	}
	parked := p.parked
	p.parked = nil
	for _, deliver := range parked {
		deliver()
	}
}

func (s *Simulator) controlPhone(w http.ResponseWriter, r *http.Request) {
	var change PhoneState
	if err := readStrict(w, r, &change); err != nil {
		badRequest(w, err)
		return
	}
	s.SetPhone(r.PathValue("number"), change)
	writeJSON(w, http.StatusOK, done())
}
