package clientapi

import (
	"context"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// pass passes a call on: to the same object, with what its rule names of the parameters and the
// body. The answer is the upstream's, byte for byte, but for the addresses of further pages.
func pass(ctx context.Context, c *call) (*network.Answer, error) {
	query, err := c.parameters()
	if err != nil {
		return nil, err
	}
	return c.ask(ctx, query)
}

// ask makes the call with a query.
func (c *call) ask(ctx context.Context, query url.Values) (*network.Answer, error) {
	if c.through == nil {
		return nil, c.unknown()
	}
	kind, body, err := c.content()
	if err != nil {
		return nil, err
	}
	if err := c.checkClone(ctx); err != nil {
		return nil, err
	}
	if err := c.checkApp(ctx); err != nil {
		return nil, err
	}
	answer, err := c.through.Pass(ctx, graph.Passed{
		Method: c.Method, Path: c.path(), Query: query, ContentType: kind, Body: body,
		Prove: c.Query.Has(parameter.Proof),
	})
	if err != nil {
		return nil, err
	}
	answer.Body = c.ownPages(answer.Body)
	return answer, nil
}

// path is that of the object at the upstream.
func (c *call) path() string {
	parts := []string{url.PathEscape(c.id)}
	for _, p := range c.Path[1:] {
		parts = append(parts, url.PathEscape(p))
	}
	return strings.Join(parts, "/")
}

// ownPages has the addresses of further pages point here. The upstream's hold its token, and would
// lead past the gateway.
func (c *call) ownPages(body []byte) []byte {
	answer, err := rawjson.ParseObject(body)
	if err != nil {
		return body
	}
	paging, err := rawjson.ParseObject(answer.Get("paging"))
	if err != nil {
		return body
	}
	var changes []rawjson.Member
	for _, name := range []string{"next", "previous"} {
		if address := paging.Text(name); address != "" {
			changes = append(changes, rawjson.Member{Name: name, Value: rawjson.Quote(c.ownPage(address))})
		}
	}
	if len(changes) == 0 {
		return body
	}
	return answer.Set("paging", paging.With(changes...))
}

// ownPage is the gateway's address of a page of the upstream's.
func (c *call) ownPage(address string) string {
	query := url.Values{}
	if parsed, err := url.Parse(address); err == nil {
		query = parsed.Query()
	}
	for name := range query {
		if parameter.IsCredential(name) {
			delete(query, name)
		}
	}
	return c.pageAt(query)
}

// pageAt is the gateway's address of the request with another query.
func (c *call) pageAt(query url.Values) string {
	address := c.Base
	if c.Version != "" {
		address += "/" + c.Version
	}
	address += "/" + strings.Join(c.Path, "/")
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}
