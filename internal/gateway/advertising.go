package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/guichet-dev/guichet/internal/gateway/dryrun"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// advertised is an authenticated request to one of the account's ad accounts.
type advertised struct {
	caller
	// channels are those whose marketing messages the ad account pays for; there is at least one.
	channels []*served.Channel
	network  network.Advertiser
}

// admitAdvertised authenticates a request that names an ad account in place of a channel.
func (g *Gateway) admitAdvertised(r *http.Request, account string) (advertised, error) {
	t, token, err := g.authenticate(r)
	if err != nil {
		return advertised{}, err
	}
	channels := t.Advertised(account)
	if len(channels) == 0 {
		return advertised{}, network.Refuse(network.UnknownObject, "No channel of this account has this ad account: "+
			"the gateway serves the ad accounts that channels name, and no other.")
	}
	from := advertised{caller: caller{tenant: t, channel: channels[0], token: token}, channels: channels}
	advertiser, ok := channels[0].Network.(network.Advertiser)
	if !ok {
		return from, inWordsOf(channels[0], network.Refuse(network.NoSuchPath, "This network has no paid marketing."))
	}
	from.network = advertiser
	return from, nil
}

// postAdvertised accepts a marketing message at the cost of an ad account.
func (g *Gateway) postAdvertised(w http.ResponseWriter, r *http.Request, account string) error {
	from, err := g.admitAdvertised(r, account)
	if err != nil {
		return err
	}
	return inWordsOf(from.channel, g.takeAdvertised(w, r, from))
}

func (g *Gateway) takeAdvertised(w http.ResponseWriter, r *http.Request, from advertised) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	body, done, err := g.bodies.Read(r, from.channel.Network.Traits().MaxRequest)
	if err != nil {
		return err
	}
	defer done()
	dry, body, err := dryrun.Asked(r, body)
	if err != nil {
		return err
	}
	out, err := from.network.ParseAdvertised(body)
	if err != nil {
		return err
	}
	if from.channel, err = g.admission.ChannelOf(r.Context(), from.channels, out.To); err != nil {
		return err
	}
	return g.accept(w, r, from.caller, key, out, dry)
}

// postCampaign passes on the creation of a campaign for one of the account's channels. It sends
// nothing and costs nothing: each message that belongs to it is reserved and billed by itself.
func (g *Gateway) postCampaign(w http.ResponseWriter, r *http.Request) error {
	account, ok := meta.AdAccount(r.PathValue("phone"))
	if !ok {
		return network.Refuse(network.NoSuchPath, "Campaigns are created at /act_{ad-account-id}/message_campaign.")
	}
	from, err := g.admitAdvertised(r, account)
	if err != nil {
		return err
	}
	answer, err := g.createCampaign(r, from)
	if err != nil {
		return inWordsOf(from.channel, err)
	}
	return writeJSON(w, answer)
}

func (g *Gateway) createCampaign(r *http.Request, from advertised) (answer json.RawMessage, err error) {
	body, done, err := g.readPeopleBody(r)
	if err != nil {
		return nil, err
	}
	defer done()
	channel, request, err := from.network.ParseCampaign(body)
	if err != nil {
		return nil, err
	}
	for _, c := range from.channels {
		upstream, can := c.Upstream.(network.AdvertisingUpstream)
		if c.ID != channel || !can {
			continue
		}
		err = g.pass(func() (err error) {
			answer, err = upstream.CreateCampaign(r.Context(), request)
			return err
		})
		return answer, upstreamFailure(err)
	}
	return nil, network.Refuse(network.InvalidValue, "page_id must be a page of this account that has the ad account.")
}
