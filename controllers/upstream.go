package controllers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

// upstreamTimeout bounds a call to the Graph API.
const upstreamTimeout = 10 * time.Second

// UpstreamAccess is where an account's templates live and what it takes to manage them.
type UpstreamAccess struct {
	BaseURL    string
	APIVersion string
	// BusinessAccountID is the id of the WhatsApp Business account, or of the page.
	BusinessAccountID string
	// Page says that it is a page's, whose templates are written a little otherwise.
	Page  bool
	Token graph.Token
}

// Upstream manages an account's templates.
type Upstream interface {
	// Find returns the template of a name and language, or nil if there is none.
	Find(ctx context.Context, access UpstreamAccess, name, language string) (*graph.UpstreamTemplate, error)
	// Create submits a template for review.
	Create(ctx context.Context, access UpstreamAccess, definition template.Definition) (graph.CreatedTemplate, error)
	// Edit replaces what a template consists of.
	Edit(ctx context.Context, access UpstreamAccess, id string, edit template.Edit) error
	// Delete deletes one language of a template.
	Delete(ctx context.Context, access UpstreamAccess, name, id string) error
}

// GraphUpstream manages templates through the Graph API. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
type GraphUpstream struct {
	transport http.RoundTripper
}

// NewGraphUpstream returns an Upstream that makes its calls over transport.
func NewGraphUpstream(transport http.RoundTripper) *GraphUpstream {
	return &GraphUpstream{transport: transport}
}

var _ Upstream = (*GraphUpstream)(nil)

// Find implements Upstream. The upstream's filter by name finds longer names too, so that every
// page is looked through.
func (u *GraphUpstream) Find(
	ctx context.Context, access UpstreamAccess, name, language string,
) (*graph.UpstreamTemplate, error) {
	client, err := u.client(access)
	if err != nil {
		return nil, err
	}
	query := graph.TemplateQuery{Name: name, Language: language, Limit: 100}
	for {
		page, err := client.ListTemplates(ctx, access.BusinessAccountID, query)
		if err != nil {
			return nil, err
		}
		for i := range page.Templates {
			if found := &page.Templates[i]; found.Name == name && found.Language == language {
				if access.Page {
					found.Definition = graph.FromPage(found.Definition)
				}
				return found, nil
			}
		}
		if page.After == "" || page.After == query.After {
			return nil, nil
		}
		query.After = page.After
	}
}

// Create implements Upstream.
func (u *GraphUpstream) Create(
	ctx context.Context, access UpstreamAccess, definition template.Definition,
) (graph.CreatedTemplate, error) {
	client, err := u.client(access)
	if err != nil {
		return graph.CreatedTemplate{}, err
	}
	if access.Page {
		definition = graph.ForPage(definition)
	}
	return client.CreateTemplate(ctx, access.BusinessAccountID, definition)
}

// Edit implements Upstream.
func (u *GraphUpstream) Edit(ctx context.Context, access UpstreamAccess, id string, edit template.Edit) error {
	client, err := u.client(access)
	if err != nil {
		return err
	}
	if access.Page {
		edit.Definition = graph.ForPage(edit.Definition)
	}
	return client.EditTemplate(ctx, id, edit)
}

// Delete implements Upstream.
func (u *GraphUpstream) Delete(ctx context.Context, access UpstreamAccess, name, id string) error {
	client, err := u.client(access)
	if err != nil {
		return err
	}
	return client.DeleteTemplate(ctx, access.BusinessAccountID, name, id)
}

func (u *GraphUpstream) client(access UpstreamAccess) (*graph.Client, error) {
	return graph.NewClient(graph.ClientOptions{
		BaseURL: access.BaseURL, Version: access.APIVersion, Token: access.Token,
		Timeout: upstreamTimeout, Transport: u.transport,
	})
}

// refusedForGood tells whether the upstream has understood a request and will refuse it again as it
// is.
func refusedForGood(err error) bool {
	answer, ok := graph.AsError(err)
	return ok && answer.Class() == network.Never
}

// unreachable says in stable words what kept the upstream from answering. The text of a transport
// error holds addresses and ports; it goes to the log.
func unreachable(err error) string {
	if answer, ok := graph.AsError(err); ok {
		return "The Graph API answered: " + strings.TrimSuffix(answer.Error(), ".")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "The Graph API did not answer in time"
	}
	return "The Graph API cannot be reached: check the channel's baseURL and the network"
}
