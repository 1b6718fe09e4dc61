package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/guichet-dev/guichet/internal/template"
)

// Statuses of a template. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
const (
	TemplatePending         = "PENDING"
	TemplateApproved        = "APPROVED"
	TemplateRejected        = "REJECTED"
	TemplateStatusPaused    = "PAUSED"
	TemplateStatusDisabled  = "DISABLED"
	TemplateInAppeal        = "IN_APPEAL"
	TemplateLimitExceeded   = "LIMIT_EXCEEDED"
	TemplateArchived        = "ARCHIVED"
	TemplateLocked          = "LOCKED"
	TemplatePendingDeletion = "PENDING_DELETION"
	TemplateDeleted         = "DELETED"
	TemplateReinstated      = "REINSTATED"
	maxTemplatePage         = 250

	templateFields = "id,name,language,status,category,correct_category,rejected_reason,quality_score," +
		"parameter_format,components"
)

// CreatedTemplate is the answer to a creation. Category is the one that Meta
// gave, which may differ from the one asked for.
type CreatedTemplate struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Category string `json:"category"`
}

// UpstreamTemplate is a template as Meta holds it. Components are nil if they
// are of a kind that this module cannot read; the rest is there all the same.
type UpstreamTemplate struct {
	template.Definition
	ID     string `json:"id"`
	Status string `json:"status"`
	// CorrectCategory announces a coming category; empty if none comes.
	CorrectCategory string `json:"correct_category,omitempty"`
	RejectedReason  string `json:"rejected_reason,omitempty"`
	// QualityScore is nil if Meta does not tell.
	QualityScore *QualityScore `json:"quality_score,omitempty"`
}

// UnmarshalJSON reads a template, so that one of an unknown kind does not spoil
// the page on which it stands.
func (t *UpstreamTemplate) UnmarshalJSON(raw []byte) error {
	type plain UpstreamTemplate // without this method
	in := struct {
		*plain
		Components json.RawMessage `json:"components"`
	}{plain: (*plain)(t)}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	if len(in.Components) == 0 || json.Unmarshal(in.Components, &t.Components) != nil {
		t.Components = nil
	}
	return nil
}

// QualityScore is GREEN, YELLOW, RED or UNKNOWN.
type QualityScore struct {
	Score string `json:"score"`
}

// TemplateQuery selects templates; empty fields select all.
type TemplateQuery struct {
	Name     string
	Language string
	Status   string
	// Limit is the size of a page, at most 250; 0 leaves it to Meta.
	Limit int
	// After is the cursor of the page before.
	After string
}

// TemplatePage is a page of templates. After is empty on the last one.
type TemplatePage struct {
	Templates []UpstreamTemplate
	After     string
}

// CreateTemplate submits a template for review.
func (c *Client) CreateTemplate(
	ctx context.Context, wabaID string, definition template.Definition,
) (CreatedTemplate, error) {
	var created CreatedTemplate
	err := c.Do(ctx, http.MethodPost, templatesPath(wabaID), nil, template.Submission(definition), &created)
	return created, err
}

// ListTemplates reads a page of templates.
func (c *Client) ListTemplates(ctx context.Context, wabaID string, query TemplateQuery) (TemplatePage, error) {
	values := url.Values{"fields": {templateFields}}
	for name, value := range map[string]string{
		"name": query.Name, "language": query.Language, "status": query.Status, "after": query.After,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if query.Limit > 0 {
		values.Set("limit", strconv.Itoa(min(query.Limit, maxTemplatePage)))
	}
	var answer struct {
		Data   []UpstreamTemplate `json:"data"`
		Paging struct {
			Cursors struct {
				After string `json:"after"`
			} `json:"cursors"`
			Next string `json:"next"`
		} `json:"paging"`
	}
	if err := c.Do(ctx, http.MethodGet, templatesPath(wabaID), values, nil, &answer); err != nil {
		return TemplatePage{}, err
	}
	page := TemplatePage{Templates: answer.Data}
	if answer.Paging.Next != "" {
		page.After = answer.Paging.Cursors.After
	}
	return page, nil
}

// GetTemplate reads a template by its id.
func (c *Client) GetTemplate(ctx context.Context, templateID string) (UpstreamTemplate, error) {
	var found UpstreamTemplate
	err := c.Do(ctx, http.MethodGet, url.PathEscape(templateID), url.Values{"fields": {templateFields}}, nil, &found)
	return found, err
}

// EditTemplate replaces all components of a template, which sends it to review again. Meta refuses
// to change the category of an approved one.
func (c *Client) EditTemplate(ctx context.Context, templateID string, edit template.Edit) error {
	return c.Do(ctx, http.MethodPost, url.PathEscape(templateID), nil, edit, nil)
}

// DeleteTemplate deletes a template: the language that templateID names, or all
// languages of name if templateID is empty.
func (c *Client) DeleteTemplate(ctx context.Context, wabaID, name, templateID string) error {
	values := url.Values{"name": {name}}
	if templateID != "" {
		values.Set("hsm_id", templateID)
	}
	return c.Do(ctx, http.MethodDelete, templatesPath(wabaID), values, nil, nil)
}

func templatesPath(wabaID string) string { return url.PathEscape(wabaID) + "/message_templates" }
