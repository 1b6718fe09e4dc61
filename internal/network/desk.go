package network

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/template"
)

// Desk is a Network whose API has more than messages: clients read their phone numbers and
// templates there, write their profile, create flows.
type Desk interface {
	// Answer does what a client asks, or refuses it: from what the gateway knows, or by asking the
	// upstream with the account's own token. Nothing that costs money, and nothing that leads
	// webhooks past the gateway, is passed on. The call's name is one of a bounded list, for a
	// metric. The error is an Error, a Refusal or a TransportError.
	Answer(ctx context.Context, account *Account, request *Request) (call string, answer *Answer, err error)
}

// Request is what a client asks that is no message.
type Request struct {
	Method string
	// Path has the parts of the path behind the version, decoded.
	Path        []string
	Query       url.Values
	ContentType string
	Body        []byte
	// Base is the gateway's own address as the client wrote it, such as "https://gateway.example",
	// and Version the part of the path before Path, such as "v26.0"; empty if there is none.
	Base, Version string
}

// Address is the gateway's address of the request with another query.
func (r *Request) Address(query url.Values) string {
	address := r.Base
	if r.Version != "" {
		address += "/" + r.Version
	}
	address += "/" + strings.Join(r.Path, "/")
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

// Account is what a Desk is told of an account.
type Account struct {
	// ID and Name are what the account is called.
	ID, Name string
	// Channels are all of the account's, in a stable order.
	Channels []AccountChannel
	// Me is the id of the channel of the token that the request presents; empty if it is of none
	// alone.
	Me string
	// Templates are those that the account serves, in a stable order.
	Templates []AccountTemplate
	// Latest returns Templates with what clients have asked for since; nil where templates are not
	// written through the API. It reads the store: calls that are about no template do without.
	Latest func(ctx context.Context) ([]AccountTemplate, error)
	// MayBeAsked tells whether an id may be one that Ask has returned; nil where Latest is.
	MayBeAsked func(id string) bool
	// KnowsToken tells whether a token is one of the account's own.
	KnowsToken func(token string) bool
	// Ask asks the operator to do something with templates, all or none of it, and returns the ids
	// by which they are known from now on, in order. It is nil where templates are not written
	// through the API.
	Ask func(ctx context.Context, wanted []WantedTemplate) (ids []string, err error)
}

// Knows tells whether an id is that of a channel, a business account or a template of the account.
func (a *Account) Knows(id string) bool {
	return slices.ContainsFunc(a.Channels, func(c AccountChannel) bool {
		return c.ID == id || c.BusinessAccount == id
	}) || slices.ContainsFunc(a.Templates, func(t AccountTemplate) bool {
		return t.ID == id || t.RequestID == id
	})
}

// WantedTemplate is what a client wants done with a template.
type WantedTemplate struct {
	// RequestID is that of the template; empty for a new one.
	RequestID string
	// Definition is what the template shall be. If it shall be deleted, it has the name and the
	// language only.
	Definition template.Definition
	Delete     bool
}

// AccountChannel is a channel of an account.
type AccountChannel struct {
	// ID is the channel's, BusinessAccount that of its business account at the network.
	ID, BusinessAccount string
	Upstream            Upstream
}

// AccountTemplate is a template as the upstream last described it.
type AccountTemplate struct {
	template.Definition
	// ID is the upstream's, Status its word, BilledCategory that under which it bills; each may be
	// empty.
	ID, Status, BilledCategory string
	// RequestID is the id under which a client has asked for it; empty if none has.
	RequestID string
}

// Answer is what a client hears. It is the upstream's own where a request was passed on.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Passed says that the upstream has answered.
	Passed bool
}

// Write writes the answer to the client.
func (a *Answer) Write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // if the client has gone, nobody is left to tell
}
