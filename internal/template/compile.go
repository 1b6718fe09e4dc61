package template

import (
	"fmt"
	"strconv"
	"strings"
)

// Compiled is a template that is prepared for matching. It is safe for concurrent use.
type Compiled struct {
	named          bool
	authentication bool
	header         *part
	body           part
	footer         string
	buttons        []button
	// cards are those of the carousel; none if there is no carousel, or nothing is known of it.
	cards []*Compiled
	// capped says that the business has set the most that it pays for a delivery.
	capped bool
	// expires says that a message tells when the offer ends.
	expires bool
	// others are the types, in lower case, of further components. What a message has for one that
	// this package does not know is the upstream's to check.
	others map[string]bool
	// longest is how long the body may become, in characters.
	longest int
}

// Capped tells whether the business has set the most that it pays for a delivery.
func (c *Compiled) Capped() bool { return c.capped }

// part is a header or body.
type part struct {
	// format is FormatText or the header's media format.
	format string
	// literals has one element more than slots; slots index names.
	literals []string
	slots    []int
	names    []string
}

// button is a button with its variable, if it has one.
type button struct {
	kind     string
	text     string
	prefix   string
	variable bool
}

// Compile reads a definition. It refuses only what cannot be matched: faulty braces, or a missing
// body. Whatever else Lint finds is for Meta to decide. Definitions that were read back from Meta
// compile too.
func Compile(d Definition) (*Compiled, error) {
	c, hasBody, err := compile("components", d.Components, d.ParameterFormat == Named)
	if err != nil {
		return nil, err
	}
	if !hasBody {
		return nil, fmt.Errorf("components: the BODY is missing")
	}
	c.capped = len(d.OptimizationSpec) > 0 && string(d.OptimizationSpec) != "null"
	c.authentication = d.Category == CategoryAuthentication
	if c.authentication {
		c.body = authenticationBody()
	}
	c.longest = c.longestBody()
	return c, nil
}

// compile reads the components of a template, or of a card.
func compile(path string, components []Component, named bool) (c *Compiled, hasBody bool, err error) {
	c = &Compiled{named: named}
	for i, component := range components {
		place := fmt.Sprintf("%s[%d]", path, i)
		switch component.Type {
		case Header:
			header, err := compileHeader(component, named)
			if err != nil {
				return nil, false, fmt.Errorf("%s.%w", place, err)
			}
			c.header = header
		case Body:
			body, err := compileText(component.Text, named)
			if err != nil {
				return nil, false, fmt.Errorf("%s.%w", place, err)
			}
			c.body, hasBody = *body, true
		case Footer:
			c.footer = component.Text
		case Buttons:
			for _, b := range component.Buttons {
				c.buttons = append(c.buttons, compileButton(b))
			}
		default:
			if err := c.compileOther(place, component); err != nil {
				return nil, false, err
			}
		}
	}
	return c, hasBody, nil
}

// compileOther reads a component beyond text and buttons.
func (c *Compiled) compileOther(path string, component Component) error {
	if c.others == nil {
		c.others = map[string]bool{}
	}
	c.others[strings.ToLower(component.Type)] = true
	if component.Type == LimitedTimeOffer && component.Offer != nil {
		c.expires = component.Offer.HasExpiration
	}
	if component.Type != Carousel {
		return nil
	}
	for i, card := range component.Cards {
		compiled, _, err := compile(fmt.Sprintf("%s.cards[%d].components", path, i), card.Components, c.named)
		if err != nil {
			return err
		}
		compiled.longest = maxCardBody
		c.cards = append(c.cards, compiled)
	}
	return nil
}

// longestBody returns how long the body may become, in characters. For a body-only template two
// limits are published, 1,024 and 32,768: between them the upstream decides.
func (c *Compiled) longestBody() int {
	if c.header == nil && c.footer == "" && len(c.buttons) == 0 && len(c.others) == 0 {
		return maxLoneBody
	}
	return maxBody
}

func compileHeader(component Component, named bool) (*part, error) {
	if component.Format != FormatText {
		return &part{format: component.Format}, nil
	}
	return compileText(component.Text, named)
}

func compileText(text string, named bool) (*part, error) {
	variables, ok := scanVariables(text)
	if !ok {
		return nil, fmt.Errorf("text: braces do not pair up; write each variable as {{1}}")
	}
	p := &part{format: FormatText, names: distinct(variables)}
	if !named {
		if missing := gap(p.names); missing != 0 {
			return nil, fmt.Errorf("text: {{%d}} is missing; number the variables from 1 without gaps", missing)
		}
		p.names = positions(len(p.names))
	}
	slot := map[string]int{}
	for i, name := range p.names {
		slot[name] = i
	}
	at := 0
	for _, v := range variables {
		index, known := slot[v.name]
		if !known {
			return nil, fmt.Errorf(
				"text: a variable is not a number; set parameter_format to NAMED or number the variables from 1",
			)
		}
		p.literals = append(p.literals, text[at:v.start])
		p.slots = append(p.slots, index)
		at = v.end
	}
	p.literals = append(p.literals, text[at:])
	return p, nil
}

// positions returns the names "1" to "n".
func positions(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}

// authenticationBody is the shape of the text that Meta writes: it has one variable, the code.
func authenticationBody() part {
	return part{
		format: FormatText, literals: []string{"", " is your verification code."}, slots: []int{0},
		names: []string{"1"},
	}
}

func compileButton(b Button) button {
	compiled := button{kind: b.Type, text: b.Text}
	if b.Type != ButtonURL {
		return compiled
	}
	compiled.prefix, _, compiled.variable = strings.Cut(b.URL, "{{")
	return compiled
}
