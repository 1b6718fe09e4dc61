package whatsapp

import (
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

// endpointMarketing is where marketing templates are taken whose delivery Meta optimises, and for
// which a business can set the most that it pays. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/send-marketing-messages
const endpointMarketing = "marketing_messages"

// ParseMarketing implements network.Marketer.
func (Network) ParseMarketing(body []byte) (*network.Outbound, error) {
	send, err := request.ParseMarketing(body)
	if err != nil {
		return nil, err
	}
	return outboundOf(send), nil
}
