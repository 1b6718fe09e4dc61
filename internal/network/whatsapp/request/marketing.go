package request

import "github.com/guichet-dev/guichet/internal/graph"

// ParseMarketing reads a request to POST /{version}/{phone-number-id}/marketing_messages: one for a
// template, as Parse reads it.
func ParseMarketing(body []byte) (*Send, error) {
	send, err := Parse(body)
	switch {
	case err != nil:
		return nil, err
	case send.Read != nil || !send.IsTemplate():
		return nil, NotMarketing()
	}
	send.Optimised = true
	return send, nil
}

// NotMarketing refuses what is no marketing template at the endpoint for those.
func NotMarketing() *graph.Error {
	return graph.NewError(
		graph.CodeNotMarketing, "Only templates of category MARKETING are sent here. Use /messages for others.",
	)
}
