package messenger

import (
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Parse implements network.Sender.
func (n Network) Parse(body []byte) (*network.Outbound, error) {
	s, err := n.ParseSend(body)
	if err != nil {
		return nil, err
	}
	return n.outbound(s), nil
}

func (n Network) outbound(s *Send) *network.Outbound {
	if s.Action != nil {
		return &network.Outbound{Notice: s.Action, Answer: func(string) any { return s.answer("") }}
	}
	out := &network.Outbound{
		Answer: func(id string) any { return s.answer(id) },
		To:     n.address(s.Recipient), Recipient: s.Recipient.id, Country: s.Recipient.country(),
		Type: s.Type, Form: s.form(), Template: s.Template, TTL: ttl, Content: s.Raw,
	}
	if s.HasMetadata {
		out.CallbackData = &s.Metadata
	}
	return out
}

// form is what the rules of windows and prices take the message for.
func (s *Send) form() conversation.Form {
	switch {
	case s.Template != nil:
		return conversation.Templated
	case s.Recipient.isPublic():
		return conversation.PrivateReply
	case s.Tag == tagHumanAgent:
		return conversation.HumanAgent
	}
	return conversation.FreeForm
}

// answer is what Meta answers: without a recipient's id where the request did not name it, and with
// the id of a file that came along and can be sent again.
type answer struct {
	RecipientID  string `json:"recipient_id,omitempty"`
	MessageID    string `json:"message_id,omitempty"`
	AttachmentID string `json:"attachment_id,omitempty"`
}

func (s *Send) answer(id string) answer {
	a := answer{MessageID: id, AttachmentID: s.attachmentID}
	if s.Recipient.kind == recipientID {
		a.RecipientID = s.Recipient.id
	}
	return a
}

// Categorize implements network.Sender. Utility is the only category of templates.
func (Network) Categorize(
	_ *network.Outbound, category conversation.Category, _ bool,
) (conversation.Category, error) {
	return category, nil
}

// Encode implements network.Sender: our id goes into the message's metadata, which the echo of the
// message returns. It changes three members at most, and no other byte of the client's request.
func (n Network) Encode(content []byte, id string, upstreamID func(string) (string, error)) ([]byte, error) {
	request, err := rawjson.ParseObject(content)
	if err != nil {
		return nil, network.ErrUnreadable
	}
	message := request.Child(memberMessage)
	if message.Len() == 0 {
		return nil, network.ErrUnreadable
	}
	if request.Has(memberDelivery) { // nothing returns the metadata of a marketing message
		return request.Set(memberMessage, message.Without(memberMetadata)), nil
	}
	inner := []rawjson.Member{{Name: memberMetadata, Value: rawjson.Quote(id)}}
	outer := make([]rawjson.Member, 0, 2)
	for _, place := range []struct {
		in      rawjson.Object
		changes *[]rawjson.Member
	}{{message, &inner}, {request, &outer}} {
		quoting := place.in.Child(memberReplyTo)
		known, err := n.upstreamOf(quoting.Text("mid"), upstreamID)
		if err != nil {
			return nil, err
		}
		if known != "" {
			*place.changes = append(*place.changes, rawjson.Member{
				Name: memberReplyTo, Value: quoting.Set("mid", rawjson.Quote(known)),
			})
		}
	}
	outer = append(outer, rawjson.Member{Name: memberMessage, Value: message.With(inner...)})
	return request.With(outer...), nil
}

// upstreamOf is the network's id of a message that is quoted by ours; "" for what is not to be
// replaced.
func (n Network) upstreamOf(id string, upstreamID func(string) (string, error)) (string, error) {
	if !n.IsOwnID(id) {
		return "", nil
	}
	return upstreamID(id)
}
