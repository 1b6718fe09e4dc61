package graph

import (
	"bytes"
	"encoding/json"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// ParseWebhook takes apart the body of a webhook whose signature has been verified, as far as all
// networks write it alike. Its texts are parts of the body, which must not be changed afterwards.
func ParseWebhook(body []byte) (network.Webhook, error) {
	if len(body) > network.MaxWebhookBody {
		return network.Webhook{}, network.ErrWebhookTooLarge
	}
	if !json.Valid(body) {
		return network.Webhook{}, network.ErrWebhookSyntax
	}
	envelope, err := rawjson.ParseObject(body)
	if err != nil {
		return network.Webhook{}, network.ErrWebhookSyntax
	}
	entries, err := rawjson.Elements(envelope.Get(memberEntry))
	if err != nil {
		return network.Webhook{}, network.ErrWebhookSyntax
	}
	webhook := network.Webhook{Object: envelope.Text(memberObject), Entries: entries}
	webhook.Before, webhook.Behind, _ = envelope.Around(memberEntry)
	return webhook, nil
}

// JoinWebhooks makes one webhook of two: the first, with the second's entries behind its own. It is
// false if they are not of one object.
func JoinWebhooks(first, second []byte) (joined []byte, ok bool) {
	a, errA := rawjson.ParseObject(first)
	b, errB := rawjson.ParseObject(second)
	if errA != nil || errB != nil || a.Text(memberObject) == "" || a.Text(memberObject) != b.Text(memberObject) {
		return nil, false
	}
	before, more := bytes.TrimSpace(a.Get(memberEntry)), bytes.TrimSpace(b.Get(memberEntry))
	if !isFilledList(before) || !isFilledList(more) {
		return nil, false
	}
	entries := make([]byte, 0, len(before)+len(more))
	entries = append(entries, before[:len(before)-1]...)
	entries = append(append(entries, ','), more[1:]...)
	return a.Set(memberEntry, entries), true
}

// isFilledList tells whether a value is an array that is not empty.
func isFilledList(value []byte) bool {
	return len(value) > 2 && value[0] == '[' && value[len(value)-1] == ']' &&
		len(bytes.TrimSpace(value[1:len(value)-1])) > 0
}

// Members of a webhook.
const (
	memberObject = "object"
	memberEntry  = "entry"
)
