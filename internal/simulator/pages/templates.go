package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
)

// Template is a utility template of a page. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages
type Template struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Category string `json:"category"`
	// ParameterFormat is POSITIONAL unless it is NAMED.
	ParameterFormat string      `json:"parameter_format,omitempty"`
	Components      []Component `json:"components,omitempty"`
	// Library is the name of a template of the library that this one is a copy of.
	Library string `json:"library_template_name,omitempty"`
}

// Component is a header, the body or the buttons of a template.
type Component struct {
	Type    string           `json:"type"`
	Format  string           `json:"format,omitempty"`
	Text    string           `json:"text,omitempty"`
	Example json.RawMessage  `json:"example,omitempty"`
	Buttons []TemplateButton `json:"buttons,omitempty"`
}

// TemplateButton is a button of type URL or POSTBACK.
type TemplateButton struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	URL     string          `json:"url,omitempty"`
	Payload string          `json:"payload,omitempty"`
	Example json.RawMessage `json:"example,omitempty"`
}

// TemplateOf is a definition as a page's template.
func TemplateOf(definition template.Definition) (t Template, err error) {
	raw, err := json.Marshal(graph.ForPage(definition))
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	return t, err
}

// Statuses of templates, and why one is rejected.
const (
	statusPending  = "PENDING"
	statusApproved = "APPROVED"
	statusRejected = "REJECTED"

	reasonParameters = "INCORRECT_PARAMS"
	reasonRatio      = "PARAMS_TO_WORD_RATIO_EXCEED_LIMIT"
	reasonMarketing  = "TAG_SHOULD_BE_MARKETING"
)

const (
	utility           = "UTILITY"
	maxBody           = 1024
	maxHeader         = 60
	maxUtilityButtons = 3
)

var (
	templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
	languageCode = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2,4})?$`)
	variable     = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)
)

// heldTemplate is a template under review or in use.
type heldTemplate struct {
	Template
	id, page, status, reason string
	// version counts the submissions, so that a late decision is for the right one.
	version int
}

func (p *Pages) hold(page string, t Template, status string) *heldTemplate {
	held := &heldTemplate{Template: t, id: p.scene.ObjectID(), page: page, status: status}
	p.templates[held.id] = held
	return held
}

// find is the page's template of a name and language, or nil.
func (p *Pages) find(page, name, language string) *heldTemplate {
	for _, held := range p.templates {
		if held.page == page && held.Name == name && held.Language == language {
			return held
		}
	}
	return nil
}

func (h *heldTemplate) wire() map[string]any {
	return map[string]any{
		"id": h.id, "name": h.Name, "language": h.Language, "category": h.Category, "status": h.status,
		"parameter_format": cmp.Or(h.ParameterFormat, "POSITIONAL"), "components": h.Components,
		"rejected_reason": cmp.Or(h.reason, "NONE"),
	}
}

// problem is what the platform has against a definition, before any review; empty for nothing.
func (t *Template) problem() string {
	body := t.component("BODY")
	switch {
	case !templateName.MatchString(t.Name):
		return "Param name must have 1 to 512 of a-z, 0-9 and _"
	case !languageCode.MatchString(t.Language):
		return "Param language must be a locale such as en_US"
	case t.Category != utility:
		return "Param category must be UTILITY"
	case body == nil || body.Text == "" || utf8.RuneCountInString(body.Text) > maxBody:
		return fmt.Sprintf("Param components must have a BODY with a text of 1 to %d characters", maxBody)
	}
	header := t.component("HEADER")
	if header != nil && utf8.RuneCountInString(header.Text) > maxHeader {
		return fmt.Sprintf("Param components: a HEADER has at most %d characters", maxHeader)
	}
	if buttons := t.component("BUTTONS"); buttons != nil {
		return buttons.buttonProblem()
	}
	return ""
}

func (c *Component) buttonProblem() string {
	if len(c.Buttons) == 0 || len(c.Buttons) > maxUtilityButtons {
		return fmt.Sprintf("Param components: BUTTONS has 1 to %d buttons", maxUtilityButtons)
	}
	for _, b := range c.Buttons {
		switch {
		case b.Text == "" || utf8.RuneCountInString(b.Text) > maxTitle:
			return fmt.Sprintf("Param components: a button has a text of 1 to %d characters", maxTitle)
		case !strings.EqualFold(b.Type, "URL") && !strings.EqualFold(b.Type, "POSTBACK"):
			return "Param components: a button is of type URL or POSTBACK"
		case strings.EqualFold(b.Type, "URL") && !isHTTP(variable.ReplaceAllString(b.URL, "x")):
			return "Param components: a button of type URL needs a valid url"
		}
	}
	return ""
}

func (t *Template) component(kind string) *Component {
	for i := range t.Components {
		if strings.EqualFold(t.Components[i].Type, kind) {
			return &t.Components[i]
		}
	}
	return nil
}

// variables are the names in a text, in order and once each.
func variables(text string) (names []string) {
	for _, match := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	return names
}

// review is the automatic review: a name that begins with reject_ is rejected, and so is a body of
// more variables than words, and one that promotes.
func (t *Template) review() (status, reason string) {
	body := t.component("BODY").Text
	words := len(strings.Fields(variable.ReplaceAllString(body, "")))
	promotional := template.Definition{Components: []template.Component{{Type: template.Body, Text: body}}}
	switch _, promotes := template.Promotional(promotional); {
	case strings.HasPrefix(t.Name, "reject_"):
		return statusRejected, reasonParameters
	case len(variables(body)) > words:
		return statusRejected, reasonRatio
	case promotes:
		return statusRejected, reasonMarketing
	}
	return statusApproved, ""
}

// usedTemplate is a template in a send.
type usedTemplate struct {
	Name     string `json:"name"`
	Language struct {
		Code string `json:"code"`
	} `json:"language"`
	Components []usedComponent `json:"components"`
}

type usedComponent struct {
	Type       string          `json:"type"`
	Parameters []usedParameter `json:"parameters"`
}

type usedParameter struct {
	Type    string `json:"type"`
	Name    string `json:"parameter_name"`
	Text    string `json:"text"`
	Payload string `json:"payload"`
	URL     string `json:"url"`
}

// checkUtility judges a template message: outside the window an approved template is all it needs.
func (p *Pages) checkUtility(page *page, used *usedTemplate) *graph.Error {
	if !page.may("pages_utility_messaging", "page_utility_messaging") {
		return refuse(codePermission, 0, "Requires pages_utility_messaging permission")
	}
	held := p.find(page.ID, used.Name, used.Language.Code)
	switch {
	case held == nil:
		return invalid("Template " + used.Name + " does not exist in language " + used.Language.Code)
	case held.status != statusApproved:
		return invalid("Template " + used.Name + " is " + held.status)
	}
	for _, kind := range []string{"HEADER", "BODY"} {
		component := held.component(kind)
		if component == nil {
			component = &Component{}
		}
		if failure := matches(variables(component.Text), used.parameters(kind), strings.ToLower(kind)); failure != nil {
			return failure
		}
	}
	return held.matchButtons(used.parameters("BUTTONS"))
}

func (u *usedTemplate) parameters(kind string) []usedParameter {
	for _, c := range u.Components {
		if strings.EqualFold(c.Type, kind) {
			return c.Parameters
		}
	}
	return nil
}

func matches(names []string, given []usedParameter, where string) *graph.Error {
	texts := 0
	for _, parameter := range given {
		if !strings.EqualFold(parameter.Type, "text") {
			continue // media of a header
		}
		texts++
		if parameter.Name != "" && !slices.Contains(names, parameter.Name) {
			return invalid("Param template: the " + where + " has no parameter " + parameter.Name)
		}
	}
	if texts != len(names) {
		return invalid(fmt.Sprintf("Param template: the %s has %d parameters, %d were given", where, len(names), texts))
	}
	return nil
}

func (h *heldTemplate) matchButtons(given []usedParameter) *graph.Error {
	var buttons []TemplateButton
	if component := h.component("BUTTONS"); component != nil {
		buttons = component.Buttons
	}
	if len(given) > len(buttons) {
		return invalid("Param template: more button parameters than buttons")
	}
	for i, b := range buttons {
		switch {
		case i < len(given) && !strings.EqualFold(given[i].Type, b.Type):
			return invalid(fmt.Sprintf("Param template: parameter %d of the buttons must be of type %s", i+1, b.Type))
		case i >= len(given) && len(variables(b.URL)) > 0:
			return invalid(fmt.Sprintf("Param template: button %d needs its url", i+1))
		}
	}
	return nil
}
