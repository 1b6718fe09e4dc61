package tenant

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/template"
)

// Definition is a MessageTemplate's spec as the upstream takes it.
func Definition(spec *v1alpha1.MessageTemplateSpec) template.Definition {
	definition := template.Definition{
		Name:            spec.Name,
		Language:        spec.Language,
		Category:        strings.ToUpper(string(spec.Category)),
		ParameterFormat: template.Positional,
	}
	named := spec.ParameterFormat == v1alpha1.ParameterNamed
	if named {
		definition.ParameterFormat = template.Named
	}
	if spec.SendTTLSeconds > 0 {
		seconds := int(spec.SendTTLSeconds)
		definition.MessageSendTTLSeconds = &seconds
	}
	authentication := spec.Category == v1alpha1.TemplateAuthentication
	if spec.Header != nil {
		definition.Components = append(definition.Components, headerOf(spec.Header, named))
	}
	definition.Components = append(definition.Components, bodyOf(&spec.Body, named, authentication))
	if footer, wanted := footerOf(spec, authentication); wanted {
		definition.Components = append(definition.Components, footer)
	}
	if len(spec.Buttons) > 0 {
		buttons := make([]template.Button, 0, len(spec.Buttons))
		for _, button := range spec.Buttons {
			buttons = append(buttons, buttonOf(button, authentication))
		}
		definition.Components = append(
			definition.Components, template.Component{Type: template.Buttons, Buttons: buttons},
		)
	}
	return definition
}

func headerOf(header *v1alpha1.TemplateHeader, named bool) template.Component {
	out := template.Component{
		Type: template.Header, Format: strings.ToUpper(orDefault(string(header.Format), string(v1alpha1.HeaderText))),
		Text: header.Text,
	}
	switch {
	case header.ExampleHandle != "":
		out.Example = &template.Example{HeaderHandle: []string{header.ExampleHandle}}
	case len(header.Examples) > 0 && named:
		out.Example = &template.Example{HeaderTextNamedParams: namedExamples(header.Examples)}
	case len(header.Examples) > 0:
		out.Example = &template.Example{HeaderText: exampleValues(header.Examples)}
	}
	return out
}

// bodyOf is the body. The upstream writes that of an authentication template itself.
func bodyOf(body *v1alpha1.TemplateBody, named, authentication bool) template.Component {
	out := template.Component{Type: template.Body}
	if authentication {
		if body.SecurityRecommendation != "" {
			shown := body.SecurityRecommendation == v1alpha1.SecurityRecommendationShown
			out.AddSecurityRecommendation = &shown
		}
		return out
	}
	out.Text = body.Text
	switch {
	case len(body.Examples) == 0:
	case named:
		out.Example = &template.Example{BodyTextNamedParams: namedExamples(body.Examples)}
	default:
		out.Example = &template.Example{BodyText: [][]string{exampleValues(body.Examples)}}
	}
	return out
}

func footerOf(spec *v1alpha1.MessageTemplateSpec, authentication bool) (footer template.Component, wanted bool) {
	if authentication && spec.Body.CodeExpirationMinutes > 0 {
		minutes := int(spec.Body.CodeExpirationMinutes)
		return template.Component{Type: template.Footer, CodeExpirationMinutes: &minutes}, true
	}
	return template.Component{Type: template.Footer, Text: spec.Footer}, spec.Footer != ""
}

func buttonOf(button v1alpha1.TemplateButton, authentication bool) template.Button {
	out := template.Button{Text: button.Text}
	switch button.Type {
	case v1alpha1.ButtonQuickReply:
		out.Type = template.ButtonQuickReply
	case v1alpha1.ButtonPhoneNumber:
		out.Type, out.PhoneNumber = template.ButtonPhoneNumber, button.PhoneNumber
	case v1alpha1.ButtonURL:
		out.Type, out.URL = template.ButtonURL, button.URL
	case v1alpha1.ButtonCopyCode:
		out.Type = template.ButtonCopyCode
		if authentication {
			out.Type, out.OTPType = template.ButtonOTP, template.OTPCopyCode
		}
	case v1alpha1.ButtonOneTap:
		out.Type, out.OTPType, out.SupportedApps = template.ButtonOTP, template.OTPOneTap, supportedApp(button)
	case v1alpha1.ButtonZeroTap:
		accepted := true
		out.Type, out.OTPType, out.SupportedApps = template.ButtonOTP, template.OTPZeroTap, supportedApp(button)
		out.ZeroTapTermsAccepted = &accepted
	}
	if button.Example != "" {
		out.Example = template.Strings{button.Example}
	}
	return out
}

func supportedApp(button v1alpha1.TemplateButton) json.RawMessage {
	type app struct {
		PackageName   string `json:"package_name"`
		SignatureHash string `json:"signature_hash"`
	}
	encoded, err := json.Marshal([]app{{PackageName: button.PackageName, SignatureHash: button.SignatureHash}})
	if err != nil { // two strings always encode
		return nil
	}
	return encoded
}

func exampleValues(examples []v1alpha1.TemplateExample) []string {
	values := make([]string, 0, len(examples))
	for _, example := range examples {
		values = append(values, example.Value)
	}
	return values
}

func namedExamples(examples []v1alpha1.TemplateExample) []template.NamedExample {
	out := make([]template.NamedExample, 0, len(examples))
	for _, example := range examples {
		out = append(out, template.NamedExample{ParamName: example.Name, Example: example.Value})
	}
	return out
}

// Templates are the templates that the upstream knows, as the gateway is told of them, in the order
// of their names and languages.
//
// A template whose spec has changed since it was submitted stays as served has it, for that is what
// the upstream still has. If served does not have it either, it is left out: its parameters would
// not fit the upstream's copy.
func Templates(templates []v1alpha1.MessageTemplate, served []config.Template) []config.Template {
	var out []config.Template
	for i := range templates {
		t := &templates[i]
		if t.Status.UpstreamID == "" || !t.DeletionTimestamp.IsZero() {
			continue
		}
		definition, known := submitted(t, served)
		if !known {
			continue
		}
		out = append(out, config.Template{
			Definition:     definition,
			UpstreamID:     t.Status.UpstreamID,
			UpstreamStatus: t.Status.UpstreamStatus,
			BilledCategory: strings.ToLower(orDefault(t.Status.Category, string(t.Spec.Category))),
		})
	}
	slices.SortFunc(out, func(a, b config.Template) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Language, b.Language))
	})
	return out
}

// servable are the templates that a gateway can send. The others are named.
func servable(templates []config.Template) ([]config.Template, *Problem) {
	var sentences []string
	kept := slices.DeleteFunc(templates, func(t config.Template) bool {
		_, err := template.Compile(t.Definition)
		if err == nil {
			_, err = conversation.ParseCategory(t.BilledCategory)
		}
		if err != nil {
			sentences = append(sentences, fmt.Sprintf("%q in %q: %s", t.Name, t.Language, err))
		}
		return err != nil
	})
	if len(sentences) == 0 {
		return kept, nil
	}
	return kept, &Problem{
		Reason:  v1alpha1.ReasonTemplateLeftOut,
		Message: "The gateway is not given what it cannot send: " + strings.Join(sentences, "; "),
	}
}

func servedTemplates(served *config.Document) []config.Template {
	if served == nil {
		return nil
	}
	return served.Templates
}

// submitted is the definition that the upstream has of a template.
func submitted(t *v1alpha1.MessageTemplate, served []config.Template) (definition template.Definition, known bool) {
	definition = Definition(&t.Spec)
	if t.Status.SubmittedDigest == DefinitionDigest(definition) {
		return definition, true
	}
	for _, before := range served {
		if before.UpstreamID == t.Status.UpstreamID && t.Status.SubmittedDigest == DefinitionDigest(before.Definition) {
			return before.Definition, true
		}
	}
	return template.Definition{}, false
}

// Differences says in which parts the upstream's copy of a template is not what the spec asks for;
// none means that they are the same to a customer. Samples, and what the upstream itself writes
// into authentication messages, are not compared.
func Differences(wanted, upstream template.Definition) []string {
	var different []string
	authentication := wanted.Category == template.CategoryAuthentication
	for _, kind := range []string{template.Header, template.Body, template.Footer, template.Buttons} {
		if authentication && kind != template.Buttons {
			continue
		}
		if !sameComponent(component(wanted, kind), component(upstream, kind), authentication) {
			different = append(different, strings.ToLower(kind))
		}
	}
	return different
}

func component(definition template.Definition, kind string) template.Component {
	for _, c := range definition.Components {
		if strings.EqualFold(c.Type, kind) {
			return c
		}
	}
	return template.Component{}
}

func sameComponent(a, b template.Component, authentication bool) bool {
	format := func(c template.Component) string {
		if c.Format == "" && c.Text != "" {
			return template.FormatText
		}
		return c.Format
	}
	if a.Text != b.Text || format(a) != format(b) || len(a.Buttons) != len(b.Buttons) {
		return false
	}
	for i := range a.Buttons {
		x, y := a.Buttons[i], b.Buttons[i]
		if authentication {
			// The upstream turns a one-time password button into one of another type, with a text
			// of its own.
			continue
		}
		if x.Type != y.Type || x.Text != y.Text || x.URL != y.URL || x.PhoneNumber != y.PhoneNumber {
			return false
		}
	}
	return true
}

// DefinitionDigest is the digest of a definition, by which an unchanged one is recognised.
func DefinitionDigest(definition template.Definition) string {
	encoded, err := json.Marshal(definition)
	if err != nil { // strings and numbers always encode
		return ""
	}
	return Digest(encoded)
}
