package pages

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
)

const defaultLimit = 25

func (p *Pages) createTemplate(c *call) (any, *graph.Error) {
	if !c.page.may("pages_utility_messaging", "page_utility_messaging") {
		return nil, refuse(codePermission, 0, "Requires pages_utility_messaging permission")
	}
	t, failure := readTemplate(c.params)
	if failure != nil {
		return nil, failure
	}
	if p.find(c.page.ID, t.Name, t.Language) != nil {
		return nil, invalid("A template with this name and language exists already")
	}
	held := p.hold(c.page.ID, t, statusPending)
	p.planReview(held)
	p.templatesChanged()
	return map[string]string{"id": held.id, "status": held.status, "category": held.Category}, nil
}

// readTemplate reads a definition, or copies one of the library.
func readTemplate(given params) (Template, *graph.Error) {
	t := Template{
		Name: given.text("name"), Language: given.text("language"), Category: strings.ToUpper(given.text("category")),
		ParameterFormat: strings.ToUpper(given.text("parameter_format")), Library: given.text("library_template_name"),
	}
	given.into("components", &t.Components)
	if t.Library != "" {
		i := slices.IndexFunc(libraryTemplates(), func(ready Template) bool { return ready.Name == t.Library })
		if i < 0 {
			return t, invalid("No template of the library has the name " + t.Library)
		}
		t.Components = libraryTemplates()[i].Components
	}
	if problem := t.problem(); problem != "" {
		return t, invalid(problem)
	}
	return t, nil
}

// libraryTemplates are those that the platform has ready.
func libraryTemplates() []Template {
	body := func(name, text string) Template {
		return Template{
			Name: name, Language: "en_US", Category: utility, Components: []Component{{Type: "BODY", Text: text}},
		}
	}
	return []Template{
		body("appointment_reminder", "Your appointment is on {{1}} at {{2}}. Reply here if you cannot come."),
		body("order_update", "Your order {{1}} has been sent and will arrive on {{2}}."),
	}
}

// editTemplate replaces the components and sends the template to review again.
func (p *Pages) editTemplate(c *call, held *heldTemplate) (any, *graph.Error) {
	changed := held.Template
	if !c.params.into("components", &changed.Components) {
		return nil, invalid("The parameter components is required")
	}
	if problem := changed.problem(); problem != "" {
		return nil, invalid(problem)
	}
	held.Template, held.status, held.reason = changed, statusPending, ""
	p.planReview(held)
	p.templatesChanged()
	return success(), nil
}

func (p *Pages) deleteTemplate(c *call) (any, *graph.Error) {
	found := false
	for id, held := range p.templates {
		if held.page == c.page.ID && held.Name == c.params.text("name") &&
			cmp.Or(c.params.text("hsm_id"), c.params.text("template_id"), id) == id {
			delete(p.templates, id)
			found = true
		}
	}
	if !found {
		return nil, invalid("No template has this name")
	}
	p.templatesChanged()
	return success(), nil
}

func (p *Pages) listTemplates(c *call) (any, *graph.Error) {
	limit, err := strconv.Atoi(c.params.text("limit"))
	if err != nil || limit <= 0 || limit > 250 {
		limit = defaultLimit
	}
	after := c.params.text("after")
	data := []any{}
	last, more := "", false
	for _, id := range slices.Sorted(maps.Keys(p.templates)) {
		held := p.templates[id]
		if held.page != c.page.ID || id <= after || !held.selected(c.params) {
			continue
		}
		if len(data) == limit {
			more = true
			break
		}
		data = append(data, held.wire())
		last = id
	}
	answer := map[string]any{"data": data}
	if len(data) > 0 {
		paging := map[string]any{"cursors": map[string]string{"after": last}}
		if more {
			paging["next"] = "http://" + c.Host + c.URL.Path + "?after=" + last
		}
		answer["paging"] = paging
	}
	return answer, nil
}

func (h *heldTemplate) selected(filter params) bool {
	for name, value := range map[string]string{
		"name": h.Name, "status": h.status, "language": h.Language, "category": h.Category,
	} {
		if wanted := filter.text(name); wanted != "" && wanted != value {
			return false
		}
	}
	return true
}

func (p *Pages) planReview(held *heldTemplate) {
	held.version++
	version := held.version
	if p.settings.ManualReview {
		return
	}
	p.stage.Plan(p.scene, p.stage.Now().Add(p.settings.ReviewAfter), func(time.Time) {
		if held.version == version && held.status == statusPending {
			status, reason := held.review()
			p.conclude(held, status, reason)
		}
	})
}

// HasTemplate tells whether a template of pages has the id. The caller holds the stage's lock.
func (p *Pages) HasTemplate(id string) bool { return p.templates[id] != nil }

// Judge decides on a template, by its id; an empty status stays. The caller holds the
// stage's lock.
func (p *Pages) Judge(id, status, reason string) error {
	held := p.templates[id]
	if held == nil {
		return errors.New("no template has this id")
	}
	p.conclude(held, cmp.Or(status, held.status), reason)
	return nil
}

// conclude sets a status and tells the business.
func (p *Pages) conclude(held *heldTemplate, status, reason string) {
	held.status, held.reason = status, reason
	p.templatesChanged()
	page := p.pages[held.page]
	if page == nil {
		return
	}
	p.change(page, "message_template_status_update", map[string]any{
		"event": status, "message_template_id": json.Number(held.id), "message_template_name": held.Name,
		"message_template_language": held.Language, "reason": cmp.Or(reason, "NONE"),
	})
}
