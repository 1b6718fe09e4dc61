package messenger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
)

var _ network.Desk = Network{}

// wordMe names the channel of the token.
const wordMe = "me"

// ask is a client's request with the channel that it is about.
type ask struct {
	*network.Request
	through *upstream
	// path is that of the object at the upstream, edge what it asks of the object.
	path, edge string
}

// Answer implements network.Desk, for pages and accounts on Instagram alike.
func (n Network) Answer(
	ctx context.Context, account *network.Account, request *network.Request,
) (call string, answer *network.Answer, err error) {
	answer, call, err = n.answer(ctx, account, request)
	if refusal, refused := errors.AsType[*network.Refusal](err); refused {
		refusal.By = n
	}
	return call, answer, err
}

func (n Network) answer(
	ctx context.Context, account *network.Account, request *network.Request,
) (answer *network.Answer, call string, err error) {
	if err := checkRequest(request); err != nil {
		return nil, nameOther, err
	}
	object, edge := request.Path[0], ""
	if len(request.Path) > 1 {
		edge = request.Path[1]
	}
	if object == wordMe {
		object = account.Me
	}
	if channel := channelOf(account, object); channel != nil {
		return answerOfChannel(ctx, &ask{request, channel, channel.path, edge})
	}
	if !isID(object) || object == "" || edge != "" || request.Method != http.MethodGet {
		return nil, nameOther, network.Refuse(network.UnknownObject, "")
	}
	return answerOfPerson(ctx, account, request, object)
}

// Names of calls, for a metric.
const (
	nameOther  = "other"
	namePerson = "person"
)

// Concerns tells whether a request is surely for these networks: it names one of their channels, by
// its id or by the word for the channel of the token.
func Concerns(account *network.Account, request *network.Request) bool {
	return len(request.Path) > 0 && (request.Path[0] == wordMe || channelOf(account, request.Path[0]) != nil)
}

// MayReadPerson tells whether a request reads, with the token of one of these networks' channels,
// what may be somebody who has written to it.
func MayReadPerson(account *network.Account, request *network.Request) bool {
	return len(request.Path) == 1 && request.Method == http.MethodGet && isID(request.Path[0]) &&
		!account.Knows(request.Path[0]) && channelOf(account, account.Me) != nil
}

// Has tells whether the account has a channel of these networks.
func Has(account *network.Account) bool {
	return slices.ContainsFunc(account.Channels, func(c network.AccountChannel) bool {
		_, is := c.Upstream.(*upstream)
		return is
	})
}

func channelOf(account *network.Account, id string) *upstream {
	for _, c := range account.Channels {
		if u, is := c.Upstream.(*upstream); is && c.ID == id {
			return u
		}
	}
	return nil
}

// pathPart is what a path is made of: no part can be taken for another path.
var pathPart = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

const (
	maxPathParts = 2
	maxParameter = 4 << 10 // bytes
)

// checkRequest refuses what the Graph API would read as something else than it looks like.
func checkRequest(request *network.Request) error {
	if len(request.Path) == 0 {
		return network.Refuse(network.NoSuchPath, "Several requests in one are not taken: make one request for each.")
	}
	if len(request.Path) > maxPathParts || slices.ContainsFunc(request.Path, func(p string) bool {
		return len(p) > maxID || !pathPart.MatchString(p)
	}) {
		return network.Refuse(network.UnknownObject, "")
	}
	for name, values := range request.Query {
		switch {
		case parameter.IsControl(name):
			return network.Refuse(network.Malformed,
				"The parameters method, ids and batch are not taken: make one request for each object, with its "+
					"method.")
		case parameter.IsWebhook(name):
			return network.Refuse(network.Forbidden,
				"Webhooks come to the gateway, which passes them on: write spec.callback of the BusinessAccount.")
		case len(values) != 1 || len(values[0]) > maxParameter:
			return network.Refuse(network.Malformed,
				fmt.Sprintf("A parameter must stand once, with at most %d bytes.", maxParameter))
		}
	}
	return nil
}

// answerOfChannel answers a call about a channel by its rule.
func answerOfChannel(ctx context.Context, a *ask) (*network.Answer, string, error) {
	known := false
	for _, r := range channelRules() {
		if r.edge != a.edge {
			continue
		}
		known = true
		if r.method != a.Method && r.method != anyMethod {
			continue
		}
		if r.refusal != "" {
			return nil, r.name, network.Refuse(network.Forbidden, r.refusal)
		}
		answer, err := a.pass(ctx, r)
		return answer, r.name, err
	}
	if known {
		return nil, nameOther, network.Refuse(network.NoMethod, "")
	}
	return nil, nameOther, network.Refuse(network.NoSuchPath,
		"This call is not passed on to the upstream. The list of those that are is in docs/clients.md.")
}

// answerOfPerson reads somebody's profile with the tokens of the channels: a token sees the people
// of its own channel alone.
func answerOfPerson(
	ctx context.Context, account *network.Account, request *network.Request, id string,
) (*network.Answer, string, error) {
	r := rule{name: namePerson, method: http.MethodGet, fields: personFields()}
	var unknown error = network.Refuse(network.UnknownObject, "")
	for _, c := range account.Channels {
		u, is := c.Upstream.(*upstream)
		if !is || account.Me != "" && c.ID != account.Me {
			continue
		}
		answer, err := (&ask{request, u, url.PathEscape(id), ""}).pass(ctx, r)
		if err != nil {
			return nil, namePerson, err
		}
		if answer.Status == http.StatusOK {
			return answer, namePerson, nil
		}
	}
	return nil, namePerson, unknown
}

// pass passes a call on with what its rule names of the parameters and the body, and with the
// channel's own token and proof. The answer is the upstream's, but for the addresses of further
// pages.
func (a *ask) pass(ctx context.Context, r rule) (*network.Answer, error) {
	query := a.through.api.Proof()
	for name, values := range a.Query {
		if slices.Contains(r.query, name) {
			query.Set(name, values[0])
		}
	}
	fields, err := r.readable(a.Query.Get("fields"))
	if err != nil {
		return nil, err
	}
	if fields != "" {
		query.Set("fields", fields)
	}
	kind, body, err := a.content()
	if err != nil {
		return nil, err
	}
	path := a.path
	if a.edge != "" {
		path += "/" + url.PathEscape(a.edge)
	}
	answer, err := a.through.api.Pass(ctx, graph.Passed{
		Method: a.Method, Path: path, Query: query, ContentType: kind, Body: body,
	})
	if err != nil {
		return nil, err
	}
	answer.Body = graph.OwnPages(answer.Body, a.Request)
	return answer, nil
}
