package template

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/emoji"
)

// Lengths in characters.
const (
	maxBody       = 1024
	maxLoneBody   = 32_768
	maxHeader     = 60
	maxFooter     = 60
	maxButtonText = 25
	maxURL        = 2000
	maxPhone      = 20
	maxCoupon     = 20
	maxAuthCode   = 15
	maxOffer      = 16
	maxOfferBody  = 600 // beside a limited-time offer
)

// Characters that a header and a button's text must not have: Meta refuses templates with them in
// its own words, "new lines, formatting characters, emojis or asterisks".
const (
	lineBreaks = "\n\r\v\f\u0085\u2028\u2029"
	formatting = "*_~`"
)

func (l *linter) header(path string, c Component) {
	if l.authentication {
		l.fail("authentication-content", path, "Remove the header: an authentication template has none.")
		return
	}
	switch c.Format {
	case FormatText:
		l.headerText(path, c)
	case FormatImage, FormatVideo, FormatGIF, FormatDocument:
		if c.Example == nil || len(c.Example.HeaderHandle) != 1 || c.Example.HeaderHandle[0] == "" {
			l.fail(
				"header-example", path+".example.header_handle",
				"Give one handle of an uploaded sample for the %s header.", c.Format,
			)
		}
		if c.Format == FormatGIF && l.definition.Category != CategoryMarketing {
			l.fail("header-gif", path+".format", "Use GIF only in category MARKETING.")
		}
		l.noText("header-text", path, c)
	case FormatLocation, FormatProduct:
		l.noText("header-text", path, c)
	default:
		l.unlisted(
			"header-format", path+".format", c.Format, "Use TEXT, IMAGE, VIDEO, GIF, DOCUMENT, LOCATION or PRODUCT.",
		)
	}
}

func (l *linter) noText(rule, path string, c Component) {
	if c.Text != "" {
		l.fail(rule, path+".text", "Remove the text: only a TEXT header has one.")
	}
}

func (l *linter) headerText(path string, c Component) {
	if c.Text == "" {
		l.fail("header-text", path+".text", "Give the header a text.")
		return
	}
	l.length("header-length", path, c.Text, maxHeader)
	if strings.ContainsAny(c.Text, lineBreaks) {
		l.fail("header-characters", path+".text", "Write the header in one line.")
	}
	if variables, _ := scanVariables(c.Text); strings.ContainsAny(literal(c.Text, variables), formatting) {
		l.fail("header-characters", path+".text", "Remove *, _, ~ and `: a header has no formatting.")
	}
	if emoji.Contains(c.Text) {
		l.fail("header-characters", path+".text", "Remove the emoji: a header has none.")
	}
	names, ok := l.variables(path, c.Text)
	if !ok {
		return
	}
	if len(names) > 1 {
		l.fail("header-variables", path+".text", "Use at most 1 variable in the header; it has %d.", len(names))
		return
	}
	given := 0
	if c.Example != nil {
		given = len(c.Example.HeaderText)
		if l.named {
			given = namedExamples(names, c.Example.HeaderTextNamedParams)
		}
	}
	if given != len(names) {
		l.fail(
			"header-example", path+".example",
			"Give one sample value for each variable of the header: %d needed, %d given.", len(names), given,
		)
	}
}

func (l *linter) body(path string, c Component) {
	if l.authentication {
		if c.Text != "" {
			l.fail(
				"authentication-body", path+".text",
				"Remove the text: Meta writes the body of an authentication template.",
			)
		}
		return
	}
	if c.AddSecurityRecommendation != nil {
		l.fail(
			"authentication-only", path+".add_security_recommendation",
			"Remove it: only authentication templates have it.",
		)
	}
	if strings.TrimSpace(c.Text) == "" {
		l.fail("body-required", path+".text", "Give the body a text.")
		return
	}
	limit := maxBody
	if l.definition.component(LimitedTimeOffer).Type != "" {
		limit = maxOfferBody
	}
	l.bodyText(path, c, limit)
}

// bodyText checks the text of a body, of the template or of a card.
func (l *linter) bodyText(path string, c Component, limit int) {
	l.length("body-length", path, c.Text, limit)
	names, ok := l.variables(path, c.Text)
	if !ok {
		return
	}
	l.bodyVariables(path, c.Text)
	given := bodyExamples(c.Example, names, l.named)
	if given != len(names) {
		l.fail(
			"body-example", path+".example",
			"Give one sample value for each variable of the body: %d needed, %d given.", len(names), given,
		)
	}
}

// bodyVariables checks that variables are not at the edges and not side by side.
func (l *linter) bodyVariables(path, text string) {
	variables, _ := scanVariables(text)
	if len(variables) == 0 {
		return
	}
	if strings.TrimSpace(text[:variables[0].start]) == "" {
		l.fail("body-edge-variable", path+".text", "Begin the body with words: a variable cannot come first.")
	}
	if strings.TrimSpace(text[variables[len(variables)-1].end:]) == "" {
		l.fail(
			"body-edge-variable", path+".text", "End the body with words or a full stop: a variable cannot come last.",
		)
	}
	for i := 1; i < len(variables); i++ {
		if strings.TrimSpace(text[variables[i-1].end:variables[i].start]) == "" {
			l.fail(
				"adjacent-variables", path+".text", "Put words between {{%s}} and {{%s}}.", variables[i-1].name,
				variables[i].name,
			)
		}
	}
	words := len(strings.Fields(literal(text, variables)))
	if words < 2*len(variables) {
		l.warn(
			"variable-density", path+".text",
			"Add words or remove variables: %d words for %d variables may be too few for Meta's review.", words,
			len(variables),
		)
	}
}

// bodyExamples counts the sample values that fit the variables.
func bodyExamples(example *Example, names []string, named bool) int {
	switch {
	case example == nil:
		return 0
	case named:
		return namedExamples(names, example.BodyTextNamedParams)
	case len(example.BodyText) == 0:
		return 0
	default:
		return len(example.BodyText[0])
	}
}

func namedExamples(names []string, examples []NamedExample) int {
	given := map[string]bool{}
	for _, e := range examples {
		if e.Example != "" {
			given[e.ParamName] = true
		}
	}
	count := 0
	for _, name := range names {
		if given[name] {
			count++
		}
	}
	return count
}

func (l *linter) footer(path string, c Component) {
	if l.authentication {
		if c.Text != "" {
			l.fail(
				"authentication-content", path+".text",
				"Remove the text: an authentication footer has only code_expiration_minutes.",
			)
		}
		if c.CodeExpirationMinutes != nil && (*c.CodeExpirationMinutes < 1 || *c.CodeExpirationMinutes > 90) {
			l.fail("authentication-expiry", path+".code_expiration_minutes", "Use 1 to 90 minutes.")
		}
		return
	}
	if c.CodeExpirationMinutes != nil {
		l.fail(
			"authentication-only", path+".code_expiration_minutes", "Remove it: only authentication templates have it.",
		)
	}
	if c.Text == "" {
		l.fail("footer-text", path+".text", "Give the footer a text, or remove it.")
	}
	l.length("footer-length", path, c.Text, maxFooter)
	if strings.ContainsAny(c.Text, lineBreaks) || emoji.Contains(c.Text) {
		l.warn("footer-characters", path+".text", "Write the footer in one line without emoji: Meta may refuse others.")
	}
	if strings.Contains(c.Text, "{{") || strings.Contains(c.Text, "}}") {
		l.fail("footer-variables", path+".text", "Remove the variables: a footer has none.")
	}
}

func (l *linter) length(rule, path, text string, limit int) {
	if n := utf8.RuneCountInString(text); n > limit {
		l.fail(rule, path+".text", "Shorten the text to %d characters; it has %d.", limit, n)
	}
}

// variables checks the form of the variables of a text and returns their names. ok is false if they
// cannot be separated from the text.
func (l *linter) variables(path, text string) (names []string, ok bool) {
	found, ok := scanVariables(text)
	if !ok {
		l.fail("variable-braces", path+".text", "Write each variable with two braces on both sides, as in {{1}}.")
		return nil, false
	}
	names = distinct(found)
	format, rule := positionalName, "{{1}}, {{2}} and so on"
	if l.named {
		format, rule = namedName, "{{first_name}}: a lower-case letter, then lower-case letters, digits and underscores"
	}
	for _, name := range names {
		if !format.MatchString(name) {
			l.fail("variable-name", path+".text", "Write the variable {{%s}} as %s.", printable(name), rule)
			return nil, false
		}
	}
	if l.named {
		if len(names) != len(found) {
			l.fail("variable-unique", path+".text", "Use each named variable once.")
		}
		return names, true
	}
	if missing := gap(names); missing != 0 {
		l.fail("variable-gap", path+".text", "Number the variables from 1 without gaps: {{%d}} is missing.", missing)
	}
	return names, true
}

// printable limits what a finding quotes from a definition.
func printable(name string) string {
	const limit = 32
	if utf8.RuneCountInString(name) <= limit {
		return name
	}
	return fmt.Sprintf("%s…", string([]rune(name)[:limit]))
}
