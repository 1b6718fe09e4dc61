package intake

import (
	"errors"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// retryAfter is when the upstream may try again while there is no configuration.
const retryAfter = time.Second

// ServeHandshake answers the upstream's handshake: the verify token of any channel is good. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func (in *Intake) ServeHandshake(w http.ResponseWriter, r *http.Request) error {
	t := in.Config.Tenant()
	if t == nil {
		return &network.Refusal{Reason: network.Unavailable, After: retryAfter}
	}
	challenge, ok := meta.Handshake(r.URL.Query(), verifyTokens(t)...)
	if !ok {
		return network.Refuse(network.Forbidden,
			"The verify token is not that of any channel. Use the verifyToken of the channel's credentials.")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(challenge)) // if the client has gone, nobody is left to tell
	return nil
}

// ServeWebhook takes a webhook: the signature of the raw bytes first, then what is in them, then
// the 200 once all of it is durable (P1).
func (in *Intake) ServeWebhook(w http.ResponseWriter, r *http.Request) error {
	result, err := in.serveWebhook(w, r)
	in.Metrics.Webhooks.WithLabelValues(result).Inc()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write([]byte(`{"success":true}`)) // if the upstream has gone, it will tell all of it again
	return nil
}

func (in *Intake) serveWebhook(w http.ResponseWriter, r *http.Request) (result string, err error) {
	t := in.Config.Tenant()
	if t == nil {
		return telemetry.ResultError, &network.Refusal{Reason: network.Unavailable, After: retryAfter}
	}
	header := r.Header.Get(meta.SignatureHeader)
	if header == "" {
		w.Header().Set("Connection", "close") // its body is not waited for
		in.rejections.tell(unsignedWebhook, in.Store.Now())
		return telemetry.ResultForged, network.Refuse(network.Forbidden,
			"The header "+meta.SignatureHeader+" is missing: only signed webhooks are taken.")
	}
	body, done, err := in.room.read(w, r, network.MaxWebhookBody)
	if err != nil {
		w.Header().Set("Connection", "close")
		return telemetry.ResultUnread, err
	}
	defer done()
	if len(body) > network.MaxWebhookBody {
		w.Header().Set("Connection", "close")
		return telemetry.ResultMalformed, network.Refuse(network.TooLarge, network.ErrWebhookTooLarge.Error()+".")
	}
	secret, ok := meta.SignedBy(body, header, t.AppSecrets()) // it vouches for whom Channel.Trusts says
	if !ok {
		now := in.Store.Now()
		in.refuseSignature(now)
		in.rejections.tell(forgedWebhook, now)
		return telemetry.ResultForged, network.Refuse(network.Forbidden,
			"The signature is not that of the body under the app secret of any channel.")
	}
	err = in.Take(r.Context(), t, body, secret)
	switch {
	case errors.Is(err, network.ErrTooManyEvents):
		return telemetry.ResultMalformed, network.Refuse(network.TooLarge, err.Error()+".")
	case errors.Is(err, network.ErrWebhookSyntax):
		return telemetry.ResultMalformed, network.Refuse(network.Malformed, err.Error()+".")
	case err != nil:
		return telemetry.ResultError, err
	}
	return telemetry.ResultStored, nil
}

func (in *Intake) refuseSignature(now time.Time) { in.refused.Store(now.UnixMilli()) }

// SignatureRefusedAt is when this process refused a webhook last because it is signed with a secret
// that is not its channel's; the zero time for never. Anybody may post such a one.
func (in *Intake) SignatureRefusedAt() time.Time {
	at := in.refused.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at)
}

// verifyTokens are those of all channels.
func verifyTokens(t *served.Tenant) []string {
	tokens := make([]string, 0, len(t.Channels))
	for _, c := range t.Channels {
		tokens = append(tokens, c.VerifyToken)
	}
	return tokens
}
