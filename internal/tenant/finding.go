package tenant

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/template"
)

// Findings are what the lint finds in a template, in the words of its spec: a path of the spec in
// place of one of the upstream's definition, and the spec's values in place of the upstream's.
func Findings(spec *v1alpha1.MessageTemplateSpec) []template.Finding {
	definition := Definition(spec)
	found := template.Lint(definition)
	for i := range found {
		found[i].Path = specPath(definition, found[i])
		found[i].Message = specWords(found[i])
	}
	return found
}

var componentPath = regexp.MustCompile(`^components\[(\d+)\]`)

// specPath is the field of the spec that a path of the definition was made from.
func specPath(definition template.Definition, finding template.Finding) string {
	within := componentPath.FindString(finding.Path)
	if within == "" {
		return wholePath(finding)
	}
	var index int
	if _, err := fmt.Sscanf(within, "components[%d]", &index); err != nil || index >= len(definition.Components) {
		return "spec"
	}
	field := strings.TrimPrefix(finding.Path, within)
	switch definition.Components[index].Type {
	case template.Footer:
		if field == ".code_expiration_minutes" {
			return "spec.body.codeExpirationMinutes"
		}
		return "spec.footer"
	case template.LimitedTimeOffer:
		return "spec.limitedTimeOffer" + strings.TrimPrefix(strings.TrimPrefix(field, ".limited_time_offer"), ".type")
	case template.Carousel:
		return "spec.carousel" + cardPath(definition.Components[index].Cards, strings.TrimSuffix(field, ".type"))
	case template.Header, template.Body, template.Buttons:
		return "spec" + textPath(definition.Components[index].Type, field)
	}
	return "spec.otherComponents"
}

var cardComponentPath = regexp.MustCompile(`^\.cards\[(\d+)\]\.components\[(\d+)\]`)

// cardPath is the field of a carousel that a path below it was made from.
func cardPath(cards []template.Card, field string) string {
	within := cardComponentPath.FindString(field)
	var card, index int
	if _, err := fmt.Sscanf(within, ".cards[%d].components[%d]", &card, &index); err != nil ||
		card >= len(cards) || index >= len(cards[card].Components) {
		return field
	}
	return fmt.Sprintf(".cards[%d]", card) +
		textPath(cards[card].Components[index].Type, strings.TrimPrefix(field, within))
}

// textPath is the field of a header, a body or buttons.
func textPath(kind, field string) string {
	if kind == template.Buttons {
		return fieldNames().Replace(orDefault(field, ".buttons"))
	}
	return "." + strings.ToLower(kind) + fieldNames().Replace(field)
}

// wholePath is the field of a finding that is not about one component.
func wholePath(finding template.Finding) string {
	switch {
	case finding.Path != "components":
		return "spec." + fieldNames().Replace(finding.Path)
	case finding.Rule == "body-required", finding.Rule == "library-components":
		return "spec.body"
	case finding.Rule == "authentication-otp-button":
		return "spec.buttons"
	case finding.Rule == "call-permission":
		return "spec.callPermission"
	}
	return "spec"
}

func fieldNames() *strings.Replacer {
	return strings.NewReplacer(
		"parameter_format", "parameterFormat",
		"message_send_ttl_seconds", "sendTTLSeconds",
		".example.header_handle", ".exampleHandle",
		"].example", "].example", // of a button, which has one
		".example", ".examples",
		"add_security_recommendation", "securityRecommendation",
		"phone_number", "phoneNumber",
		"supported_apps", "supportedApps",
		"otp_type", "type",
		"flow_id", "flow",
		"flow_json", "flow.json",
		"optimization_spec", "maxPrice",
		"library_template_name", "libraryTemplate",
		"extra", "upstreamFields",
	)
}

// upstreamWord finds the words of a sentence. What the sentence quotes of the template, in
// quotation marks or braces, is found as one.
var upstreamWord = regexp.MustCompile(`\{\{.*?\}\}|"(?:[^"\\]|\\.)*"|[A-Za-z_]+`)

// specWords is a finding's sentence with the spec's words.
func specWords(finding template.Finding) string {
	switch finding.Rule {
	case "authentication-otp-button":
		return "Use exactly one button, of type OneTap, ZeroTap or CopyCode, in category Authentication."
	case "button-category":
		return "Use OneTap and ZeroTap buttons in category Authentication only, and there none but those and CopyCode."
	}
	sentence := strings.TrimSuffix(finding.Message, ".")
	words := specValues()
	return upstreamWord.ReplaceAllStringFunc(
		sentence, func(word string) string { return orDefault(words[word], word) },
	) + "."
}

func specValues() map[string]string {
	return map[string]string{
		template.CategoryAuthentication: string(v1alpha1.TemplateAuthentication),
		template.CategoryMarketing:      string(v1alpha1.TemplateMarketing),
		template.CategoryUtility:        string(v1alpha1.TemplateUtility),
		template.FormatText:             string(v1alpha1.HeaderText),
		template.FormatImage:            string(v1alpha1.HeaderImage),
		template.FormatVideo:            string(v1alpha1.HeaderVideo),
		template.FormatDocument:         string(v1alpha1.HeaderDocument),
		template.FormatLocation:         string(v1alpha1.HeaderLocation),
		template.FormatProduct:          string(v1alpha1.HeaderProduct),
		template.ButtonQuickReply:       string(v1alpha1.ButtonQuickReply),
		template.ButtonPhoneNumber:      string(v1alpha1.ButtonPhoneNumber),
		template.ButtonCopyCode:         string(v1alpha1.ButtonCopyCode),
		template.OTPOneTap:              string(v1alpha1.ButtonOneTap),
		template.OTPZeroTap:             string(v1alpha1.ButtonZeroTap),
		template.ButtonOTP:              "OneTap, ZeroTap or CopyCode",
	}
}
