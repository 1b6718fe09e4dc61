package template

import "strings"

// Preview is a template as the customer reads it.
type Preview struct {
	// Header is the header's text, or its media format in brackets.
	Header string
	Body   string
	Footer string
	// Buttons are the texts of the buttons, in order.
	Buttons []string
}

// Render fills the template with the components of a message that matches. If the message does not
// match, it returns the *Mismatch of Match.
func (c *Compiled) Render(components []SendComponent) (Preview, error) {
	if err := c.Match(components); err != nil {
		return Preview{}, err
	}
	given, m := c.arrange(componentsPath, components)
	if m != nil {
		return Preview{}, m
	}
	preview := Preview{Body: c.body.render(given.body.parameters, c.named), Footer: c.footer}
	if c.header != nil {
		preview.Header = "[" + c.header.format + "]"
		if c.header.format == FormatText {
			preview.Header = c.header.render(given.header.parameters, c.named)
		}
	}
	for _, b := range c.buttons {
		preview.Buttons = append(preview.Buttons, b.text)
	}
	return preview, nil
}

// render puts the values into the text: by name if the template has named parameters, else by
// place.
func (p *part) render(given []Parameter, named bool) string {
	if len(p.slots) == 0 {
		return strings.Join(p.literals, "")
	}
	values := make([]string, len(p.names))
	for i := range given {
		if !named {
			values[i] = given[i].Value()
			continue
		}
		for slot, name := range p.names {
			if name == given[i].ParameterName {
				values[slot] = given[i].Value()
			}
		}
	}
	var out strings.Builder
	for i, slot := range p.slots {
		out.WriteString(p.literals[i])
		out.WriteString(values[slot])
	}
	out.WriteString(p.literals[len(p.literals)-1])
	return out.String()
}
