package template

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Codes of a Mismatch.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
const (
	CodeCount  = 132000
	CodeLength = 132005
	CodeFormat = 132012
	CodeValue  = 132018
)

// Mismatch says that the parameters of a message do not fit the template.
type Mismatch struct { //nolint:errname // what it is comes before that it is an error
	// Code is CodeCount, CodeFormat, CodeLength or CodeValue.
	Code int
	// Details is a sentence that names the place and the numbers, never a value.
	Details string
}

// Error implements error.
func (m *Mismatch) Error() string { return fmt.Sprintf("(#%d) %s", m.Code, m.Details) }

// MatchOptions are the rules that not every provider enforces.
type MatchOptions struct {
	// StrictValues refuses newlines, tabs and more than four consecutive spaces
	// in a value.
	StrictValues bool
}

// Match tells whether the components of a message fit the template. The error,
// if any, is a *Mismatch.
func (c *Compiled) Match(components []SendComponent, options MatchOptions) error {
	m := c.match(components, options)
	if m == nil {
		return nil // not m: a nil pointer would be an error that is not nil
	}
	return m
}

func (c *Compiled) match(components []SendComponent, options MatchOptions) *Mismatch {
	given, m := arrange(components, len(c.buttons))
	if m != nil {
		return m
	}
	if m := c.matchHeader(given.header, options); m != nil {
		return m
	}
	if m := c.matchText("body", &c.body, given.body, maxBody, options); m != nil {
		return m
	}
	if c.authentication && utf8.RuneCountInString(given.body[0].Value()) > maxAuthCode {
		return mismatch(CodeLength, "body: the code has more than %d characters.", maxAuthCode)
	}
	for i, b := range c.buttons {
		if m := b.match(fmt.Sprintf("button %d", i), given.buttons[i], options); m != nil {
			return m
		}
	}
	return nil
}

// arrangement is what a message brings, by place.
type arrangement struct {
	header, body []Parameter
	buttons      []*SendComponent
}

func arrange(components []SendComponent, buttons int) (arrangement, *Mismatch) {
	given := arrangement{buttons: make([]*SendComponent, buttons)}
	seen := map[string]bool{}
	for i := range components {
		component := &components[i]
		kind := strings.ToLower(component.Type)
		if kind != "button" {
			if seen[kind] {
				return given, mismatch(CodeFormat, "%s stands twice in the components. Keep one.", kind)
			}
			seen[kind] = true
		}
		switch kind {
		case "header":
			given.header = component.Parameters
		case "body":
			given.body = component.Parameters
		case "footer":
			if len(component.Parameters) > 0 {
				return given, mismatch(CodeCount, "footer: 0 parameters are expected and %d are given.", len(component.Parameters))
			}
		case "button":
			if m := given.place(component); m != nil {
				return given, m
			}
		default:
			return given, mismatch(CodeFormat, "components[%d]: the template has no component of this type. Use header, body or button.", i)
		}
	}
	return given, nil
}

func (a *arrangement) place(component *SendComponent) *Mismatch {
	if component.Index == nil {
		return mismatch(CodeFormat, "button: index is missing. Give the button's place, from 0.")
	}
	index := int(*component.Index)
	if index >= len(a.buttons) {
		return mismatch(CodeFormat, "button %d: the template has %d buttons. Count from 0.", index, len(a.buttons))
	}
	if a.buttons[index] != nil {
		return mismatch(CodeFormat, "button %d stands twice in the components. Keep one.", index)
	}
	a.buttons[index] = component
	return nil
}

func (c *Compiled) matchHeader(given []Parameter, options MatchOptions) *Mismatch {
	switch {
	case c.header == nil:
		if len(given) > 0 {
			return mismatch(CodeCount, "header: the template has no header and %d parameters are given.", len(given))
		}
		return nil
	case c.header.format == FormatText:
		return c.matchText("header", c.header, given, maxHeader, options)
	default:
		return matchMedia(c.header.format, given)
	}
}

func matchMedia(format string, given []Parameter) *Mismatch {
	if len(given) != 1 {
		return mismatch(CodeCount, "header: 1 parameter of type %s is expected and %d are given.", strings.ToLower(format), len(given))
	}
	content := map[string][]byte{
		FormatImage:    given[0].Image,
		FormatVideo:    given[0].Video,
		FormatGIF:      given[0].Video,
		FormatDocument: given[0].Document,
		FormatLocation: given[0].Location,
	}[format]
	want := strings.ToLower(format)
	if format == FormatGIF {
		want = strings.ToLower(FormatVideo)
	}
	if given[0].Type != want || len(content) == 0 {
		return mismatch(CodeFormat, "header: a parameter of type %s with its %s object is expected.", want, want)
	}
	return nil
}

func (c *Compiled) matchText(place string, p *part, given []Parameter, limit int, options MatchOptions) *Mismatch {
	if len(given) != len(p.names) {
		return mismatch(CodeCount, "%s: %d parameters are expected and %d are given.", place, len(p.names), len(given))
	}
	for i := range given {
		if m := matchValue(fmt.Sprintf("%s parameter %d", place, i+1), &given[i], options, "text", "currency", "date_time"); m != nil {
			return m
		}
	}
	if c.named {
		if m := matchNames(place, p.names, given); m != nil {
			return m
		}
	}
	if length := utf8.RuneCountInString(p.render(given, c.named)); length > limit {
		return mismatch(CodeLength, "%s: the text has %d characters with its parameters and may have %d.", place, length, limit)
	}
	return nil
}

// matchNames wants each variable named once; the counts are equal already.
func matchNames(place string, names []string, given []Parameter) *Mismatch {
	open := make(map[string]bool, len(names))
	for _, name := range names {
		open[name] = true
	}
	for i := range given {
		name := given[i].ParameterName
		switch {
		case name == "":
			return mismatch(CodeFormat, "%s parameter %d: parameter_name is missing; the template has named parameters.", place, i+1)
		case !open[name]:
			return mismatch(CodeFormat, "%s parameter %d: parameter_name is not one of the template's, or stands twice.", place, i+1)
		}
		delete(open, name)
	}
	return nil
}

func matchValue(place string, p *Parameter, options MatchOptions, types ...string) *Mismatch {
	if !slices.Contains(types, p.Type) {
		return mismatch(CodeFormat, "%s: type must be %s.", place, strings.Join(types, " or "))
	}
	value := p.Value()
	if value == "" {
		return mismatch(CodeFormat, "%s: the value is empty.", place)
	}
	if options.StrictValues && (strings.ContainsAny(value, "\n\r\t") || strings.Contains(value, "     ")) {
		return mismatch(CodeValue, "%s: the value has a newline, a tab or more than four spaces in a row.", place)
	}
	return nil
}

func mismatch(code int, format string, args ...any) *Mismatch {
	return &Mismatch{Code: code, Details: fmt.Sprintf(format, args...)}
}
