package whatsapp

import (
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// endpointMarketing is where marketing templates are taken whose delivery Meta optimises, and for
// which a business can set the most that it pays. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/send-marketing-messages
const endpointMarketing = "marketing_messages"

// ParseMarketing implements network.Marketer.
func (Network) ParseMarketing(body []byte) (*network.Outbound, error) {
	send, err := ParseMarketing(body)
	if err != nil {
		return nil, err
	}
	return send.outbound(), nil
}

// ParseMarketing reads a request to POST /{version}/{phone-number-id}/marketing_messages: one for a
// template, as ParseSend reads it.
func ParseMarketing(body []byte) (*Send, error) {
	send, err := ParseSend(body)
	switch {
	case err != nil:
		return nil, err
	case send.Read != nil || !send.IsTemplate():
		return nil, notMarketing()
	}
	send.Optimised = true
	return send, nil
}

func notMarketing() *graph.Error {
	return graph.NewError(
		graph.CodeNotMarketing, "Only templates of category MARKETING are sent here. Use /messages for others.",
	)
}
