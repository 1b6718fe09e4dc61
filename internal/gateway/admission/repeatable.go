package admission

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// IdempotencyHeader names a send, so that a client may repeat it safely after an answer was lost.
const IdempotencyHeader = "Idempotency-Key"

// repeatable recognises the repetition of a send by the key that its client gave it; without a key
// nothing is recognised. Both hashes are keyed as those of customers are: requests, and often their
// keys, hold a phone number, and of those there are few enough to try them all (P7).
type repeatable struct {
	key         []byte // hash of the channel, the token's name and the client's key; nil without one
	fingerprint []byte // hash of the request, however its JSON is written
}

func newRepeatable(keys *seal.Keys, r *Request) repeatable {
	if r.IdempotencyKey == "" {
		return repeatable{}
	}
	identity := r.Outbound.Identity
	if identity == nil {
		identity = rawjson.Canonical(r.Outbound.Content)
	}
	request := keys.CustomerHash(r.Channel.ID, r.Outbound.Endpoint+string(identity))
	return repeatable{key: keyHash(keys, r.Channel.ID, r.Token, r.IdempotencyKey), fingerprint: request[:]}
}

func keyHash(keys *seal.Keys, channel, token, key string) []byte {
	name := keys.CustomerHash(channel, fmt.Sprintf("%d:%s%s", len(token), token, key))
	return name[:]
}

// Repeats tells whether a message was accepted under an idempotency key of a channel and the name
// of a token, be it of the same request or of another. It is false without a key.
func (a *Admission) Repeats(ctx context.Context, channel, token, key string) (found bool, err error) {
	if key == "" {
		return false, nil
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		_, found, err = tx.Messages().ByIdempotencyKey(keyHash(a.keys, channel, token, key))
		return err
	})
	return found, err
}

// find is the id of the message that was accepted under the same key. The same key with another
// request is the client's mistake.
func (r repeatable) find(tx *durable.Tx) (id string, found bool, err error) {
	if r.key == nil {
		return "", false, nil
	}
	m, found, err := tx.Messages().ByIdempotencyKey(r.key)
	if err != nil || !found {
		return "", false, err
	}
	if subtle.ConstantTimeCompare(m.Fingerprint, r.fingerprint) != 1 {
		return "", false, network.Refuse(network.Malformed, "This "+IdempotencyHeader+
			" was used with another request. Use a new key for a new message, and the same request for a repetition.")
	}
	return m.ID, true, nil
}
