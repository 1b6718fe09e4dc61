package template

import (
	"regexp"
	"strings"
)

// The patterns below are hints, in English like the published examples: only Meta's review decides.
var (
	oneTimeCode      = regexp.MustCompile(`(?i)\b(verification code|one[- ]time (password|code|passcode)|otp)\b`)
	sensitiveRequest = regexp.MustCompile(
		`(?i)\b(card number|cvv|cvc|social security|passport number|national id(entity)? number|tax id)\b`,
	)
)

// wholeText returns everything in the template that a customer reads.
func wholeText(d Definition) string {
	var all []string
	for _, t := range texts(d) {
		all = append(all, t.text)
	}
	return strings.Join(all, "\n")
}

func (l *linter) wording() {
	if l.authentication {
		return
	}
	content := wholeText(l.definition)
	if word, found := Promotional(l.definition); found && l.definition.Category == CategoryUtility {
		l.warn(
			"utility-promotional", "components",
			"Remove %q or use category MARKETING: Meta may approve the template as marketing, which costs more.", word,
		)
	}
	if word := oneTimeCode.FindString(content); word != "" {
		l.warn(
			"otp-category", "components",
			"Use category AUTHENTICATION for one-time codes (%q): Meta refuses them elsewhere.", word,
		)
	}
	if word := sensitiveRequest.FindString(content); word != "" {
		l.warn(
			"sensitive-identifier", "components",
			"Do not ask for sensitive identifiers (%q): Meta refuses such templates.", word,
		)
	}
}
