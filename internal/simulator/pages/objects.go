package pages

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
)

// attachment is an upload.
type attachment struct{ page, kind string }

// persona is somebody in whose name a page writes.
type persona struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Picture string `json:"profile_picture_url"`
}

const maxPersonaName = 50

// upload keeps a file, or the address of one, for messages.
func (p *Pages) upload(c *call) (any, *graph.Error) {
	var m struct {
		Attachment *attached `json:"attachment"`
	}
	if !c.params.into("message", &m) || m.Attachment == nil {
		return nil, invalid("The parameter message is required, with an attachment")
	}
	if m.Attachment.Type == "template" {
		return nil, invalid("Param message[attachment][type] must be one of {IMAGE, VIDEO, AUDIO, FILE}")
	}
	if failure := m.Attachment.check(); failure != nil {
		return nil, failure
	}
	if c.params.file == nil && m.Attachment.Payload.URL == "" {
		return nil, invalid("Give a url in message[attachment][payload], or the file as filedata")
	}
	id := p.scene.ObjectID()
	p.attachments[id] = attachment{c.page.ID, m.Attachment.Type}
	return map[string]string{"attachment_id": id}, nil
}

func (p *Pages) listPersonas(c *call) (any, *graph.Error) {
	data := []*persona{}
	for _, id := range slices.Sorted(maps.Keys(c.page.personas)) {
		data = append(data, c.page.personas[id])
	}
	return map[string]any{"data": data}, nil
}

func (p *Pages) createPersona(c *call) (any, *graph.Error) {
	made := &persona{Name: c.params.text("name"), Picture: c.params.text("profile_picture_url")}
	if length := utf8.RuneCountInString(made.Name); length == 0 || length > maxPersonaName {
		return nil, invalid("Param name must have 1 to 50 characters")
	}
	if !isHTTP(made.Picture) {
		return nil, invalid("Param profile_picture_url must be a valid URI")
	}
	made.ID = p.scene.ObjectID()
	c.page.personas[made.ID] = made
	return map[string]string{"id": made.ID}, nil
}

// describe tells of a page, a person, a persona or a template.
func (p *Pages) describe(c *call) (any, *graph.Error) {
	fields := map[string]any{"id": c.page.ID, "name": c.page.Name}
	switch {
	case c.id == c.page.ID && c.page.instagram():
		fields["username"] = strings.ToLower(strings.ReplaceAll(c.page.Name, " ", ""))
	case c.page.people[c.id] != nil:
		fields = profileOf(c.page, c.page.people[c.id])
	case c.page.personas[c.id] != nil:
		return c.page.personas[c.id], nil
	case p.templates[c.id] != nil:
		return p.templates[c.id].wire(), nil
	}
	return chosen(fields, c.params.text("fields")), nil
}

// profileOf is what a page may know of somebody.
func profileOf(p *page, who *person) map[string]any {
	first, last, _ := strings.Cut(who.name, " ")
	if p.instagram() {
		return map[string]any{"id": who.id, "name": who.name, "username": strings.ToLower(first), "follower_count": 1}
	}
	return map[string]any{
		"id": who.id, "first_name": first, "last_name": last, "name": who.name, "locale": "en_US", "timezone": 0,
		"profile_pic": "https://platform-lookaside.example/" + who.id,
	}
}

// chosen are the named fields, with the id; all of them if none is named.
func chosen(fields map[string]any, names string) map[string]any {
	if names == "" {
		return fields
	}
	out := map[string]any{}
	for name := range strings.SplitSeq(names+",id", ",") {
		if value, ok := fields[strings.TrimSpace(name)]; ok {
			out[strings.TrimSpace(name)] = value
		}
	}
	return out
}

// editObject edits a template.
func (p *Pages) editObject(c *call) (any, *graph.Error) {
	if held := p.templates[c.id]; held != nil {
		return p.editTemplate(c, held)
	}
	return nil, invalid("This object cannot be edited here.")
}

func (p *Pages) forgetObject(c *call) (any, *graph.Error) {
	if c.page.personas[c.id] == nil {
		return nil, invalid("This object cannot be deleted here.")
	}
	delete(c.page.personas, c.id)
	return success(), nil
}

// conversations lists with whom the page has a thread.
func (p *Pages) conversations(c *call) (any, *graph.Error) {
	data := []any{}
	for _, id := range slices.Sorted(maps.Keys(c.page.people)) {
		if user := c.params.text("user_id"); user == "" || user == id {
			who := c.page.people[id]
			participants := []any{
				map[string]string{"id": id, "name": who.name}, map[string]string{"id": c.page.ID, "name": c.page.Name},
			}
			data = append(data, map[string]any{
				"id": "t_" + id, "participants": map[string]any{"data": participants},
			})
		}
	}
	return map[string]any{"data": data}, nil
}

// library are the utility templates that the platform has ready.
func (p *Pages) library(c *call) (any, *graph.Error) {
	data := []any{}
	for _, ready := range libraryTemplates() {
		if name := c.params.text("name"); name != "" && name != ready.Name {
			continue
		}
		raw, err := json.Marshal(ready)
		if err != nil {
			return nil, invalid(err.Error())
		}
		var fields map[string]any
		if json.Unmarshal(raw, &fields) != nil {
			continue
		}
		fields["id"] = ready.Name
		data = append(data, fields)
	}
	return map[string]any{"data": data}, nil
}
