package clientapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

const (
	// maxTemplateBody bounds a template that a client writes, in bytes.
	maxTemplateBody = 64 << 10
	// maxDeleted is how many templates one request may delete, as at Meta.
	maxDeleted = 100
)

// writtenByResource refuses to write a template: it is a resource, which is reviewed before it
// costs anything.
func writtenByResource() error {
	return network.Refuse(network.Forbidden,
		"Templates are not written through this API. Apply or delete a MessageTemplate, "+
			"apiVersion guichet.dev/v1alpha1, in the account's namespace: it is checked and submitted from there.")
}

// madeByResource refuses to change or delete what no client has asked for.
func madeByResource() error {
	return network.Refuse(network.Forbidden,
		"This template was not made through this API. Change or delete its MessageTemplate, "+
			"apiVersion guichet.dev/v1alpha1, in the account's namespace.")
}

func writeTemplate(context.Context, *call) (*network.Answer, error) { return nil, writtenByResource() }

// createTemplate asks for a template, which an approver reviews. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func createTemplate(ctx context.Context, c *call) (*network.Answer, error) {
	if c.account.Ask == nil {
		return nil, writtenByResource()
	}
	raw, err := c.templateBody()
	if err != nil {
		return nil, err
	}
	definition, err := template.ReadSubmission(raw)
	if err != nil {
		return nil, graph.NewError(graph.CodeInvalidParameter, "The template cannot be read. Check its fields.")
	}
	definition.ParameterFormat = cmp.Or(definition.ParameterFormat, template.Positional)
	if definition.LibraryTemplateName != "" {
		return nil, graph.NewError(graph.CodeInvalidParameter,
			"A copy of a template of the library is not made through this API. Apply a MessageTemplate, which says "+
				"what the copy has.")
	}
	if err := checkDefinition(definition); err != nil {
		return nil, err
	}
	id, err := c.askFor(ctx, definition)
	if err != nil {
		return nil, err
	}
	return respond(map[string]string{
		"id": id, "status": graph.TemplatePending, "category": definition.Category,
	})
}

// askFor asks for a template, and returns its id. One that waits already may be asked for in other
// words; to ask for the same again changes nothing.
func (c *call) askFor(ctx context.Context, definition template.Definition) (id string, err error) {
	wanted := network.WantedTemplate{Definition: definition}
	for i := range c.account.Templates {
		known := &c.account.Templates[i]
		switch {
		case known.Name != definition.Name || known.Language != definition.Language:
		case !isWaiting(known):
			return "", graph.NewError(graph.CodeInvalidParameter,
				"There is a template of this name in this language already. Edit it, or use another name.")
		case same(known.Definition, definition):
			return known.ID, nil
		default:
			wanted.RequestID = known.RequestID
		}
	}
	ids, err := c.account.Ask(ctx, []network.WantedTemplate{wanted})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

func same(a, b template.Definition) bool {
	first, err := json.Marshal(a)
	second, errToo := json.Marshal(b)
	return err == nil && errToo == nil && bytes.Equal(first, second)
}

// isWaiting tells whether a template is known by a client's request alone, which may be asked
// again.
func isWaiting(t *network.AccountTemplate) bool {
	return t.RequestID != "" && t.ID == t.RequestID && t.Status == graph.TemplatePending
}

// editTemplate asks for other components of a template that was asked for before.
func editTemplate(ctx context.Context, c *call) (*network.Answer, error) {
	if c.account.Ask == nil {
		return nil, writtenByResource()
	}
	known := c.account.template(c.id)
	if known.RequestID == "" {
		return nil, madeByResource()
	}
	if known.Status == graph.TemplatePendingDeletion {
		return nil, graph.NewError(graph.CodeInvalidParameter,
			"The template is being deleted. Create one of another name.")
	}
	raw, err := c.templateBody()
	if err != nil {
		return nil, err
	}
	change, err := template.ReadSubmission(raw)
	if err != nil || len(change.Components) == 0 && change.Category == "" && change.MessageSendTTLSeconds == nil {
		return nil, graph.NewError(graph.CodeInvalidParameter,
			"The change cannot be read. Send all components, or another category or message_send_ttl_seconds.")
	}
	definition := edited(known.Definition, change)
	if err := checkDefinition(definition); err != nil {
		return nil, err
	}
	if _, err := c.account.Ask(ctx, []network.WantedTemplate{
		{RequestID: known.RequestID, Definition: definition},
	}); err != nil {
		return nil, err
	}
	return respond(map[string]bool{"success": true})
}

// edited is a definition with what a change says. Its name, language and parameter format stay.
func edited(definition, change template.Definition) template.Definition {
	if len(change.Components) > 0 {
		definition.Components = change.Components
	}
	if change.Category != "" {
		definition.Category = change.Category
	}
	if change.MessageSendTTLSeconds != nil {
		definition.MessageSendTTLSeconds = change.MessageSendTTLSeconds
	}
	return definition
}

// deleteTemplates asks for the deletion of templates that were asked for before: one by its id, or
// a name in all languages.
func deleteTemplates(ctx context.Context, c *call) (*network.Answer, error) {
	if c.account.Ask == nil {
		return nil, writtenByResource()
	}
	chosen, err := c.templatesToDelete()
	if err != nil {
		return nil, err
	}
	wanted := make([]network.WantedTemplate, 0, len(chosen))
	for _, t := range chosen {
		if t.RequestID == "" {
			return nil, madeByResource()
		}
		wanted = append(wanted, network.WantedTemplate{
			RequestID: t.RequestID, Delete: true,
			Definition: template.Definition{Name: t.Name, Language: t.Language},
		})
	}
	if _, err := c.account.Ask(ctx, wanted); err != nil {
		return nil, err
	}
	return respond(map[string]bool{"success": true})
}

// templatesToDelete are those that the path or the parameters name.
func (c *call) templatesToDelete() (chosen []*network.AccountTemplate, err error) {
	if t := c.account.template(c.id); t != nil {
		return []*network.AccountTemplate{t}, nil
	}
	query, err := c.deletion()
	if err != nil {
		return nil, err
	}
	ids := filter{}
	switch {
	case query.Get("hsm_ids") != "":
		if ids, err = parseFilter("hsm_ids", query.Get("hsm_ids")); err != nil {
			return nil, err
		}
	case query.Get("hsm_id") != "":
		ids = filter{query.Get("hsm_id")}
	}
	name := query.Get("name")
	if name == "" && len(ids) == 0 || len(ids) > maxDeleted {
		return nil, graph.NewError(graph.CodeInvalidParameter,
			"Say which template to delete: name, with hsm_id for one language, or hsm_ids for at most 100.")
	}
	for i := range c.account.Templates {
		t := &c.account.Templates[i]
		byID := len(ids) == 0 || ids.has(t.ID) || t.RequestID != "" && ids.has(t.RequestID)
		if byID && (name == "" || t.Name == name) {
			chosen = append(chosen, t)
		}
	}
	if len(chosen) == 0 || len(ids) > 0 && len(chosen) < len(ids) {
		return nil, c.unknown()
	}
	return chosen, nil
}

// deletion are the parameters of a deletion, which clients put into the query or the body.
func (c *call) deletion() (url.Values, error) {
	if len(c.Body) == 0 {
		return c.Query, nil
	}
	raw, err := c.templateBody()
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	all := url.Values{}
	for name, value := range members {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		all.Set(name, text)
	}
	maps.Copy(all, c.Query)
	return all, nil
}

// templateBody is the body of a request about templates as one JSON object.
func (c *call) templateBody() ([]byte, error) {
	rules := clientbody.Rules{
		MaxBytes: maxTemplateBody, Texts: []string{"name", "language", "category", "parameter_format", "hsm_id"},
	}
	raw, _, err := rules.Read(c.Body)
	return raw, err
}

// checkDefinition refuses what an approver need not look at: what breaks a rule of Meta's.
func checkDefinition(definition template.Definition) error {
	var sentences []string
	for _, f := range template.Lint(definition) {
		if f.Severity == template.Error {
			sentences = append(sentences, f.Path+": "+f.Message)
		}
	}
	if len(sentences) > 0 {
		const most = 5
		return graph.NewError(graph.CodeInvalidParameter, strings.Join(sentences[:min(most, len(sentences))], " "))
	}
	if _, err := template.Compile(definition); err != nil {
		return graph.NewError(graph.CodeInvalidParameter, "The template's variables cannot be read: "+err.Error()+".")
	}
	return nil
}
