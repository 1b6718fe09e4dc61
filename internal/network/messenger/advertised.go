package messenger

import (
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network"
)

var _ network.Advertiser = Network{}

// endpointAds is where marketing messages go: to the channel's ad account.
const endpointAds = "ads"

// Members of a request for a marketing message. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/send-messages
const (
	memberCampaign = "message_id" // that of the campaign
	memberDelivery = "messenger_delivery_data"
	memberToken    = "subscription_token"
	memberGap      = "min_conversation_gap_seconds"
)

// Limits of marketing messages.
const (
	maxMarketingText = 640     // characters
	maxGap           = 2592000 // seconds: 30 days
)

// ParseAdvertised implements network.Advertiser. It takes what Meta documents and nothing else: a
// field that nobody here knows could change who pays.
func (n Network) ParseAdvertised(body []byte) (*network.Outbound, error) {
	rules := clientbody.Rules{
		MaxBytes: maxBody, Texts: []string{memberCampaign}, Others: []string{memberDelivery, memberMessage, memberGap},
	}
	raw, object, err := rules.Read(body)
	if err != nil {
		return nil, err
	}
	for name := range object.All() {
		if !slices.Contains([]string{memberCampaign, memberDelivery, memberMessage, memberGap}, name) {
			return nil, clientbody.At(object, name).Fail("is not taken with a marketing message. Remove it")
		}
	}
	campaign, err := clientbody.At(object, memberCampaign).ID(maxID)
	if err != nil {
		return nil, err
	}
	token, err := readSubscription(clientbody.At(object, memberDelivery))
	if err != nil {
		return nil, err
	}
	if gap := clientbody.At(object, memberGap); !gap.Absent() {
		if _, err := gap.Number(1, maxGap); err != nil {
			return nil, err
		}
	}
	send := &Send{Raw: raw, MessagingType: typeUpdate}
	if err := n.readMessage(send, object); err != nil {
		return nil, err
	}
	message := object.Child(memberMessage)
	if _, err := clientbody.At(message, "text").Text(0, maxMarketingText); err != nil {
		return nil, err
	}
	out := &network.Outbound{
		Answer: func(id string) any { return advertisedAnswer{true, id} }, Endpoint: endpointAds,
		To: n.subscriptionAddress(token), Recipient: token, Subscribed: true, Campaign: campaign,
		Type: send.Type, Form: conversation.Direct, Category: conversation.Marketing, TTL: ttl, Content: raw,
	}
	if send.HasMetadata {
		out.CallbackData = &send.Metadata
	}
	return out, nil
}

// advertisedAnswer is what Meta answers to a marketing message that it has taken.
type advertisedAnswer struct {
	Success    bool   `json:"success"`
	TrackingID string `json:"marketing_message_tracking_id"`
}

// readSubscription reads whom a marketing message goes to.
func readSubscription(f clientbody.Field) (token string, err error) {
	object, err := f.Object()
	if err != nil {
		return "", err
	}
	for name := range object.All() {
		if name != memberToken {
			return "", object.Fail("must hold " + memberToken + " and nothing else")
		}
	}
	return object.At(memberToken).ID(maxID)
}

// subscriptionAddress is one more address of whoever has subscribed.
func (n Network) subscriptionAddress(token string) identity.Address {
	return identity.OfScoped("subscription", token)
}

// campaignFields are those of a campaign that are passed on.
func campaignFields() []string {
	return []string{
		"page_id", "name", "daily_budget", "lifetime_budget", "pixel_id", "start_time", "end_time", "bid_amount",
	}
}

// ParseCampaign implements network.Advertiser. Whatever a campaign's own budget is, each of its
// messages is reserved and billed here first.
func (n Network) ParseCampaign(body []byte) (channel string, request []byte, err error) {
	rules := clientbody.Rules{MaxBytes: maxBody, Others: campaignFields()}
	raw, object, err := rules.Read(body)
	if err != nil {
		return "", nil, err
	}
	for name := range object.All() {
		if !slices.Contains(campaignFields(), name) {
			return "", nil, clientbody.At(object, name).Fail("is not passed on. A campaign has " +
				strings.Join(campaignFields(), ", "))
		}
	}
	for _, name := range []string{"daily_budget", "lifetime_budget"} {
		if budget := clientbody.At(object, name); !budget.Absent() {
			if _, err := budget.Number(1, 1<<40); err != nil {
				return "", nil, err
			}
		}
	}
	channel, err = clientbody.At(object, "page_id").ID(maxID)
	return channel, raw, err
}

// withoutReach are the countries whose people get no marketing messages: the European Union, Japan,
// South Korea, Australia and the United Kingdom. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger
const withoutReach = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK JP KR AU GB"

// CheckCountry implements network.Advertiser.
func (n Network) CheckCountry(country market.Country) *network.Refusal {
	if !slices.Contains(strings.Fields(withoutReach), country.String()) {
		return nil
	}
	return network.Refuse(network.Undeliverable, "Meta sends no marketing messages to people in the European Union, "+
		"Japan, South Korea, Australia and the United Kingdom, and this person's time zone is there.")
}
