package template

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MismatchKind is what does not fit.
type MismatchKind string

// The kinds. Each network has its own code for each.
const (
	WrongCount  MismatchKind = "wrong count"
	TooLong     MismatchKind = "too long"
	WrongFormat MismatchKind = "wrong format"
)

// Mismatch says that the parameters of a message do not fit the template.
type Mismatch struct { //nolint:errname // it is named for what it says
	Kind MismatchKind
	// Details is a sentence that names the path in the request and the numbers,
	// never a value.
	Details string
}

// Error implements error.
func (m *Mismatch) Error() string { return fmt.Sprintf("%s: %s", m.Kind, m.Details) }

// Match reports whether the components of a message fit the template. The error,
// if any, is a *Mismatch.
func (c *Compiled) Match(components []SendComponent) error {
	m := c.match(componentsPath, components)
	if m == nil {
		return nil // not m: a nil *Mismatch is an error that is not nil
	}
	return m
}

// match compares components that stand at a path of the request.
func (c *Compiled) match(path string, components []SendComponent) *Mismatch {
	given, m := c.arrange(path, components)
	if m != nil {
		return m
	}
	if m := c.matchHeader(given.header); m != nil {
		return m
	}
	if m := c.matchText(given.body, &c.body, c.longest); m != nil {
		return m
	}
	if c.authentication && utf8.RuneCountInString(given.body.parameters[0].Value()) > maxAuthCode {
		return mismatch(TooLong, "%s: the code has more than %d characters.", given.body.parameter(0), maxAuthCode)
	}
	for i, b := range c.buttons {
		if m := b.match(path, i, given.buttons[i]); m != nil {
			return m
		}
	}
	if m := c.matchOffer(given.offer); m != nil {
		return m
	}
	return c.matchCarousel(given.carousel)
}

// arrangement is what a message has, by place.
type arrangement struct {
	header, body, offer, carousel given
	// buttons has an element for each button of the template, nil if the message has nothing for
	// it.
	buttons []*given
}

// given is what a message has for one component of the template.
type given struct {
	name       string // such as "body"
	root       string // where it is in the request, or would be
	path       string // in the request; empty if the message does not name the component
	subType    string
	parameters []Parameter
	cards      []SendCard
}

// place returns how an error names the component.
func (g given) place() string {
	if g.path == "" {
		return g.root + " (" + g.name + ")"
	}
	return g.path + " (" + g.name + ")"
}

// parameter returns how an error names a parameter, counted from 0.
func (g given) parameter(i int) string {
	return fmt.Sprintf("%s.parameters[%d] (%s)", g.path, i, g.name)
}

const componentsPath = "template.components"

// tapTarget is a component that a message may have for any template: what a tap on it opens.
// Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/tap-target-url-title-override
const tapTarget = "tap_target_configuration"

func (c *Compiled) arrange(root string, components []SendComponent) (arrangement, *Mismatch) {
	absent := func(name string) given { return given{name: name, root: root} }
	all := arrangement{
		header: absent("header"), body: absent("body"), offer: absent(offerType), carousel: absent(carouselType),
		buttons: make([]*given, len(c.buttons)),
	}
	seen := map[string]bool{}
	for i := range components {
		component := &components[i]
		kind, path := strings.ToLower(component.Type), fmt.Sprintf("%s[%d]", root, i)
		found := given{name: kind, root: root, path: path, parameters: component.Parameters, cards: component.Cards}
		switch {
		case kind == "header":
			all.header = found
		case kind == "body":
			all.body = found
		case kind == "footer":
			if n := len(component.Parameters); n > 0 {
				return all, mismatch(WrongCount, "%s (footer): 0 parameters are expected and %d are given.", path, n)
			}
		case kind == "button":
			if m := all.placeButton(path, component); m != nil {
				return all, m
			}
			continue // a template may have several
		case kind != tapTarget && !c.others[kind]:
			return all, mismatch(WrongFormat,
				"%s.type: the template has no component of this type. Use header, body or button.", path)
		case kind == offerType:
			all.offer = found
		case kind == carouselType:
			all.carousel = found
		}
		if seen[kind] {
			return all, mismatch(WrongFormat, "%s: a component of this type stands before it. Keep one.", path)
		}
		seen[kind] = true
	}
	return all, nil
}

func (a *arrangement) placeButton(path string, component *SendComponent) *Mismatch {
	if component.Index == nil {
		return mismatch(WrongFormat, "%s.index is missing. Give the button's place, from 0.", path)
	}
	index := int(*component.Index)
	if index >= len(a.buttons) {
		return mismatch(WrongFormat, "%s.index: the template has no button %d; it has %d. Count from 0.",
			path, index, len(a.buttons))
	}
	if a.buttons[index] != nil {
		return mismatch(WrongFormat, "%s.index: button %d stands twice in the components. Keep one.", path, index)
	}
	a.buttons[index] = &given{
		name: fmt.Sprintf("button %d", index), root: path, path: path,
		subType: strings.ToLower(component.SubType), parameters: component.Parameters,
	}
	return nil
}

func (c *Compiled) matchHeader(header given) *Mismatch {
	switch {
	case c.header == nil:
		if n := len(header.parameters); n > 0 {
			return mismatch(
				WrongCount, "%s: the template has no header and %d parameters are given.", header.place(), n,
			)
		}
		return nil
	case c.header.format == FormatText:
		return c.matchText(header, c.header, maxHeader)
	default:
		return matchMedia(header, c.header.format)
	}
}

// matchMedia requires the header's one medium, place or product. The upstream takes a missing one
// for a wrong format; it counts only texts.
func matchMedia(header given, format string) *Mismatch {
	want := strings.ToLower(format)
	switch {
	case !mediaFormat(format): // for the upstream to decide
		return nil
	case len(header.parameters) != 1:
		return mismatch(WrongFormat, "%s: 1 parameter of type %s is expected and %d are given.",
			header.place(), want, len(header.parameters))
	}
	p := &header.parameters[0]
	if format == FormatGIF && p.Type == strings.ToLower(FormatVideo) { // clients write either
		want = p.Type
	}
	if p.Type != want || len(p.object()) == 0 {
		return mismatch(WrongFormat, "%s: a parameter of type %s with its %s object is expected.",
			header.parameter(0), want, want)
	}
	return nil
}

// object is the object that belongs to the parameter's type, if that is one of a header.
func (p *Parameter) object() []byte {
	switch strings.ToUpper(p.Type) {
	case FormatImage:
		return p.Image
	case FormatVideo:
		return p.Video
	case FormatGIF:
		return p.GIF
	case FormatDocument:
		return p.Document
	case FormatLocation:
		return p.Location
	case FormatProduct:
		return p.Product
	}
	return nil
}

func mediaFormat(format string) bool {
	return slices.Contains(
		[]string{FormatImage, FormatVideo, FormatGIF, FormatDocument, FormatLocation, FormatProduct}, format,
	)
}

func (c *Compiled) matchText(given given, p *part, limit int) *Mismatch {
	if n := len(given.parameters); n != len(p.names) {
		return mismatch(WrongCount, "%s: %d parameters are expected and %d are given.", given.place(), len(p.names), n)
	}
	for i := range given.parameters {
		if m := matchValue(given.parameter(i), &given.parameters[i], "text", "currency", "date_time"); m != nil {
			return m
		}
	}
	if c.named {
		if m := matchNames(given, p.names); m != nil {
			return m
		}
	}
	if length := utf8.RuneCountInString(p.render(given.parameters, c.named)); length > limit {
		return mismatch(TooLong, "%s: the text has %d characters with its parameters and may have %d.",
			given.place(), length, limit)
	}
	return nil
}

// matchNames requires each variable to be named once. The counts are already equal.
func matchNames(given given, names []string) *Mismatch {
	open := make(map[string]bool, len(names))
	for _, name := range names {
		open[name] = true
	}
	for i := range given.parameters {
		name := given.parameters[i].ParameterName
		switch {
		case name == "":
			return mismatch(
				WrongFormat, "%s: parameter_name is missing; the template has named parameters.", given.parameter(i),
			)
		case !open[name]:
			return mismatch(
				WrongFormat, "%s: parameter_name is not one of the template's, or stands twice.", given.parameter(i),
			)
		}
		delete(open, name)
	}
	return nil
}

// matchValue requires a value of one of the types. Currencies and times may leave their text to the
// upstream.
func matchValue(place string, p *Parameter, types ...string) *Mismatch {
	if !slices.Contains(types, p.Type) {
		return mismatch(WrongFormat, "%s: type must be %s.", place, strings.Join(types, " or "))
	}
	if p.Value() == "" && p.Type != "currency" && p.Type != "date_time" {
		return mismatch(WrongFormat, "%s: the value is empty.", place)
	}
	return nil
}

func mismatch(kind MismatchKind, format string, args ...any) *Mismatch {
	return &Mismatch{Kind: kind, Details: fmt.Sprintf(format, args...)}
}
