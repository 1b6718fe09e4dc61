package template

import (
	"regexp"
	"strings"
)

// The patterns below are hints: only Meta's review decides on a category. They are in English, like
// the published examples.
var (
	promotionalWords = regexp.MustCompile(
		`(?i)\b(discount|sale|promo|promotion|promo code|coupon|voucher|special offer|limited time|black friday|` +
			`cyber monday|buy now|shop now|best price|free gift|flash deal|save up to)\b|\d+ ?% off`,
	)
	oneTimeCode      = regexp.MustCompile(`(?i)\b(verification code|one[- ]time (password|code|passcode)|otp)\b`)
	sensitiveRequest = regexp.MustCompile(
		`(?i)\b(card number|cvv|cvc|social security|passport number|national id(entity)? number|tax id)\b`,
	)
)

// Promotional returns the first promotional word of the template, and false if there is none. A
// utility template with one is likely to be approved as marketing, which costs more. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization
func Promotional(d Definition) (word string, found bool) {
	word = promotionalWords.FindString(texts(d))
	return word, word != ""
}

// texts returns everything in the template that a customer reads.
func texts(d Definition) string {
	var all []string
	for _, c := range d.Components {
		all = append(all, c.Text)
		for _, b := range c.Buttons {
			all = append(all, b.Text)
		}
	}
	return strings.Join(all, "\n")
}

func (l *linter) wording() {
	if l.authentication {
		return
	}
	content := texts(l.definition)
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
