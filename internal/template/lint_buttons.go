package template

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/emoji"
)

const maxButtons = 10

// buttonLimits returns how many buttons of a type a template may have. Where Meta states no number,
// it is that of all buttons together.
func buttonLimits() map[string]int {
	return map[string]int{
		ButtonQuickReply:   maxButtons,
		ButtonURL:          2,
		ButtonPhoneNumber:  1,
		ButtonCopyCode:     1,
		ButtonOTP:          1,
		ButtonFlow:         1,
		ButtonCatalog:      1,
		ButtonMPM:          1,
		ButtonSPM:          maxButtons,
		ButtonOrderDetails: maxButtons,
		ButtonVoiceCall:    maxButtons,
	}
}

func (l *linter) buttons(path string, c Component) { l.someButtons(path, c, maxButtons) }

// someButtons checks the buttons of the template, or of a card.
func (l *linter) someButtons(path string, c Component, most int) {
	if len(c.Buttons) == 0 || len(c.Buttons) > most {
		l.fail("button-count", path+".buttons", "Use 1 to %d buttons; there are %d.", most, len(c.Buttons))
	}
	limits := buttonLimits()
	count := map[string]int{}
	for i, b := range c.Buttons {
		at := fmt.Sprintf("%s.buttons[%d]", path, i)
		l.extra(at+".", b.Extra, plainButton(b))
		limit, known := limits[b.Type]
		if !known {
			l.unlisted(
				"button-type", at+".type", b.Type, "Use a type of button in capitals, such as QUICK_REPLY or URL.",
			)
			continue
		}
		if count[b.Type]++; count[b.Type] == limit+1 {
			l.fail("button-type-count", at, "Use at most %d buttons of type %s.", limit, b.Type)
		}
		l.button(at, b)
	}
	l.buttonOrder(path, c.Buttons)
	if l.authentication && (count[ButtonOTP] != 1 || len(c.Buttons) != 1) {
		l.fail(
			"authentication-otp-button", path+".buttons",
			"Use exactly one OTP button and no other in an authentication template.",
		)
	}
}

func (l *linter) button(at string, b Button) {
	if (b.Type == ButtonOTP) != l.authentication {
		l.fail("button-category", at+".type", "Use OTP buttons in category AUTHENTICATION and only there.")
		return
	}
	switch n := utf8.RuneCountInString(b.Text); {
	case n > maxButtonText:
		l.fail("button-text", at+".text", "Shorten the text to %d characters; it has %d.", maxButtonText, n)
	case n == 0 && b.Type != ButtonCopyCode && b.Type != ButtonOTP:
		l.fail("button-text", at+".text", "Give the button a text of 1 to %d characters.", maxButtonText)
	case strings.Contains(b.Text, "{{"):
		l.fail("button-text", at+".text", "Remove the variable: a button's text has none.")
	}
	if strings.ContainsAny(b.Text, lineBreaks+formatting) || !l.authentication && emoji.Contains(b.Text) {
		l.fail("button-characters", at+".text", "Write the text in one line without emoji and without *, _, ~ and `.")
	}
	switch b.Type {
	case ButtonURL:
		l.urlButton(at, b)
	case ButtonPhoneNumber:
		if n := len(b.PhoneNumber); n == 0 || n > maxPhone {
			l.fail("button-phone", at+".phone_number", "Give a phone number of at most %d characters.", maxPhone)
		}
	case ButtonCopyCode:
		if len(b.Example) != 1 || b.Example[0] == "" || utf8.RuneCountInString(b.Example[0]) > maxCoupon {
			l.fail("button-code", at+".example", "Give one sample code of at most %d characters.", maxCoupon)
		}
	case ButtonOTP:
		l.otpButton(at, b)
	case ButtonFlow:
		l.flowButton(at, b)
	}
}

func (l *linter) flowButton(at string, b Button) {
	given := 0
	for _, said := range []string{b.FlowID, b.FlowName, b.FlowJSON} {
		if said != "" {
			given++
		}
	}
	if given != 1 {
		l.fail("button-flow", at+".flow_id", "Say which flow the button opens: by its id, its name or its JSON.")
	}
	if b.FlowJSON != "" && !json.Valid([]byte(b.FlowJSON)) {
		l.fail("button-flow", at+".flow_json", "Write the flow as JSON.")
	}
}

func (l *linter) urlButton(at string, b Button) {
	if n := utf8.RuneCountInString(b.URL); n == 0 || n > maxURL {
		l.fail("button-url", at+".url", "Give a URL of 1 to %d characters.", maxURL)
		return
	}
	found, ok := scanVariables(b.URL)
	atEnd := len(found) == 1 && found[0].end == len(b.URL) && l.urlVariable(found[0].name)
	switch {
	case !ok:
		l.fail("variable-braces", at+".url", "Write the variable with two braces on both sides, as in {{1}}.")
	case len(found) > 0 && !atEnd:
		l.fail("button-url-variable", at+".url", "Use one variable {{1}}, at the end of the URL.")
	case len(found) == 1 && (len(b.Example) != 1 || b.Example[0] == ""):
		l.fail("button-example", at+".example", "Give one sample value for the URL's variable.")
	}
}

// urlVariable accepts {{1}} in both parameter formats.
func (l *linter) urlVariable(name string) bool {
	return name == "1" || l.named && namedName.MatchString(name)
}

func (l *linter) otpButton(at string, b Button) {
	switch b.OTPType {
	case OTPCopyCode:
	case OTPOneTap, OTPZeroTap:
		if len(b.SupportedApps) == 0 {
			l.fail(
				"authentication-apps", at+".supported_apps", "Name the apps that may receive the code of a %s button.",
				b.OTPType,
			)
		}
	default:
		l.fail("authentication-otp-type", at+".otp_type", "Use COPY_CODE, ONE_TAP or ZERO_TAP.")
	}
	if emoji.Contains(b.Text) {
		l.fail("authentication-content", at+".text", "Remove the emoji: an authentication template has none.")
	}
}

// buttonOrder requires quick replies to be next to each other, and the others too.
func (l *linter) buttonOrder(path string, buttons []Button) {
	changes := 0
	for i := 1; i < len(buttons); i++ {
		if (buttons[i].Type == ButtonQuickReply) != (buttons[i-1].Type == ButtonQuickReply) {
			changes++
		}
	}
	if changes > 1 {
		l.fail("button-order", path+".buttons", "Put all quick replies together, before or after the other buttons.")
	}
}
