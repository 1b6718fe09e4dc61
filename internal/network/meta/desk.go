package meta

import (
	"context"
	"errors"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/messenger"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// desk finds the network that a request is about: ids of the Graph API say nothing of their kind.
type desk struct{}

// Answer implements network.Desk. What WhatsApp does not know may be a person whom a page knows.
func (desk) Answer(
	ctx context.Context, account *network.Account, request *network.Request,
) (call string, answer *network.Answer, err error) {
	if !messenger.Has(account) {
		return whatsapp.Network{}.Answer(ctx, account, request)
	}
	if messenger.Concerns(account, request) {
		return messenger.Network{}.Answer(ctx, account, request)
	}
	call, answer, err = whatsapp.Network{}.Answer(ctx, account, request)
	if refusal, ok := errors.AsType[*network.Refusal](err); ok && refusal.Reason == network.UnknownObject {
		return messenger.Network{}.Answer(ctx, account, request)
	}
	return call, answer, err
}
