package template

import (
	"fmt"
	"regexp"
)

// Severity reports whether a finding stops a submission.
type Severity string

// Severities.
const (
	// Error: Meta would refuse the template, or could not read it.
	Error Severity = "Error"
	// Warning: the template may be refused, or may cost more.
	Warning Severity = "Warning"
)

// Finding is one violation of a rule.
type Finding struct {
	// Rule is the stable id of the rule, for example "body-edge-variable".
	Rule     string
	Severity Severity
	// Path is the place in the definition, for example "components[1].text".
	Path string
	// Message is a sentence that says what must change.
	Message string
}

// HasErrors reports whether one of the findings stops a submission.
func HasErrors(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == Error {
			return true
		}
	}
	return false
}

// Lint checks a definition against every documented rule that can be checked without Meta, in the
// order of the definition. If it finds nothing, only Meta's own review remains.
//
// Sources:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-review
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization
func Lint(d Definition) []Finding {
	l := &linter{definition: d, named: d.ParameterFormat == Named, authentication: d.Category == CategoryAuthentication}
	l.identity()
	l.timeToLive()
	l.bid()
	if d.LibraryTemplateName != "" { // Meta's own words
		l.libraryCopy()
	} else {
		l.components()
		l.combinations()
		l.wording()
	}
	l.extra("", d.Extra, d)
	l.parameters(d.Extra)
	return l.findings
}

// SameContent reports whether two templates have the same body and footer, which
// Meta refuses as a duplicate, except for authentication templates.
func SameContent(a, b Definition) bool {
	if a.Category == CategoryAuthentication || b.Category == CategoryAuthentication {
		return false
	}
	return a.component(Body).Text == b.component(Body).Text && a.component(Footer).Text == b.component(Footer).Text
}

type linter struct {
	definition     Definition
	named          bool
	authentication bool
	findings       []Finding
}

func (l *linter) fail(rule, path, message string, args ...any) {
	l.findings = append(
		l.findings, Finding{Rule: rule, Severity: Error, Path: path, Message: fmt.Sprintf(message, args...)},
	)
}

func (l *linter) warn(rule, path, message string, args ...any) {
	l.findings = append(
		l.findings, Finding{Rule: rule, Severity: Warning, Path: path, Message: fmt.Sprintf(message, args...)},
	)
}

var (
	// nameFormat leaves the length to MaxName: counted in it, it would make the expression large.
	nameFormat     = regexp.MustCompile(`^[a-z0-9_]+$`)
	capitals       = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	languageFormat = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2,3})?$`)
)

func (l *linter) identity() {
	d := l.definition
	if len(d.Name) > MaxName || !nameFormat.MatchString(d.Name) {
		l.fail("name-format", "name", "Use 1 to 512 lower-case letters, digits and underscores.")
	}
	if !languageFormat.MatchString(d.Language) {
		l.fail("language-format", "language", "Use a language code such as en, en_US or pt_BR.")
	}
	switch d.Category {
	case CategoryAuthentication, CategoryMarketing, CategoryUtility:
	default:
		l.unlisted("category", "category", d.Category, "Use AUTHENTICATION, MARKETING or UTILITY.")
	}
	switch d.ParameterFormat {
	case "", Positional, Named:
	default:
		l.fail("parameter-format", "parameter_format", "Use POSITIONAL or NAMED.")
	}
}

// timeToLive checks message_send_ttl_seconds, in seconds.
func (l *linter) timeToLive() {
	if l.definition.MessageSendTTLSeconds == nil {
		return
	}
	ttl := *l.definition.MessageSendTTLSeconds
	bounds := map[string]struct {
		least, most int
		unlimited   bool
	}{
		CategoryAuthentication: {30, 900, true},
		CategoryUtility:        {30, 43_200, true},
		CategoryMarketing:      {43_200, 2_592_000, false},
	}
	b, known := bounds[l.definition.Category]
	if !known || ttl == -1 && b.unlimited || ttl >= b.least && ttl <= b.most {
		return
	}
	alternative := ""
	if b.unlimited {
		alternative = ", or -1 for 30 days"
	}
	l.fail(
		"ttl-range", "message_send_ttl_seconds", "Use %d to %d seconds in category %s%s.", b.least, b.most,
		l.definition.Category, alternative,
	)
}

// unlisted fails a word that Meta cannot know, and warns of one that it may know by now.
func (l *linter) unlisted(rule, path, word, sentence string) {
	if capitals.MatchString(word) {
		l.warn(rule, path, "%q is not known here: Meta decides about it.", printable(word))
		return
	}
	l.fail(rule, path, "%s", sentence)
}

func (l *linter) components() {
	first := map[string]int{}
	for i, c := range l.definition.Components {
		path := fmt.Sprintf("components[%d]", i)
		if earlier, twice := first[c.Type]; twice {
			l.fail("component-once", path, "Keep one %s component; components[%d] is one already.", c.Type, earlier)
			continue
		}
		first[c.Type] = i
		switch c.Type {
		case Header:
			l.header(path, c)
		case Body:
			l.body(path, c)
		case Footer:
			l.footer(path, c)
		case Buttons:
			l.buttons(path, c)
		case LimitedTimeOffer:
			l.offer(path, c)
		case Carousel:
			l.carousel(path, c)
		case CallPermissionRequest:
		default:
			l.unlisted(
				"component-type", path+".type", c.Type,
				"Use HEADER, BODY, FOOTER, BUTTONS or another type of component in capitals.",
			)
		}
		l.extra(path+".", c.Extra, plainComponent(c))
	}
	if _, there := first[Body]; !there {
		l.fail("body-required", "components", "Add a BODY component.")
	}
	if _, there := first[Buttons]; l.authentication && !there {
		l.fail("authentication-otp-button", "components", "Add a BUTTONS component with one OTP button.")
	}
}
