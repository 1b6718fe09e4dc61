package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// upstream is a page, or an account on Instagram, at the Graph API.
type upstream struct {
	of   Network
	api  *graph.Client
	id   string
	path string // that of the channel
	ads  string // that of the channel's ad account; empty if it has none
}

// Connect implements network.Network; the channel's id is that of the page or account.
func (n Network) Connect(access network.Access) (network.Upstream, error) {
	client, err := graph.NewClient(graph.ClientOptions{
		BaseURL: access.BaseURL, Version: access.Version, Token: graph.Token(access.Token),
		AppSecret: access.AppSecret, Timeout: access.Timeout, Transport: access.Transport,
	})
	if err != nil {
		return nil, err
	}
	u := &upstream{of: n, api: client, id: access.Channel, path: url.PathEscape(access.Channel)}
	switch {
	case access.AdAccount == "":
	case n.Instagram, !isID(access.AdAccount):
		return nil, errors.New(
			"the ad account must be an id in digits, of a page's: Instagram has no marketing messages",
		)
	default:
		u.ads = AdAccountPrefix + access.AdAccount
	}
	return u, nil
}

// AdAccountPrefix stands before the id of an ad account in a path.
const AdAccountPrefix = "act_"

// post posts to an edge, with the proof that the app may demand.
func (u *upstream) post(ctx context.Context, edge string, body []byte) ([]byte, error) {
	return u.api.Call(ctx, http.MethodPost, edge, u.api.Proof(), body)
}

// Send implements network.Upstream.
func (u *upstream) Send(ctx context.Context, endpoint string, body []byte) (network.Sent, error) {
	if endpoint == endpointAds {
		return u.advertise(ctx, body)
	}
	raw, err := u.post(ctx, u.path+"/messages", body)
	if err != nil {
		return network.Sent{}, err
	}
	object, err := rawjson.ParseObject(raw)
	if err == nil {
		if id := object.Text("message_id"); id != "" {
			return network.Sent{ID: id, To: u.of.personAddress(object.Text("recipient_id"))}, nil
		}
		err = errors.New("the answer names no message_id")
	}
	if refusal := graph.ParseError(http.StatusOK, nil, raw); !refusal.Foreign {
		return network.Sent{}, refusal
	}
	return network.Sent{}, &network.TransportError{API: "the Graph API", Err: err}
}

// Notify implements network.Upstream: it posts a sender action.
func (u *upstream) Notify(ctx context.Context, notice []byte) error {
	_, err := u.post(ctx, u.path+"/messages", notice)
	return err
}

// Describe implements network.Upstream.
func (u *upstream) Describe(ctx context.Context) (json.RawMessage, error) {
	query := u.api.Proof()
	query.Set("fields", "id,name")
	return u.api.Call(ctx, http.MethodGet, u.path, query, nil)
}

// noAdAccount refuses a marketing message of a channel that has no ad account, or has it no more.
func noAdAccount() *graph.Error {
	return invalid("This page has no ad account. Set the adAccountID of its channel.")
}

// advertise sends a marketing message.
func (u *upstream) advertise(ctx context.Context, body []byte) (network.Sent, error) {
	if u.ads == "" {
		return network.Sent{}, noAdAccount()
	}
	raw, err := u.post(ctx, u.ads+"/messages", body)
	if err != nil {
		return network.Sent{}, err
	}
	object, err := rawjson.ParseObject(raw)
	if err == nil {
		id, success := object.Text(memberTrackingID), object.Bool("success")
		switch {
		case success != nil && !*success:
			return network.Sent{}, invalid("Meta has answered success: false.")
		case id != "":
			return network.Sent{ID: id}, nil
		}
		err = errors.New("the answer names no " + memberTrackingID)
	}
	if refusal := graph.ParseError(http.StatusOK, nil, raw); !refusal.Foreign {
		return network.Sent{}, refusal
	}
	return network.Sent{}, &network.TransportError{API: "the Graph API", Err: err}
}

// CreateCampaign implements network.AdvertisingUpstream.
func (u *upstream) CreateCampaign(ctx context.Context, request []byte) (json.RawMessage, error) {
	if u.ads == "" {
		return nil, noAdAccount()
	}
	return u.post(ctx, u.ads+"/message_campaign", request)
}

var _ network.AdvertisingUpstream = (*upstream)(nil)
