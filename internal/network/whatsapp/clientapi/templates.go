package clientapi

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

// Sizes of a page of templates.
const (
	defaultPage = 25
	maxPage     = 1000
)

// templateFields are what can be read of a template. Those that the gateway does not know are left
// out, as the upstream leaves out what a template has not.
func templateFields() []string {
	return []string{
		"id", "name", "language", "status", "category", "components", "parameter_format", "message_send_ttl_seconds",
		"quality_score", "rejected_reason", "correct_category", "previous_category", "sub_category",
		"cta_url_link_tracking_opted_out", "library_template_name", "specific_rejection_reason", "last_updated_time",
		"is_primary_device_delivery_only", "degrees_of_freedom_spec", "creative_sourcing_spec",
	}
}

// defaultFields are what the upstream answers when no fields are asked for.
func defaultFields() []string {
	return []string{"name", "parameter_format", "components", "language", "status", "category"}
}

// templateFilters are the parameters by which templates are chosen.
func templateFilters() []string {
	return []string{"name", "name_or_content", "status", "category", "language", "quality_score"}
}

// listTemplates answers with the templates that the account serves. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func listTemplates(_ context.Context, c *call) (*network.Answer, error) {
	fields, err := c.fields(templateFields())
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(c.Query.Get(paramLimit))
	if err != nil {
		return nil, err
	}
	chosen, err := c.chosenTemplates()
	if err != nil {
		return nil, err
	}
	from, to, err := window(chosen, limit, c.Query)
	if err != nil {
		return nil, err
	}
	data := make([]json.RawMessage, 0, to-from)
	for _, t := range chosen[from:to] {
		text, err := write(t, fields)
		if err != nil {
			return nil, err
		}
		data = append(data, text)
	}
	answer := map[string]any{"data": data}
	if len(data) > 0 {
		answer["paging"] = c.templatePaging(chosen, from, to)
	}
	return respond(answer)
}

// readTemplate answers with one template.
func readTemplate(_ context.Context, c *call) (*network.Answer, error) {
	fields, err := c.fields(templateFields())
	if err != nil {
		return nil, err
	}
	found := c.account.template(cmp.Or(c.item, c.id))
	if found == nil {
		return nil, c.unknown()
	}
	text, err := write(found, fields)
	if err != nil {
		return nil, err
	}
	return respond(text)
}

func pageSize(text string) (int, error) {
	if text == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, graph.NewError(graph.CodeInvalidParameter, "limit must be a whole number from 1.")
	}
	return min(n, maxPage), nil
}

// chosenTemplates are those that the filters choose, in the order of their cursors.
func (c *call) chosenTemplates() ([]*network.AccountTemplate, error) {
	filters := map[string]filter{}
	for _, name := range templateFilters() {
		if text := c.Query.Get(name); text != "" {
			f, err := parseFilter(name, text)
			if err != nil {
				return nil, err
			}
			filters[name] = f
		}
	}
	var chosen []*network.AccountTemplate
	for i := range c.account.Templates {
		t := &c.account.Templates[i]
		if t.ID != "" && matches(t, filters) { // one without an id has not been submitted yet
			chosen = append(chosen, t)
		}
	}
	slices.SortFunc(chosen, func(a, b *network.AccountTemplate) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Language, b.Language))
	})
	return chosen, nil
}

// filter is a list of which one value must be had.
type filter []string

// parseFilter reads one value or a JSON list of them.
func parseFilter(name, text string) (filter, error) {
	if !strings.HasPrefix(text, "[") {
		return filter{text}, nil
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, graph.NewError(graph.CodeInvalidParameter, name+" must be a text or a list of texts.")
	}
	return list, nil
}

func (f filter) has(value string) bool {
	return slices.ContainsFunc(f, func(wanted string) bool { return strings.EqualFold(wanted, value) })
}

func matches(t *network.AccountTemplate, filters map[string]filter) bool {
	for name, f := range filters {
		var ok bool
		switch name {
		case "name":
			ok = f.has(t.Name)
		case "status":
			ok = f.has(statusOf(t))
		case "category":
			ok = f.has(categoryOf(t))
		case "language":
			ok = f.has(t.Language)
		case "quality_score":
			ok = f.has(qualityUnknown)
		default:
			ok = slices.ContainsFunc(f, func(text string) bool { return mentions(t, text) })
		}
		if !ok {
			return false
		}
	}
	return true
}

// mentions tells whether a text stands in the name or the content of a template.
func mentions(t *network.AccountTemplate, text string) bool {
	text = strings.ToLower(text)
	if strings.Contains(strings.ToLower(t.Name), text) {
		return true
	}
	return slices.ContainsFunc(t.Components, func(c template.Component) bool {
		return strings.Contains(strings.ToLower(c.Text), text)
	})
}

const qualityUnknown = "UNKNOWN"

func statusOf(t *network.AccountTemplate) string { return cmp.Or(t.Status, graph.TemplatePending) }

func categoryOf(t *network.AccountTemplate) string {
	return strings.ToUpper(cmp.Or(t.BilledCategory, t.Category))
}

// cursor names a place in the list, which stays where it is while others come and go.
func cursor(t *network.AccountTemplate) string {
	return base64.RawURLEncoding.EncodeToString([]byte(t.Name + "\x00" + t.Language))
}

// window is the part of the list that a page shows.
func window(list []*network.AccountTemplate, limit int, query url.Values) (from, to int, err error) {
	after, before := query.Get(paramAfter), query.Get(paramBefore)
	place := func(text string) (int, bool, error) {
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		name, language, ok := strings.Cut(string(decoded), "\x00")
		if err != nil || !ok {
			return 0, false, graph.NewError(graph.CodeBadCursor, "The cursor is none of this list. Begin without one.")
		}
		i, found := slices.BinarySearchFunc(list, [2]string{name, language},
			func(t *network.AccountTemplate, at [2]string) int {
				return cmp.Or(cmp.Compare(t.Name, at[0]), cmp.Compare(t.Language, at[1]))
			})
		return i, found, nil
	}
	switch {
	case after != "":
		i, found, err := place(after)
		if err != nil {
			return 0, 0, err
		}
		if found {
			i++
		}
		return i, min(i+limit, len(list)), nil
	case before != "":
		i, _, err := place(before)
		return max(0, i-limit), i, err
	default:
		return 0, min(limit, len(list)), nil
	}
}

// templatePaging says where the pages before and behind this one are.
func (c *call) templatePaging(list []*network.AccountTemplate, from, to int) map[string]any {
	first, last := cursor(list[from]), cursor(list[to-1])
	paging := map[string]any{"cursors": map[string]string{paramBefore: first, paramAfter: last}}
	page := func(name, at string) string {
		query := url.Values{}
		for _, kept := range append(templateFilters(), paramFields, paramLimit) {
			if c.Query.Has(kept) {
				query[kept] = c.Query[kept]
			}
		}
		query.Set(name, at)
		return c.Address(query)
	}
	if to < len(list) {
		paging["next"] = page(paramAfter, last)
	}
	if from > 0 {
		paging["previous"] = page(paramBefore, first)
	}
	return paging
}

// write writes the fields of a template that are asked for, and its id.
func write(t *network.AccountTemplate, fields []string) (json.RawMessage, error) {
	if len(fields) == 0 {
		fields = defaultFields()
	}
	definition, err := json.Marshal(t.Definition)
	if err != nil {
		return nil, fmt.Errorf("encode a template: %w", err)
	}
	known := map[string]any{}
	if err := json.Unmarshal(definition, &known); err != nil {
		return nil, fmt.Errorf("encode a template: %w", err)
	}
	known["status"], known["category"] = statusOf(t), categoryOf(t)
	known["quality_score"] = map[string]string{"score": qualityUnknown}
	if known["parameter_format"] == nil || known["parameter_format"] == "" {
		known["parameter_format"] = template.Positional
	}
	out := map[string]any{"id": t.ID}
	for _, field := range fields {
		if value, ok := known[field]; ok {
			out[field] = value
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode a template: %w", err)
	}
	return text, nil
}
