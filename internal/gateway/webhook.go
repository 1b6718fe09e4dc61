package gateway

import (
	"errors"
	"net/http"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// getWebhook answers the upstream's handshake: the verify token of any channel is good. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func (g *Gateway) getWebhook(w http.ResponseWriter, r *http.Request) error {
	t := g.config.Tenant()
	if t == nil {
		return whatsapp.Unavailable(storeRetry)
	}
	challenge, ok := graph.Handshake(r.URL.Query(), verifyTokens(t)...)
	if !ok {
		return forbidden(
			"The verify token is not that of any channel. Use the verifyToken of the channel's credentials.",
		)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(challenge)) // if the client has gone, nobody is left to tell
	return nil
}

// postWebhook takes a webhook: the signature of the raw bytes first, then what is in them, then the
// 200 once all of it is durable (P1).
func (g *Gateway) postWebhook(w http.ResponseWriter, r *http.Request) error {
	result, err := g.takeWebhook(w, r)
	g.metrics.Webhooks.WithLabelValues(result).Inc()
	if err != nil {
		return err
	}
	return writeJSON(w, whatsapp.Success())
}

func (g *Gateway) takeWebhook(w http.ResponseWriter, r *http.Request) (result string, err error) {
	t := g.config.Tenant()
	if t == nil {
		return telemetry.ResultError, whatsapp.Unavailable(storeRetry)
	}
	header := r.Header.Get(graph.SignatureHeader)
	if header == "" {
		w.Header().Set("Connection", "close") // its body is not waited for
		g.rejections.tell(unsignedWebhook, g.store.Now())
		return telemetry.ResultForged, forbidden(
			"The header " + graph.SignatureHeader + " is missing: only signed webhooks are taken.",
		)
	}
	body, done, err := g.webhookRoom.read(w, r, whatsapp.MaxWebhookBody)
	if err != nil {
		w.Header().Set("Connection", "close")
		return telemetry.ResultUnread, err
	}
	defer done()
	if len(body) > whatsapp.MaxWebhookBody {
		w.Header().Set("Connection", "close")
		return telemetry.ResultMalformed, tooLarge(whatsapp.ErrWebhookTooLarge)
	}
	secret, ok := signedBy(t, body, header)
	if !ok {
		g.rejections.tell(forgedWebhook, g.store.Now())
		return telemetry.ResultForged, forbidden("The signature is not that of the body under the app secret of any channel.")
	}
	webhook, err := whatsapp.ParseWebhook(body)
	switch {
	case errors.Is(err, whatsapp.ErrWebhookTooMany):
		return telemetry.ResultMalformed, tooLarge(err)
	case err != nil:
		return telemetry.ResultMalformed, graph.NewError(graph.CodeInvalidParameter, err.Error()+".")
	}
	if err := g.intake(r.Context(), t, webhook, secret); err != nil {
		return telemetry.ResultError, err
	}
	return telemetry.ResultStored, nil
}

// verifyTokens are those of all channels.
func verifyTokens(t *served.Tenant) []string {
	tokens := make([]string, 0, len(t.Channels))
	for _, c := range t.Channels {
		tokens = append(tokens, c.VerifyToken)
	}
	return tokens
}

// signedBy finds the app secret that signed a body. A secret vouches only for the numbers of the
// business accounts that have it, see channel.trusts.
func signedBy(t *served.Tenant, body []byte, header string) (secret string, ok bool) {
	for _, candidate := range t.AppSecrets() {
		if graph.VerifySignature(body, header, candidate) {
			return candidate, true
		}
	}
	return "", false
}

func forbidden(details string) *graph.Error {
	e := graph.NewError(graph.CodePermission, details)
	e.HTTPStatus = http.StatusForbidden
	return e
}

func tooLarge(err error) *graph.Error {
	e := graph.NewError(graph.CodeInvalidParameter, err.Error()+".")
	e.HTTPStatus = http.StatusRequestEntityTooLarge
	return e
}
