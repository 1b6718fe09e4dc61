package meta

import (
	"context"
	"errors"
	"slices"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/messenger"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// desk finds the network that a request is about: ids of the Graph API say nothing of their kind.
type desk struct{}

// Answer implements network.Desk. What one network does not know, another one may: a person whom a
// page knows, or a flow.
func (desk) Answer(
	ctx context.Context, account *network.Account, request *network.Request,
) (call string, answer *network.Answer, err error) {
	switch {
	case !messenger.Has(account):
		return whatsapp.Network{}.Answer(ctx, account, request)
	case messenger.Concerns(account, request):
		return messenger.Network{}.Answer(ctx, account, request)
	}
	order := []network.Desk{whatsapp.Network{}, messenger.Network{}}
	if messenger.MayReadPerson(account, request) {
		slices.Reverse(order)
	}
	for _, d := range order {
		call, answer, err = d.Answer(ctx, account, request)
		if refusal, ok := errors.AsType[*network.Refusal](err); !ok || refusal.Reason != network.UnknownObject {
			break
		}
	}
	return call, answer, err
}
