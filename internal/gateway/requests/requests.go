// Package requests answers what clients ask beside messages and media. What becomes of each call
// is the network's to say, see network.Desk; here is what the network is told of the account, and
// the bounds of what a call may cost.
package requests

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
)

// Requests is the room for them. It is safe for concurrent use.
type Requests struct {
	store   *durable.Store
	metrics *telemetry.Metrics
	// pass runs a call to the upstream whose answer a client waits for.
	pass func(func() error) error
}

// New returns the room. Pass bounds how many calls wait for the upstream at once.
func New(account *durable.Store, metrics *telemetry.Metrics, pass func(func() error) error) *Requests {
	return &Requests{store: account, metrics: metrics, pass: pass}
}

// Answer answers a client of the account.
func (q *Requests) Answer(
	ctx context.Context, w http.ResponseWriter, t *served.Tenant, token string, request *network.Request,
) error {
	var call string
	var answer *network.Answer
	err := q.pass(func() error {
		var err error
		call, answer, err = meta.Desk().Answer(ctx, q.accountOf(t, token), request)
		return err
	})
	q.metrics.Requests.WithLabelValues(cmp.Or(call, "other"), resultOf(answer, err)).Inc()
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-store")
	answer.Write(w)
	return nil
}

// accountOf is what a network's desk is told of an account, of which the request presents a token.
func (q *Requests) accountOf(t *served.Tenant, token string) *network.Account {
	account := &network.Account{
		ID: t.Account.UID, Name: t.Account.DisplayName,
		KnowsToken: func(token string) bool {
			_, known := t.Authenticate(token)
			return known
		},
	}
	if me := t.ChannelOf(meta.Me, token); me != nil {
		account.Me = me.ID
	}
	ids := t.ChannelIDs()
	slices.Sort(ids)
	for _, id := range ids {
		c := t.Channel(id)
		account.Channels = append(account.Channels, network.AccountChannel{
			ID: id, BusinessAccount: c.BusinessAccountID, Upstream: c.Upstream,
		})
	}
	for i := range t.Templates {
		account.Templates = append(account.Templates, accountTemplate(&t.Templates[i]))
	}
	if !takesTemplates(t) {
		return account
	}
	for i := range t.AskedTemplates {
		account.Templates = append(account.Templates, accountTemplate(&t.AskedTemplates[i]))
	}
	account.Ask = func(ctx context.Context, wanted []network.WantedTemplate) ([]string, error) {
		return q.ask(ctx, t, token, wanted)
	}
	account.MayBeAsked = q.mayBeAsked
	configured := account.Templates
	account.Latest = func(ctx context.Context) ([]network.AccountTemplate, error) {
		return q.withWaiting(ctx, t, configured)
	}
	return account
}

func accountTemplate(of *config.Template) network.AccountTemplate {
	return network.AccountTemplate{
		Definition: of.Definition, ID: cmp.Or(of.UpstreamID, of.RequestID), Status: of.UpstreamStatus,
		BilledCategory: of.BilledCategory, RequestID: of.RequestID,
	}
}

// resultOf is what came of a call, as a label.
func resultOf(answer *network.Answer, err error) string {
	_, refused := errors.AsType[*network.Refusal](err)
	switch {
	case refused:
		return telemetry.ResultRefused
	case err != nil:
		return telemetry.ResultFailed
	case answer.Passed:
		return telemetry.ResultPassed
	default:
		return telemetry.ResultAnswered
	}
}
