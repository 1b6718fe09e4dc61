package graph

import (
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
	entries, err := rawjson.Elements(envelope.Get("entry"))
	if err != nil {
		return network.Webhook{}, network.ErrWebhookSyntax
	}
	return network.Webhook{Object: envelope.Text("object"), Entries: entries}, nil
}
