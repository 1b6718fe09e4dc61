package simulator

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

// client calls the simulator as a gateway does.
type client struct {
	*graph.Client
	baseURL, token string
}

func newClient(options graph.ClientOptions) (client, error) {
	api, err := graph.NewClient(options)
	return client{api, options.BaseURL, string(options.Token)}, err
}

func (c client) number(id string) network.BlockingUpstream {
	upstream, err := whatsapp.Network{}.Connect(network.Access{Channel: id, BaseURL: c.baseURL, Token: c.token})
	if err != nil {
		panic(err)
	}
	return upstream.(network.BlockingUpstream)
}

func (c client) Send(ctx context.Context, number string, body []byte) (whatsapp.SendResponse, error) {
	answer, err := c.Call(ctx, http.MethodPost, number+"/messages", nil, body)
	if err != nil {
		return whatsapp.SendResponse{}, err
	}
	return whatsapp.ParseSendResponse(answer)
}

func (c client) PhoneNumber(ctx context.Context, number string) (found whatsapp.PhoneNumber, err error) {
	answer, err := c.number(number).Describe(ctx)
	if err == nil {
		err = json.Unmarshal(answer, &found)
	}
	return found, err
}

func (c client) MarkRead(ctx context.Context, number string, receipt *request.ReadReceipt) error {
	return c.number(number).Notify(ctx, receipt.Body())
}

// block blocks customers of a number, or takes that back.
func (c client) block(ctx context.Context, number string, users []string, blocked bool) (whatsapp.BlockResult, error) {
	result, err := c.number(number).Block(ctx, users, blocked)
	if err != nil {
		return whatsapp.BlockResult{}, err
	}
	return result.Answer.(whatsapp.BlockResult), nil
}
