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
	return &upstream{of: n, api: client, id: access.Channel, path: url.PathEscape(access.Channel)}, nil
}

// post posts to the messages edge, with the proof that the app may demand.
func (u *upstream) post(ctx context.Context, body []byte) ([]byte, error) {
	return u.api.Call(ctx, http.MethodPost, u.path+"/messages", u.api.Proof(), body)
}

// Send implements network.Upstream.
func (u *upstream) Send(ctx context.Context, _ string, body []byte) (network.Sent, error) {
	raw, err := u.post(ctx, body)
	if err != nil {
		return network.Sent{}, err
	}
	object, err := rawjson.ParseObject(raw)
	if err == nil {
		if id := object.Text("message_id"); id != "" {
			return network.Sent{ID: id, To: u.of.recipientOf(object.Text("recipient_id"))}, nil
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
	_, err := u.post(ctx, notice)
	return err
}

// Describe implements network.Upstream.
func (u *upstream) Describe(ctx context.Context) (json.RawMessage, error) {
	query := u.api.Proof()
	query.Set("fields", "id,name")
	return u.api.Call(ctx, http.MethodGet, u.path, query, nil)
}
