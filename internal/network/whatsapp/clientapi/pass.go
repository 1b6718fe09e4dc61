package clientapi

import (
	"context"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
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
	answer.Body = graph.OwnPages(answer.Body, c.Request)
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
