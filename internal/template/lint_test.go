package template

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// valid returns a template that breaks no rule.
func valid() Definition {
	return Definition{
		Name: "order_ready", Language: "pt_BR", Category: CategoryUtility,
		Components: []Component{
			{Type: Header, Format: FormatText, Text: "Order {{1}}", Example: &Example{HeaderText: []string{"881"}}},
			{Type: Body, Text: "Hi {{1}}, your order {{2}} is ready.", Example: &Example{BodyText: [][]string{{"Ana", "881"}}}},
			{Type: Footer, Text: "Shop X"},
			{Type: Buttons, Buttons: []Button{
				{Type: ButtonQuickReply, Text: "Later"},
				{Type: ButtonURL, Text: "Track", URL: "https://ex.test/t/{{1}}", Example: Strings{"881"}},
			}},
		},
	}
}

func named() Definition {
	return Definition{
		Name: "order_ready_n", Language: "en_US", Category: CategoryUtility, ParameterFormat: Named,
		Components: []Component{
			{Type: Body, Text: "Hi {{first_name}}, your order {{order_no}} is ready.", Example: &Example{BodyTextNamedParams: []NamedExample{{"first_name", "Ana"}, {"order_no", "881"}}}},
		},
	}
}

func oneTimeCodeTemplate() Definition {
	yes, minutes := true, 10
	return Definition{
		Name: "login", Language: "en", Category: CategoryAuthentication,
		Components: []Component{
			{Type: Body, AddSecurityRecommendation: &yes},
			{Type: Footer, CodeExpirationMinutes: &minutes},
			{Type: Buttons, Buttons: []Button{{Type: ButtonOTP, OTPType: OTPCopyCode, Text: "Copy code"}}},
		},
	}
}

func TestLintAcceptsGoodTemplates(t *testing.T) {
	ttl := -1
	withTTL := valid()
	withTTL.MessageSendTTLSeconds = &ttl
	image := valid()
	image.Components[0] = Component{
		Type: Header, Format: FormatImage, Example: &Example{HeaderHandle: []string{"4::aW"}},
	}
	location := valid()
	location.Components[0] = Component{Type: Header, Format: FormatLocation}
	for name, d := range map[string]Definition{
		"positional": valid(), "named": named(), "authentication": oneTimeCodeTemplate(),
		"unlimited time to live": withTTL, "image header": image, "location header": location,
	} {
		if findings := Lint(d); len(findings) != 0 {
			t.Errorf("%s: got %+v", name, findings)
		}
	}
}

// lintCase is one rule: the change that breaks it, and the finding.
type lintCase struct {
	name   string
	from   func() Definition
	change func(*Definition)
	want   Finding
}

func (tc *lintCase) run(t *testing.T) {
	d := tc.from()
	tc.change(&d)
	findings := Lint(d)
	if diff := cmp.Diff([]Finding{tc.want}, findings); diff != "" {
		t.Error(diff)
	}
	if got, want := HasErrors(findings), tc.want.Severity == Error; got != want {
		t.Errorf("stops a submission: got %t, want %t", got, want)
	}
}

// header is a change of the header's text.
func header(text string, values ...string) func(*Definition) {
	return func(d *Definition) {
		d.Components[0] = Component{
			Type: Header, Format: FormatText, Text: text, Example: &Example{HeaderText: values},
		}
	}
}

// body is a change of the body's text.
func body(text string, values ...string) func(*Definition) {
	return func(d *Definition) {
		d.Components[1] = Component{Type: Body, Text: text, Example: &Example{BodyText: [][]string{values}}}
	}
}

// buttons is a change of the buttons.
func buttons(list ...Button) func(*Definition) {
	return func(d *Definition) { d.Components[3].Buttons = list }
}

func TestLintRules(t *testing.T) {
	ttl := func(n int) *int { return &n }
	for _, tc := range []lintCase{
		{
			"emoji in the header", valid, header("Hi 👋 {{1}}", "Ana"),
			Finding{"header-characters", Error, "components[0].text", "Remove the emoji: a header has none."},
		},
		{
			"older emoji in the header", valid, header("Sun ☀"),
			Finding{"header-characters", Error, "components[0].text", "Remove the emoji: a header has none."},
		},
		{
			"newline in the header", valid, header("Order\n{{1}}", "881"),
			Finding{"header-characters", Error, "components[0].text", "Write the header in one line."},
		},
		{
			"newline in the footer", valid, func(d *Definition) { d.Components[2].Text = "Shop\nX" },
			Finding{
				"footer-characters", Warning, "components[2].text",
				"Write the footer in one line without emoji: Meta may refuse others.",
			},
		},
		{
			"emoji in the footer", valid, func(d *Definition) { d.Components[2].Text = "Shop ☀" },
			Finding{
				"footer-characters", Warning, "components[2].text",
				"Write the footer in one line without emoji: Meta may refuse others.",
			},
		},
		{
			"formatting in the header", valid, header("*Order*"),
			Finding{
				"header-characters", Error, "components[0].text", "Remove *, _, ~ and `: a header has no formatting.",
			},
		},
		{
			"another line break in the header", valid, header("Order\u2028ready"),
			Finding{"header-characters", Error, "components[0].text", "Write the header in one line."},
		},
		{
			"formatting on a button", valid, buttons(Button{Type: ButtonQuickReply, Text: "_Later_"}),
			Finding{
				"button-characters", Error, "components[3].buttons[0].text",
				"Write the text in one line without emoji and without *, _, ~ and `.",
			},
		},
		{
			"emoji on a button", valid, buttons(Button{Type: ButtonQuickReply, Text: "OK 👍"}),
			Finding{
				"button-characters", Error, "components[3].buttons[0].text",
				"Write the text in one line without emoji and without *, _, ~ and `.",
			},
		},
		{
			"name", valid, func(d *Definition) { d.Name = "Order-Ready" },
			Finding{"name-format", Error, "name", "Use 1 to 512 lower-case letters, digits and underscores."},
		},
		{
			"name too long", valid, func(d *Definition) { d.Name = strings.Repeat("a", 513) },
			Finding{"name-format", Error, "name", "Use 1 to 512 lower-case letters, digits and underscores."},
		},
		{
			"language", valid, func(d *Definition) { d.Language = "Portuguese" },
			Finding{"language-format", Error, "language", "Use a language code such as en, en_US or pt_BR."},
		},
		{
			"category", valid, func(d *Definition) { d.Category = "utility" },
			Finding{"category", Error, "category", "Use AUTHENTICATION, MARKETING or UTILITY."},
		},
		{
			"parameter format", valid, func(d *Definition) { d.ParameterFormat = "named" },
			Finding{"parameter-format", Error, "parameter_format", "Use POSITIONAL or NAMED."},
		},
		{
			"ttl, utility", valid, func(d *Definition) { d.MessageSendTTLSeconds = ttl(43_201) },
			Finding{
				"ttl-range", Error, "message_send_ttl_seconds",
				"Use 30 to 43200 seconds in category UTILITY, or -1 for 30 days.",
			},
		},
		{
			"ttl, authentication", oneTimeCodeTemplate, func(d *Definition) { d.MessageSendTTLSeconds = ttl(29) },
			Finding{
				"ttl-range", Error, "message_send_ttl_seconds",
				"Use 30 to 900 seconds in category AUTHENTICATION, or -1 for 30 days.",
			},
		},
		{
			"ttl, marketing", valid, func(d *Definition) {
				d.Category, d.MessageSendTTLSeconds = CategoryMarketing, ttl(
					-1,
				)
			},
			Finding{
				"ttl-range", Error, "message_send_ttl_seconds", "Use 43200 to 2592000 seconds in category MARKETING.",
			},
		},
		{
			"no body", valid, func(d *Definition) { d.Components = d.Components[:1] },
			Finding{"body-required", Error, "components", "Add a BODY component."},
		},
		{
			"empty body", valid, body("  "),
			Finding{"body-required", Error, "components[1].text", "Give the body a text."},
		},
		{
			"body too long", valid, body(strings.Repeat("é", 1025)),
			Finding{"body-length", Error, "components[1].text", "Shorten the text to 1024 characters; it has 1025."},
		},
		{
			"component twice", valid, func(d *Definition) {
				d.Components = append(
					d.Components, Component{Type: Footer, Text: "Y"},
				)
			},
			Finding{
				"component-once", Error, "components[4]", "Keep one FOOTER component; components[2] is one already.",
			},
		},
		{
			"carousel without cards", valid, func(d *Definition) {
				d.Components = []Component{d.Components[1], d.Components[3], {Type: Carousel}}
			},
			Finding{"carousel-cards", Error, "components[2].cards", "Use 1 to 10 cards; there are 0."},
		},
		{
			"variable first", valid, body("{{1}} is ready for you.", "881"),
			Finding{
				"body-edge-variable", Error, "components[1].text",
				"Begin the body with words: a variable cannot come first.",
			},
		},
		{
			"variable last", valid, body("Ready for you: {{1}} ", "881"),
			Finding{
				"body-edge-variable", Error, "components[1].text",
				"End the body with words or a full stop: a variable cannot come last.",
			},
		},
		{
			"adjacent variables", valid, body("Hi there {{1}} {{2}} is now ready.", "a", "b"),
			Finding{"adjacent-variables", Error, "components[1].text", "Put words between {{1}} and {{2}}."},
		},
		{
			"too many variables", valid, body("Hi {{1}}, {{2}}.", "a", "b"),
			Finding{
				"variable-density", Warning, "components[1].text",
				"Add words or remove variables: 3 words for 2 variables may be too few for Meta's review.",
			},
		},
		{
			"gap", valid, body("Hi {{1}}, your order {{3}} is ready.", "a", "b"),
			Finding{
				"variable-gap", Error, "components[1].text",
				"Number the variables from 1 without gaps: {{2}} is missing.",
			},
		},
		{
			"one brace", valid, body("Hi {{1}, your order is ready.", "a"),
			Finding{
				"variable-braces", Error, "components[1].text",
				"Write each variable with two braces on both sides, as in {{1}}.",
			},
		},
		{
			"closed twice", valid, body("Hi {1}}, your order is ready.", "a"),
			Finding{
				"variable-braces", Error, "components[1].text",
				"Write each variable with two braces on both sides, as in {{1}}.",
			},
		},
		{
			"character in a variable", valid, body("Hi {{#1}}, your order is ready.", "a"),
			Finding{
				"variable-name", Error, "components[1].text", "Write the variable {{#1}} as {{1}}, {{2}} and so on.",
			},
		},
		{
			"zero", valid, body("Hi {{0}}, your order is ready.", "a"),
			Finding{
				"variable-name", Error, "components[1].text", "Write the variable {{0}} as {{1}}, {{2}} and so on.",
			},
		},
		{
			"upper case", named, func(d *Definition) { d.Components[0].Text = "Hi {{Name}}, it is ready." },
			Finding{
				"variable-name", Error, "components[0].text",
				"Write the variable {{Name}} as {{first_name}}: a lower-case letter, then lower-case letters, " +
					"digits and underscores.",
			},
		},
		{
			"named variable twice", named, func(d *Definition) {
				d.Components[0].Text = "Hi {{first_name}}, your order {{order_no}} for {{first_name}} is ready."
			},
			Finding{"variable-unique", Error, "components[0].text", "Use each named variable once."},
		},
		{
			"body example", valid, body("Hi {{1}}, your order {{2}} is ready.", "Ana"),
			Finding{
				"body-example", Error, "components[1].example",
				"Give one sample value for each variable of the body: 2 needed, 1 given.",
			},
		},
		{
			"named body example", named, func(d *Definition) { d.Components[0].Example.BodyTextNamedParams[1].ParamName = "other" },
			Finding{
				"body-example", Error, "components[0].example",
				"Give one sample value for each variable of the body: 2 needed, 1 given.",
			},
		},
		{
			"header too long", valid, header(strings.Repeat("a", 61)),
			Finding{"header-length", Error, "components[0].text", "Shorten the text to 60 characters; it has 61."},
		},
		{
			"two header variables", valid, header("Order {{1}} of {{2}}", "a", "b"),
			Finding{"header-variables", Error, "components[0].text", "Use at most 1 variable in the header; it has 2."},
		},
		{
			"header without text", valid, header(""),
			Finding{"header-text", Error, "components[0].text", "Give the header a text."},
		},
		{
			"header example", valid, header("Order {{1}}"),
			Finding{
				"header-example", Error, "components[0].example",
				"Give one sample value for each variable of the header: 1 needed, 0 given.",
			},
		},
		{
			"header format", valid, func(d *Definition) { d.Components[0].Format = "AUDIO" },
			Finding{
				"header-format", Warning, "components[0].format", `"AUDIO" is not known here: Meta decides about it.`,
			},
		},
		{
			"media example", valid, func(d *Definition) {
				d.Components[0] = Component{
					Type: Header, Format: FormatDocument,
				}
			},
			Finding{
				"header-example", Error, "components[0].example.header_handle",
				"Give one handle of an uploaded sample for the DOCUMENT header.",
			},
		},
		{
			"GIF in utility", valid, func(d *Definition) {
				d.Components[0] = Component{
					Type: Header, Format: FormatGIF, Example: &Example{HeaderHandle: []string{"x"}},
				}
			},
			Finding{"header-gif", Error, "components[0].format", "Use GIF only in category MARKETING."},
		},
		{
			"text on location", valid, func(d *Definition) {
				d.Components[0] = Component{
					Type: Header, Format: FormatLocation, Text: "here",
				}
			},
			Finding{"header-text", Error, "components[0].text", "Remove the text: only a TEXT header has one."},
		},
		{
			"footer too long", valid, func(d *Definition) { d.Components[2].Text = strings.Repeat("a", 61) },
			Finding{"footer-length", Error, "components[2].text", "Shorten the text to 60 characters; it has 61."},
		},
		{
			"footer variable", valid, func(d *Definition) { d.Components[2].Text = "Shop {{1}}" },
			Finding{"footer-variables", Error, "components[2].text", "Remove the variables: a footer has none."},
		},
		{
			"empty footer", valid, func(d *Definition) { d.Components[2].Text = "" },
			Finding{"footer-text", Error, "components[2].text", "Give the footer a text, or remove it."},
		},
		{
			"promotion in utility", valid, body(
				"Hi {{1}}, your order {{2}} is ready. Use code X for 20% off.", "a", "b",
			),
			Finding{
				"utility-promotional", Warning, "components",
				`Remove "20% off" or use category MARKETING: Meta may approve the template as marketing, which costs more.`,
			},
		},
		{
			"one-time code elsewhere", valid, body("Your verification code is {{1}} for now.", "1"),
			Finding{
				"otp-category", Warning, "components",
				`Use category AUTHENTICATION for one-time codes ("verification code"): Meta refuses them elsewhere.`,
			},
		},
		{
			"sensitive identifier", valid, body("Please answer with your card number."),
			Finding{
				"sensitive-identifier", Warning, "components",
				`Do not ask for sensitive identifiers ("card number"): Meta refuses such templates.`,
			},
		},
	} {
		t.Run(tc.name, tc.run)
	}
}

func TestPromotionIsNoFindingInMarketing(t *testing.T) {
	d := valid()
	d.Category = CategoryMarketing
	d.Components[1].Text = "Hi {{1}}, order {{2}} comes with a discount."
	if findings := Lint(d); len(findings) != 0 {
		t.Errorf("got %+v", findings)
	}
}

func TestSameContent(t *testing.T) {
	other := valid()
	other.Name = "other"
	if !SameContent(valid(), other) {
		t.Error("same body and footer must be a duplicate")
	}
	other.Components[2].Text = "Shop Y"
	if SameContent(valid(), other) {
		t.Error("another footer is no duplicate")
	}
	if SameContent(oneTimeCodeTemplate(), oneTimeCodeTemplate()) {
		t.Error("authentication templates are exempt")
	}
}
