package whatsapp

import (
	"context"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/clientapi"
)

var _ network.Desk = Network{}

// Answer implements network.Desk.
func (Network) Answer(
	ctx context.Context, account *network.Account, request *network.Request,
) (call string, answer *network.Answer, err error) {
	own := &clientapi.Account{Account: account}
	for _, c := range account.Channels {
		if number, ok := c.Upstream.(*upstream); ok {
			own.Numbers = append(own.Numbers, clientapi.Number{
				ID: c.ID, BusinessAccount: c.BusinessAccount, API: number.api,
			})
		}
	}
	return clientapi.Answer(ctx, own, request)
}
