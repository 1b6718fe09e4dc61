package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/store"
)

// maxIdempotencyKey bounds the header, in bytes.
const maxIdempotencyKey = 255

// storeRetry is when a client may try again after the store could not take its message.
const storeRetry = time.Second

var apiVersion = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// api routes the business's requests and the upstream's webhooks.
func (g *Gateway) api() http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern, name string, handle func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, g.metrics.Timed(name, func(w http.ResponseWriter, r *http.Request) {
			r, s := g.traces.Request(r, name, g.authentic)
			err := handle(w, r)
			if err != nil {
				g.fail(w, r, name, err)
			}
			s.End(err)
		}))
	}
	const number = "/{version}/{phone}"
	serve("POST "+number+"/messages", handlerMessages, g.postMessage)
	serve("POST "+number+"/marketing_messages", handlerMessages, g.postMarketing)
	serve("POST "+number+"/block_users", "block_users", g.postBlocks)
	serve("DELETE "+number+"/block_users", "block_users", g.deleteBlocks)
	serve("POST "+number+"/consents", "consents", g.postConsents)
	serve("POST "+number+"/erase", "erase", g.postErase)
	serve("GET "+number+"/refused_callbacks", "refused_callbacks", g.getRefusedCallbacks)
	serve("POST "+number+"/refused_callbacks", "refused_callbacks", g.postRefusedCallbacks)
	serve("DELETE "+number+"/refused_callbacks", "refused_callbacks", g.deleteRefusedCallbacks)
	serve("GET "+number, "phone_number", g.getPhoneNumber)
	serve("DELETE "+number, "other", g.deleteObject)
	serve("GET "+config.WebhookPath, "handshake", g.intake.ServeHandshake)
	serve("POST "+config.WebhookPath, "webhook", g.intake.ServeWebhook)
	for _, pattern := range []string{
		number + "/messages", number + "/marketing_messages", number + "/block_users", number + "/consents",
		number + "/erase", number + "/refused_callbacks", number, config.WebhookPath,
	} {
		serve(pattern, "other", refuseWith(network.NoMethod))
	}
	serve(number+"/media", "other", refuseWith(network.NoMedia))
	serve("/", "other", func(http.ResponseWriter, *http.Request) error {
		return network.Refuse(
			network.NoSuchPath,
			"Nothing is served under this path. Post messages to /{version}/{phone-number-id}/messages.",
		)
	})
	return meta.WithVersion(mux)
}

// refuseWith is a handler that refuses, for a reason that says enough.
func refuseWith(reason network.Reason) func(http.ResponseWriter, *http.Request) error {
	return func(http.ResponseWriter, *http.Request) error { return &network.Refusal{Reason: reason} }
}

// handlerMessages is the name of the handler that takes sends.
const handlerMessages = "messages"

// hiddenCause is what a caller hears of an error that is none of its business.
func hiddenCause(err error) network.Error {
	refusal := network.Refusal{Reason: network.Unavailable, After: storeRetry}
	switch {
	case errors.Is(err, store.ErrOutcomeUnknown):
		refusal.Reason = network.OutcomeUnknown
	case errors.Is(err, store.ErrFault):
		refusal = network.Refusal{Reason: network.Fault}
	}
	return meta.Common().Refuse(&refusal)
}

// fail answers with the error: Meta's own shape for what the caller can mend, and for the rest a
// 503, or a 500 for a fault, that hides the cause, which is logged. Each answer has an id, by which
// the log line of a hidden cause is found. Who seems to have gone is answered too: a client may end
// its half of the connection behind its request and wait, and without an answer it would hear a 200
// (P1).
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, handler string, err error) {
	failure, ok := network.InWords(meta.Common(), err)
	trace := newTraceID()
	if !ok {
		if r.Context().Err() == nil && durable.WorthLogging(err) {
			g.log.Error("Request failed", "handler", handler, "trace", trace, "error", err)
		}
		failure = hiddenCause(err)
	}
	if handler == handlerMessages {
		g.metrics.Refused.WithLabelValues(telemetry.CodeLabel(failure.Number())).Inc()
	}
	failure.Write(w, trace)
}

// caller is an authenticated request to one of the account's numbers.
type caller struct {
	tenant  *served.Tenant
	channel *served.Channel
	token   string
}

// admit authenticates a request and finds its number. The configuration that it returns serves the
// request to its end.
func (g *Gateway) admit(r *http.Request) (caller, error) {
	t := g.config.Tenant()
	if t == nil {
		return caller{}, &network.Refusal{Reason: network.Unavailable, After: storeRetry}
	}
	token, ok := t.Authenticate(presentedToken(r))
	if !ok {
		return caller{}, &network.Refusal{Reason: network.Unauthenticated}
	}
	if version := r.PathValue("version"); version != meta.Unversioned && !apiVersion.MatchString(version) {
		return caller{}, network.Refuse(network.Malformed,
			"The path must begin with a Graph API version such as /v26.0, or with the phone number id.")
	}
	c := t.Channel(r.PathValue("phone"))
	if c == nil {
		return caller{}, &network.Refusal{Reason: network.UnknownChannel}
	}
	return caller{tenant: t, channel: c, token: token}, nil
}

// authentic tells whether a request presents a token of the account.
func (g *Gateway) authentic(r *http.Request) bool {
	t := g.config.Tenant()
	if t == nil {
		return false
	}
	_, ok := t.Authenticate(presentedToken(r))
	return ok
}

// postMessage accepts a message, or passes a read receipt on.
func (g *Gateway) postMessage(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	return g.take(w, r, from, from.channel.Network.Parse)
}

// postMarketing accepts a message for the network's endpoint for marketing.
func (g *Gateway) postMarketing(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	marketer, ok := from.channel.Network.(network.Marketer)
	if !ok {
		return network.Refuse(network.NoSuchPath, "This channel's network has no endpoint for marketing.")
	}
	return g.take(w, r, from, marketer.ParseMarketing)
}

// take accepts what a request asks for, as parse reads it.
func (g *Gateway) take(
	w http.ResponseWriter, r *http.Request, from caller, parse func(body []byte) (*network.Outbound, error),
) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	body, done, err := g.bodies.read(r, from.channel.Network.Traits().MaxRequest)
	if err != nil {
		return err
	}
	defer done()
	out, err := parse(body)
	if err != nil {
		return err
	}
	if out.Notice != nil {
		return g.passNotice(w, r, from, out)
	}
	id, err := g.admission.Accept(r.Context(), &admission.Request{
		Tenant: from.tenant, Channel: from.channel, Token: from.token, IdempotencyKey: key, Outbound: out,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, out.Answer(id))
}

func idempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get(admission.IdempotencyHeader)
	if len(key) > maxIdempotencyKey {
		return "", network.Refuse(network.Malformed,
			fmt.Sprintf("The header %s must have at most %d bytes.", admission.IdempotencyHeader, maxIdempotencyKey),
		)
	}
	return key, nil
}

func writeJSON(w http.ResponseWriter, value any) error {
	return writeJSONStatus(w, http.StatusOK, value)
}

func writeJSONStatus(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	writeJSONText(w, status, body)
	return nil
}

func writeJSONText(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // if the client has gone, nobody is left to tell
}

// getPhoneNumber passes the upstream's description of the number on.
func (g *Gateway) getPhoneNumber(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return objectFailure(err)
	}
	var number json.RawMessage
	err = g.pass(func() (err error) {
		number, err = from.channel.Upstream.Describe(r.Context())
		return err
	})
	if err != nil {
		return upstreamFailure(err)
	}
	return writeJSON(w, number)
}

// deleteObject refuses to delete: numbers are not deleted here, and media are not served.
func (g *Gateway) deleteObject(_ http.ResponseWriter, r *http.Request) error {
	if _, err := g.admit(r); err != nil {
		return objectFailure(err)
	}
	return &network.Refusal{Reason: network.NoMethod}
}

// objectFailure is admit's error for a request that may mean another object than a number.
func objectFailure(err error) error {
	if refusal, ok := errors.AsType[*network.Refusal](err); ok && refusal.Reason == network.UnknownChannel {
		return &network.Refusal{Reason: network.UnknownObject}
	}
	return err
}

// passNotice passes on what is no message, such as a read receipt: nothing is stored and nothing is
// billed.
func (g *Gateway) passNotice(w http.ResponseWriter, r *http.Request, from caller, out *network.Outbound) error {
	err := g.pass(func() error { return from.channel.Upstream.Notify(r.Context(), out.Notice) })
	if err != nil {
		return upstreamFailure(err)
	}
	return writeJSON(w, out.Answer(""))
}

// upstreamFailure is how a call that was only passed on fails: with the upstream's own error,
// unless that error is about the gateway's credentials, which are none of the caller's business.
func upstreamFailure(err error) error {
	failure, ok := network.AsError(err)
	if ok && failure.Class() != network.StopTenant {
		return failure
	}
	if _, silent := errors.AsType[*network.TransportError](err); ok || silent {
		return network.Refuse(network.Silent,
			"The upstream did not take the request. Try again later; the platform team can see why.",
		)
	}
	return err
}
