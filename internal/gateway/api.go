package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/admission"
	"github.com/guichet-dev/guichet/internal/gateway/dryrun"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
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

// handlerMessages is the name of the handler that takes sends.
const handlerMessages = "messages"

// hiddenCause is what a caller hears of an error that is none of its business.
func hiddenCause(by network.Network, err error) network.Error {
	refusal := network.Refusal{Reason: network.Unavailable, After: storeRetry}
	switch {
	case errors.Is(err, store.ErrOutcomeUnknown):
		refusal.Reason = network.OutcomeUnknown
	case errors.Is(err, store.ErrFault):
		refusal = network.Refusal{Reason: network.Fault}
	}
	return by.Refuse(&refusal)
}

// fail answers with the error: Meta's own shape for what the caller can mend, and for the rest a
// 503, or a 500 for a fault, that hides the cause, which is logged. Each answer has an id, by which
// the log line of a hidden cause is found. Who seems to have gone is answered too: a client may end
// its half of the connection behind its request and wait, and without an answer it would hear a 200
// (P1).
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, handler string, err error) {
	words := meta.Common()
	if spoken, ok := errors.AsType[*spokenError](err); ok {
		words, err = spoken.by, spoken.err
	}
	failure, ok := network.InWords(words, err)
	trace := telemetry.NewTraceID()
	if !ok {
		if r.Context().Err() == nil && durable.WorthLogging(err) {
			g.log.Error("Request failed", "handler", handler, "trace", trace, "error", err)
		}
		failure = hiddenCause(words, err)
	}
	if _, dry := errors.AsType[forecastError](err); handler == handlerMessages && !dry {
		g.metrics.Refused.WithLabelValues(telemetry.CodeLabel(failure.Number())).Inc()
	}
	failure.Write(w, trace)
}

// spokenError is why a request to a channel failed, which is told in the words of its network.
type spokenError struct {
	err error
	by  network.Network
}

// Error implements error.
func (e *spokenError) Error() string { return e.err.Error() }

// Unwrap returns what the words are for.
func (e *spokenError) Unwrap() error { return e.err }

// inWordsOf has an error told in the words of a channel's network.
func inWordsOf(c *served.Channel, err error) error {
	if err == nil {
		return nil
	}
	return &spokenError{err, c.Network}
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
	t, token, err := g.authenticate(r)
	if err != nil {
		return caller{}, err
	}
	if !meta.IsVersion(r.PathValue("version")) {
		return caller{}, network.Refuse(network.Malformed,
			"The path must begin with a Graph API version such as /v26.0, or with the phone number id.")
	}
	c := t.ChannelOf(r.PathValue("phone"), token)
	if c == nil {
		return caller{}, &network.Refusal{Reason: network.UnknownChannel}
	}
	return caller{tenant: t, channel: c, token: token}, nil
}

// admitFile authenticates a request for a file's bytes: the body is the file, and holds no token.
func (g *Gateway) admitFile(r *http.Request) (*served.Tenant, error) {
	t, _, err := g.authenticateAs(served.PresentedToken(r))
	return t, err
}

// authenticate finds the account and the name of the token that a request presents: in its header
// or its query, or else in its body.
func (g *Gateway) authenticate(r *http.Request) (t *served.Tenant, token string, err error) {
	presented := served.PresentedToken(r)
	if presented == "" {
		if presented, err = g.bodies.Token(r); err != nil {
			return nil, "", err
		}
	}
	return g.authenticateAs(presented)
}

func (g *Gateway) authenticateAs(presented string) (t *served.Tenant, token string, err error) {
	t = g.config.Tenant()
	if t == nil {
		return nil, "", &network.Refusal{Reason: network.Unavailable, After: storeRetry}
	}
	token, ok := t.Authenticate(presented)
	if !ok {
		return nil, "", &network.Refusal{Reason: network.Unauthenticated}
	}
	return t, token, nil
}

// authentic tells whether a request presents a token of the account before its body.
func (g *Gateway) authentic(r *http.Request) bool {
	t := g.config.Tenant()
	if t == nil {
		return false
	}
	_, ok := t.Authenticate(served.PresentedToken(r))
	return ok
}

// postMessage accepts a message, or passes a read receipt on.
func (g *Gateway) postMessage(w http.ResponseWriter, r *http.Request) error {
	if account, ok := meta.AdAccount(r.PathValue("phone")); ok {
		return g.postAdvertised(w, r, account)
	}
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	form, err := readForm(w, r, from.channel)
	if err == nil && form != nil {
		err = g.takeWithFile(w, r, from, form)
	} else if err == nil {
		err = g.take(w, r, from, from.channel.Network.Parse)
	}
	return inWordsOf(from.channel, err)
}

// postMarketing accepts a message for the network's endpoint for marketing.
func (g *Gateway) postMarketing(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	marketer, ok := from.channel.Network.(network.Marketer)
	if !ok {
		return inWordsOf(from.channel,
			network.Refuse(network.NoSuchPath, "This channel's network has no endpoint for marketing."))
	}
	return inWordsOf(from.channel, g.take(w, r, from, marketer.ParseMarketing))
}

// take accepts what a request asks for, as parse reads it.
func (g *Gateway) take(
	w http.ResponseWriter, r *http.Request, from caller, parse func(body []byte) (*network.Outbound, error),
) error {
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	body, done, err := g.bodies.Read(r, from.channel.Network.Traits().MaxRequest)
	if err != nil {
		return err
	}
	defer done()
	dry, body, err := dryrun.Asked(r, body)
	if err != nil {
		return err
	}
	out, err := parse(body)
	if err != nil {
		return err
	}
	switch {
	case out.Notice == nil:
		return g.accept(w, r, from, key, out, dry)
	case dry:
		return network.Refuse(network.Malformed, "A dry run is of a message, and this request is none.")
	}
	return g.passNotice(w, r, from, out)
}

// accept accepts a message, or forecasts for a dry run what that would mean.
func (g *Gateway) accept(
	w http.ResponseWriter, r *http.Request, from caller, key string, out *network.Outbound, dry bool,
) error {
	message := requestOf(r, from, key, out)
	if dry {
		return g.forecast(w, r, message)
	}
	id, err := g.admission.Accept(r.Context(), message)
	if err != nil {
		return err
	}
	return writeJSON(w, out.Answer(id))
}

func requestOf(r *http.Request, from caller, key string, out *network.Outbound) *admission.Request {
	return &admission.Request{
		Tenant: from.tenant, Channel: from.channel, Token: from.token, IdempotencyKey: key, Outbound: out,
		ByPerson: strings.EqualFold(r.Header.Get(policy.WrittenByHeader), policy.WrittenByPerson),
	}
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
	if err == nil {
		return nil
	}
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

// forecastError is why a message would be refused: the refusal of a dry run counts as no refused
// message.
type forecastError struct{ error }

// Unwrap returns what the real send would get.
func (e forecastError) Unwrap() error { return e.error }

// forecast answers what a message would mean.
func (g *Gateway) forecast(w http.ResponseWriter, r *http.Request, message *admission.Request) error {
	f, err := g.admission.Forecast(r.Context(), message)
	if err != nil {
		return forecastError{err}
	}
	return writeJSON(w, dryrun.Describe(&f, message.Tenant.Zone))
}
