package whatsapp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
)

// upstream is a phone number at the Cloud API.
type upstream struct {
	api  *graph.Client
	id   string
	path string // that of the number
}

// Connect returns the upstream of a phone number; the channel's id is its phone number id.
func (Network) Connect(access network.Access) (network.Upstream, error) {
	client, err := graph.NewClient(graph.ClientOptions{
		BaseURL: access.BaseURL, Version: access.Version, Token: graph.Token(access.Token),
		AppSecret: access.AppSecret, Timeout: access.Timeout, Transport: access.Transport,
	})
	if err != nil {
		return nil, err
	}
	return &upstream{client, access.Channel, url.PathEscape(access.Channel)}, nil
}

// Send implements network.Upstream.
func (u *upstream) Send(ctx context.Context, endpoint string, body []byte) (network.Sent, error) {
	edge := "/messages"
	if endpoint == endpointMarketing {
		edge = "/" + endpointMarketing
	}
	answer, err := u.api.Call(ctx, http.MethodPost, u.path+edge, nil, body)
	if err != nil {
		return network.Sent{}, err
	}
	response, err := ParseSendResponse(answer)
	if err == nil {
		return response.sent(), nil
	}
	if refusal := graph.ParseError(http.StatusOK, nil, answer); !refusal.Foreign {
		return network.Sent{}, refusal
	}
	return network.Sent{}, &network.TransportError{API: "the Graph API", Err: err}
}

// sent is what the answer tells. One that names several contacts, or none, is about nobody.
func (r SendResponse) sent() network.Sent {
	sent := network.Sent{ID: r.Messages[0].ID}
	if len(r.Contacts) != 1 || r.Contacts[0].Input == "" {
		return sent
	}
	c := r.Contacts[0]
	sent.Recipient = network.Known{
		Input: identity.Of(c.Input), Addresses: addresses(c.WAID, c.UserID, c.ParentUserID),
	}
	return sent
}

// Notify implements network.Upstream: it posts a read receipt.
func (u *upstream) Notify(ctx context.Context, notice []byte) error {
	_, err := u.api.Call(ctx, http.MethodPost, u.path+"/messages", nil, notice)
	return err
}

// Describe implements network.Upstream.
func (u *upstream) Describe(ctx context.Context) (json.RawMessage, error) {
	query := url.Values{"fields": {"id,display_phone_number,verified_name,quality_rating,status,throughput"}}
	var number PhoneNumber
	if err := u.api.Do(ctx, http.MethodGet, u.path, query, nil, &number); err != nil {
		return nil, err
	}
	return json.Marshal(number)
}

// addresses are those that the network names one person by, without what is none.
func addresses(texts ...string) []identity.Address {
	list := make([]identity.Address, 0, len(texts))
	for _, text := range texts {
		if text != "" {
			list = append(list, identity.Of(text))
		}
	}
	return list
}
