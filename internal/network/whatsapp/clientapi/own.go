package clientapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// respond is an answer of the gateway's.
func respond(content any) (*network.Answer, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return &network.Answer{
		Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, Body: body,
	}, nil
}

// listNumbers passes on the list of a business account's phone numbers, without those of others who
// share the business account.
func listNumbers(ctx context.Context, c *call) (*network.Answer, error) {
	query, err := c.parameters()
	if err != nil {
		return nil, err
	}
	if fields := query.Get(paramFields); fields != "" && !slices.Contains(strings.Split(fields, ","), "id") {
		query.Set(paramFields, "id,"+fields)
	}
	answer, err := c.ask(ctx, query)
	if err != nil || answer.Status != http.StatusOK {
		return answer, err
	}
	list, err := rawjson.ParseObject(answer.Body)
	if err != nil {
		return nil, network.Refuse(network.Silent, "The upstream's list of phone numbers cannot be read.")
	}
	own, dropped := []byte{'['}, false
	for _, raw := range list.List("data") {
		n, err := rawjson.ParseObject(raw)
		if err != nil || c.account.number(n.Text("id")) == nil {
			dropped = true
			continue
		}
		if len(own) > 1 {
			own = append(own, ',')
		}
		own = append(own, raw...)
	}
	if dropped {
		answer.Body = list.Set("data", append(own, ']'))
	}
	return answer, nil
}

// subscribe answers that the app is subscribed: the upstream's webhooks come to the gateway, and
// the business's part of them goes to its callback. To pass the call on would end the override by
// which they come.
func subscribe(_ context.Context, c *call) (*network.Answer, error) {
	if _, _, err := c.content(); err != nil { // such as one that names another address
		return nil, err
	}
	return respond(map[string]bool{"success": true})
}

// aboutMe tells whose token it is.
func aboutMe(_ context.Context, c *call) (*network.Answer, error) {
	return respond(map[string]string{"id": c.account.ID, "name": c.account.Name})
}

// debugToken tells whether a token is one of the account's. Source:
// https://developers.facebook.com/docs/graph-api/reference/debug_token
func debugToken(_ context.Context, c *call) (*network.Answer, error) {
	type data struct {
		Valid   bool     `json:"is_valid"`
		Type    string   `json:"type,omitempty"`
		Expires int64    `json:"expires_at"`
		Scopes  []string `json:"scopes"`
	}
	about := data{Scopes: []string{}}
	if c.account.KnowsToken(c.Query.Get("input_token")) {
		about = data{
			Valid: true, Type: "SYSTEM_USER",
			Scopes: []string{graph.PermissionManagement, graph.PermissionMessaging},
		}
	}
	return respond(map[string]data{"data": about})
}
