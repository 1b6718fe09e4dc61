package tenant_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

func TestFindingsSpeakOfTheSpec(t *testing.T) {
	const fine = "Hello, your order is ready and waits for you."
	quick := v1alpha1.TemplateButton{Type: v1alpha1.ButtonQuickReply, Text: "Fine"}
	number := v1alpha1.TemplateButton{Type: v1alpha1.ButtonPhoneNumber, Text: "Call", PhoneNumber: "+33170180000"}
	tests := map[string]struct {
		change func(*v1alpha1.MessageTemplateSpec)
		want   []string
	}{
		"nothing": {change: func(*v1alpha1.MessageTemplateSpec) {}},
		"a body that begins with a variable": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Body = v1alpha1.TemplateBody{
					Text:     "{{1}}, your order is ready and waits for you.",
					Examples: []v1alpha1.TemplateExample{{Value: "Ana"}},
				}
			},
			[]string{"spec.body.text: Begin the body with words: a variable cannot come first."},
		},
		"a variable without a sample": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Header = &v1alpha1.TemplateHeader{Format: v1alpha1.HeaderText, Text: "Order {{1}}"}
			},
			[]string{"spec.header.examples: Give one sample value for each variable of the header: 1 needed, 0 given."},
		},
		"a variable of capitals": {
			func(s *v1alpha1.MessageTemplateSpec) { s.Body.Text = "Hello {{TEXT}}, your order is ready." },
			[]string{"spec.body.text: Write the variable {{TEXT}} as {{1}}, {{2}} and so on."},
		},
		"words of promotion": {
			func(s *v1alpha1.MessageTemplateSpec) { s.Body.Text = "Hello, there is a SALE in our shop." },
			[]string{
				`spec: Remove "SALE" or use category Marketing: Meta may approve the template as marketing, which costs more.`,
			},
		},
		"a footer with a variable": {
			func(s *v1alpha1.MessageTemplateSpec) { s.Footer = "Acme {{1}}" },
			[]string{"spec.footer: Remove the variables: a footer has none."},
		},
		"two call buttons and a mixture": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Buttons = []v1alpha1.TemplateButton{number, quick, number}
			},
			[]string{
				"spec.buttons[2]: Use at most 1 buttons of type PhoneNumber.",
				"spec.buttons: Put all quick replies together, before or after the other buttons.",
			},
		},
		"a number that is too long": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Buttons = []v1alpha1.TemplateButton{
					{Type: v1alpha1.ButtonPhoneNumber, Text: "Call", PhoneNumber: strings.Repeat("1", 21)},
				}
			},
			[]string{"spec.buttons[0].phoneNumber: Give a phone number of at most 20 characters."},
		},
		"an authentication button elsewhere": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Buttons = []v1alpha1.TemplateButton{
					{
						Type:          v1alpha1.ButtonOneTap,
						SupportedApps: []v1alpha1.SupportedApp{{PackageName: "com.acme", SignatureHash: "K8a"}},
					},
				}
			},
			[]string{
				"spec.buttons[0].type: Use OneTap and ZeroTap buttons in category Authentication only, and there " +
					"none but those and CopyCode.",
			},
		},
		"an authentication template without a button": {
			func(s *v1alpha1.MessageTemplateSpec) { s.Category = v1alpha1.TemplateAuthentication },
			[]string{
				"spec.buttons: Use exactly one button, of type OneTap, ZeroTap or CopyCode, in category " +
					"Authentication.",
			},
		},
		"an authentication template that lives too long": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Category, s.SendTTLSeconds = v1alpha1.TemplateAuthentication, 901
				s.Body.CodeExpirationMinutes = 91
				s.Buttons = []v1alpha1.TemplateButton{{Type: v1alpha1.ButtonCopyCode}}
			},
			[]string{
				"spec.sendTTLSeconds: Use 30 to 900 seconds in category Authentication, or -1 for 30 days.",
				"spec.body.codeExpirationMinutes: Use 1 to 90 minutes.",
			},
		},
		"a card that is too long and a button without a flow": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Category = v1alpha1.TemplateMarketing
				s.Carousel = &v1alpha1.TemplateCarousel{Cards: []v1alpha1.TemplateCard{{
					Header:  v1alpha1.TemplateHeader{Format: v1alpha1.HeaderProduct},
					Body:    &v1alpha1.TemplateCardBody{Text: strings.Repeat("a", 161)},
					Buttons: []v1alpha1.TemplateButton{{Type: v1alpha1.ButtonFlow, Text: "Begin"}},
				}}}
			},
			[]string{
				"spec.carousel.cards[0].body.text: Shorten the text to 160 characters; it has 161.",
				"spec.carousel.cards[0].buttons[0].flow: Say which flow the button opens: by its id, its name or " +
					"its JSON.",
			},
		},
		"an offer of a variable": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Category = v1alpha1.TemplateMarketing
				s.LimitedTimeOffer = &v1alpha1.LimitedTimeOffer{Text: "For {{1}}"}
			},
			[]string{"spec.limitedTimeOffer.text: Remove the variable: an offer's text has none."},
		},
		"a component of the future": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.OtherComponents = []v1alpha1.OtherComponent{{Type: "ORDER_STATUS"}}
			},
			[]string{`spec.otherComponents: "ORDER_STATUS" is not known here: Meta decides about it.`},
		},
		"a member that is a field": {
			func(s *v1alpha1.MessageTemplateSpec) { s.UpstreamFields = upstreamFields(`{"components":[]}`) },
			[]string{`spec.upstreamFields: Remove "components" from the further members: a field of its own says it.`},
		},
		"a member that is a parameter": {
			func(s *v1alpha1.MessageTemplateSpec) { s.UpstreamFields = upstreamFields(`{"method":"delete"}`) },
			[]string{
				`spec.upstreamFields: Remove "method" from the further members: ` +
					`it is a parameter of requests, and says nothing of a template.`,
			},
		},
		"no name": {
			func(s *v1alpha1.MessageTemplateSpec) { s.Name = "" },
			[]string{"spec.name: Use 1 to 512 lower-case letters, digits and underscores."},
		},
		"a picture without a sample": {
			func(s *v1alpha1.MessageTemplateSpec) {
				s.Header = &v1alpha1.TemplateHeader{Format: v1alpha1.HeaderImage}
			},
			[]string{"spec.header.exampleHandle: Give one handle of an uploaded sample for the Image header."},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			spec := v1alpha1.MessageTemplateSpec{
				Name: "n", Language: "en_US", Category: v1alpha1.TemplateUtility,
				Body: v1alpha1.TemplateBody{Text: fine},
			}
			tc.change(&spec)
			var got []string
			for _, finding := range tenant.Findings(&spec) {
				got = append(got, finding.Path+": "+finding.Message)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindingsKeepTheirRuleAndSeverity(t *testing.T) {
	spec := v1alpha1.MessageTemplateSpec{
		Name: "n", Language: "en_US", Category: v1alpha1.TemplateUtility,
		Body: v1alpha1.TemplateBody{Text: "Hello, there is a sale."},
	}
	want := []template.Finding{{
		Rule: "utility-promotional", Severity: template.Warning, Path: "spec",
		Message: `Remove "sale" or use category Marketing: ` +
			`Meta may approve the template as marketing, which costs more.`,
	}}
	if diff := cmp.Diff(want, tenant.Findings(&spec)); diff != "" {
		t.Error(diff)
	}
}
