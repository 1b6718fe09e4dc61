package pages

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Limits of a Messenger profile. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/messenger-profile-api
const (
	maxGreeting    = 160
	maxMenuItems   = 20
	maxMenuTitle   = 30
	maxIceBreakers = 4
	maxQuestion    = 80
)

// profileFields are those that a page can set.
var profileFields = []string{
	"account_linking_url", "commands", "get_started", "greeting", "ice_breakers", "persistent_menu",
	"subject_to_new_eu_privacy_rules", "title", "whitelisted_domains",
}

func (p *Pages) readProfile(c *call) (any, *graph.Error) {
	fields := map[string]any{}
	for name := range strings.SplitSeq(c.params.text("fields"), ",") {
		if value, ok := c.page.profile[strings.TrimSpace(name)]; ok {
			fields[strings.TrimSpace(name)] = value
		}
	}
	if len(fields) == 0 {
		return map[string]any{"data": []any{}}, nil
	}
	return map[string]any{"data": []any{fields}}, nil
}

func (p *Pages) writeProfile(c *call) (any, *graph.Error) {
	given := map[string]json.RawMessage{}
	for _, name := range profileFields {
		if value := c.params.get(name); value != nil {
			given[name] = value
		}
	}
	if len(given) == 0 {
		return nil, invalid("Requires one of the params: " + strings.Join(profileFields, ", "))
	}
	if failure := checkProfile(c.page, given); failure != nil {
		return nil, failure
	}
	for name, value := range given {
		c.page.profile[name] = value
	}
	return object1("result", "success"), nil
}

func (p *Pages) deleteProfile(c *call) (any, *graph.Error) {
	var names []string
	if !c.params.into("fields", &names) {
		names = strings.Split(c.params.text("fields"), ",")
	}
	if c.page.profile["persistent_menu"] != nil &&
		slices.Contains(names, "get_started") && !slices.Contains(names, "persistent_menu") {
		return nil, refuse(
			graph.CodeInvalidParameter, subcodeMenuNeedsButton,
			"You must set a Get Started button if you also wish to use persistent menu",
		)
	}
	for _, name := range names {
		delete(c.page.profile, strings.TrimSpace(name))
	}
	return object1("result", "success"), nil
}

// localized is a part of a profile in one language.
type localized struct {
	Locale   string     `json:"locale"`
	Text     string     `json:"text"`
	Items    []menuItem `json:"call_to_actions"`
	Question string     `json:"question"`
	Payload  string     `json:"payload"`
}

type menuItem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	Payload  string `json:"payload"`
	Question string `json:"question"`
}

func checkProfile(p *page, given map[string]json.RawMessage) *graph.Error {
	if raw, ok := given["get_started"]; ok {
		var button struct {
			Payload string `json:"payload"`
		}
		if json.Unmarshal(raw, &button) != nil || button.Payload == "" || len(button.Payload) > maxPayload {
			return invalid("Param get_started[payload] must have 1 to 1000 characters")
		}
	}
	if raw, ok := given["greeting"]; ok {
		if failure := checkLocalized(raw, "greeting", func(l localized) bool {
			return l.Text != "" && utf8.RuneCountInString(l.Text) <= maxGreeting
		}); failure != nil {
			return failure
		}
	}
	if raw, ok := given["ice_breakers"]; ok {
		if failure := checkIceBreakers(raw); failure != nil {
			return failure
		}
	}
	raw, ok := given["persistent_menu"]
	if !ok {
		return nil
	}
	if _, started := given["get_started"]; !started && p.profile["get_started"] == nil {
		return refuse(
			graph.CodeInvalidParameter, subcodeMenuNeedsButton,
			"You must set a Get Started button if you also wish to use persistent menu",
		)
	}
	return checkLocalized(raw, "persistent_menu", func(l localized) bool {
		return len(l.Items) <= maxMenuItems && !slices.ContainsFunc(l.Items, func(i menuItem) bool { return !i.fits() })
	})
}

func (i menuItem) fits() bool {
	if i.Title == "" || utf8.RuneCountInString(i.Title) > maxMenuTitle {
		return false
	}
	switch i.Type {
	case "postback":
		return i.Payload != "" && len(i.Payload) <= maxPayload
	case "web_url":
		return isHTTP(i.URL)
	}
	return false
}

// checkIceBreakers takes both forms: with locales, and the older one without.
func checkIceBreakers(raw json.RawMessage) *graph.Error {
	var list []localized
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return invalid("Param ice_breakers must be a list")
	}
	if list[0].Question != "" {
		old := localized{Locale: "default"}
		for _, one := range list {
			old.Items = append(old.Items, menuItem{Question: one.Question, Payload: one.Payload})
		}
		list = []localized{old}
	}
	return checkEach(list, "ice_breakers", func(l localized) bool {
		return len(l.Items) > 0 && len(l.Items) <= maxIceBreakers &&
			!slices.ContainsFunc(l.Items, func(i menuItem) bool {
				return i.Question == "" || utf8.RuneCountInString(i.Question) > maxQuestion || i.Payload == ""
			})
	})
}

func checkLocalized(raw json.RawMessage, name string, fits func(localized) bool) *graph.Error {
	var list []localized
	if json.Unmarshal(raw, &list) != nil {
		return invalid("Param " + name + " must be a list")
	}
	return checkEach(list, name, fits)
}

func checkEach(list []localized, name string, fits func(localized) bool) *graph.Error {
	isDefault := func(l localized) bool { return l.Locale == "default" }
	if !slices.ContainsFunc(list, isDefault) {
		return invalid("Param " + name + " must have an element with locale default")
	}
	for _, one := range list {
		if !fits(one) {
			return invalid("Param " + name + " breaks a limit in locale " + one.Locale)
		}
	}
	return nil
}
