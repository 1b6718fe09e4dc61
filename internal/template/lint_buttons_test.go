package template

import (
	"strings"
	"testing"
)

func TestLintRulesOfButtons(t *testing.T) {
	ttl := func(n int) *int { return &n }
	yes := true
	quick := Button{Type: ButtonQuickReply, Text: "OK"}
	link := Button{Type: ButtonURL, Text: "Go", URL: "https://ex.test"}
	phone := Button{Type: ButtonPhoneNumber, Text: "Call", PhoneNumber: "+15550783881"}
	code := Button{Type: ButtonCopyCode, Example: Strings{"SAVE"}}
	for _, tc := range []lintCase{
		{
			"no buttons", valid, buttons(),
			Finding{"button-count", Error, "components[3].buttons", "Use 1 to 10 buttons; there are 0."},
		},
		{
			"eleven buttons", valid, buttons(
				quick, quick, quick, quick, quick, quick, quick, quick, quick, quick, link,
			),
			Finding{"button-count", Error, "components[3].buttons", "Use 1 to 10 buttons; there are 11."},
		},
		{
			"button type", valid, buttons(Button{Type: "SPC", Text: "x"}),
			Finding{
				"button-type", Warning, "components[3].buttons[0].type",
				`"SPC" is not known here: Meta decides about it.`,
			},
		},
		{
			"three links", valid, buttons(link, link, link),
			Finding{"button-type-count", Error, "components[3].buttons[2]", "Use at most 2 buttons of type URL."},
		},
		{
			"two phones", valid, buttons(phone, phone),
			Finding{
				"button-type-count", Error, "components[3].buttons[1]", "Use at most 1 buttons of type PHONE_NUMBER.",
			},
		},
		{
			"two codes", valid, buttons(code, code),
			Finding{"button-type-count", Error, "components[3].buttons[1]", "Use at most 1 buttons of type COPY_CODE."},
		},
		{
			"button text too long", valid, buttons(Button{Type: ButtonQuickReply, Text: strings.Repeat("a", 26)}),
			Finding{
				"button-text", Error, "components[3].buttons[0].text", "Shorten the text to 25 characters; it has 26.",
			},
		},
		{
			"button without text", valid, buttons(Button{Type: ButtonQuickReply}),
			Finding{
				"button-text", Error, "components[3].buttons[0].text", "Give the button a text of 1 to 25 characters.",
			},
		},
		{
			"variable in button text", valid, buttons(Button{Type: ButtonQuickReply, Text: "Hi {{1}}"}),
			Finding{
				"button-text", Error, "components[3].buttons[0].text", "Remove the variable: a button's text has none.",
			},
		},
		{
			"URL too long", valid, buttons(
				Button{Type: ButtonURL, Text: "Go", URL: "https://ex.test/" + strings.Repeat("a", 2000)},
			),
			Finding{"button-url", Error, "components[3].buttons[0].url", "Give a URL of 1 to 2000 characters."},
		},
		{
			"URL variable inside", valid, buttons(
				Button{Type: ButtonURL, Text: "Go", URL: "https://ex.test/{{1}}/x", Example: Strings{"a"}},
			),
			Finding{
				"button-url-variable", Error, "components[3].buttons[0].url",
				"Use one variable {{1}}, at the end of the URL.",
			},
		},
		{
			"URL without example", valid, buttons(Button{Type: ButtonURL, Text: "Go", URL: "https://ex.test/{{1}}"}),
			Finding{
				"button-example", Error, "components[3].buttons[0].example",
				"Give one sample value for the URL's variable.",
			},
		},
		{
			"phone too long", valid, buttons(
				Button{Type: ButtonPhoneNumber, Text: "Call", PhoneNumber: "+12345678901234567890"},
			),
			Finding{
				"button-phone", Error, "components[3].buttons[0].phone_number",
				"Give a phone number of at most 20 characters.",
			},
		},
		{
			"code too long", valid, buttons(Button{Type: ButtonCopyCode, Example: Strings{strings.Repeat("A", 21)}}),
			Finding{
				"button-code", Error, "components[3].buttons[0].example",
				"Give one sample code of at most 20 characters.",
			},
		},
		{
			"quick replies apart", valid, buttons(quick, link, quick),
			Finding{
				"button-order", Error, "components[3].buttons",
				"Put all quick replies together, before or after the other buttons.",
			},
		},
		{
			"OTP in utility", valid, buttons(Button{Type: ButtonOTP, OTPType: OTPCopyCode}),
			Finding{
				"button-category", Error, "components[3].buttons[0].type",
				"Use OTP buttons in category AUTHENTICATION and only there.",
			},
		},
		{
			"authentication body", oneTimeCodeTemplate, func(d *Definition) { d.Components[0].Text = "Your code" },
			Finding{
				"authentication-body", Error, "components[0].text",
				"Remove the text: Meta writes the body of an authentication template.",
			},
		},
		{
			"authentication header", oneTimeCodeTemplate, func(d *Definition) {
				d.Components = append(d.Components, Component{Type: Header, Format: FormatText, Text: "Code"})
			},
			Finding{
				"authentication-content", Error, "components[3]",
				"Remove the header: an authentication template has none.",
			},
		},
		{
			"authentication expiry", oneTimeCodeTemplate, func(d *Definition) { d.Components[1].CodeExpirationMinutes = ttl(91) },
			Finding{"authentication-expiry", Error, "components[1].code_expiration_minutes", "Use 1 to 90 minutes."},
		},
		{
			"authentication footer", oneTimeCodeTemplate, func(d *Definition) { d.Components[1].Text = "Shop" },
			Finding{
				"authentication-content", Error, "components[1].text",
				"Remove the text: an authentication footer has only code_expiration_minutes.",
			},
		},
		{
			"authentication without buttons", oneTimeCodeTemplate, func(d *Definition) { d.Components = d.Components[:2] },
			Finding{"authentication-otp-button", Error, "components", "Add a BUTTONS component with one OTP button."},
		},
		{
			"authentication OTP type", oneTimeCodeTemplate, func(d *Definition) { d.Components[2].Buttons[0].OTPType = "SMS" },
			Finding{
				"authentication-otp-type", Error, "components[2].buttons[0].otp_type",
				"Use COPY_CODE, ONE_TAP or ZERO_TAP.",
			},
		},
		{
			"authentication one tap", oneTimeCodeTemplate, func(d *Definition) { d.Components[2].Buttons[0].OTPType = OTPOneTap },
			Finding{
				"authentication-apps", Error, "components[2].buttons[0].supported_apps",
				"Name the apps that may receive the code of a ONE_TAP button.",
			},
		},
		{
			"authentication emoji", oneTimeCodeTemplate, func(d *Definition) { d.Components[2].Buttons[0].Text = "Copy 🔑" },
			Finding{
				"authentication-content", Error, "components[2].buttons[0].text",
				"Remove the emoji: an authentication template has none.",
			},
		},
		{
			"security line elsewhere", valid, func(d *Definition) { d.Components[1].AddSecurityRecommendation = &yes },
			Finding{
				"authentication-only", Error, "components[1].add_security_recommendation",
				"Remove it: only authentication templates have it.",
			},
		},
		{
			"expiry elsewhere", valid, func(d *Definition) { d.Components[2].CodeExpirationMinutes = ttl(5) },
			Finding{
				"authentication-only", Error, "components[2].code_expiration_minutes",
				"Remove it: only authentication templates have it.",
			},
		},
	} {
		t.Run(tc.name, tc.run)
	}
}
