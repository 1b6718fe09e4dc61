package tenant

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/template"
)

// Definition is a MessageTemplate's spec as the upstream takes it.
func Definition(spec *v1alpha1.MessageTemplateSpec) template.Definition {
	definition := template.Definition{
		Name:             spec.Name,
		Language:         spec.Language,
		Category:         strings.ToUpper(string(spec.Category)),
		SubCategory:      spec.SubCategory,
		ParameterFormat:  template.Positional,
		OptimizationSpec: optimizationOf(spec.MaxPrice),
		Extra:            membersOf(spec.UpstreamFields),
	}
	if spec.ParameterFormat == v1alpha1.ParameterNamed {
		definition.ParameterFormat = template.Named
	}
	if spec.SendTTLSeconds != 0 {
		seconds := int(spec.SendTTLSeconds)
		definition.MessageSendTTLSeconds = &seconds
	}
	if spec.LinkTracking != "" {
		out := spec.LinkTracking == v1alpha1.LinkTrackingOptedOut
		definition.LinkTrackingOptedOut = &out
	}
	if library := spec.LibraryTemplate; library != nil {
		definition.LibraryTemplateName = library.Name
		definition.LibraryBodyInputs = rawOf(library.BodyInputs)
		definition.LibraryButtonInputs = listOf(library.ButtonInputs)
	}
	c := components{
		named:          spec.ParameterFormat == v1alpha1.ParameterNamed,
		authentication: spec.Category == v1alpha1.TemplateAuthentication,
	}
	c.addAll(spec)
	definition.Components = c.list
	return definition
}

// components are the components of a template or of a card, in the order in which they are
// submitted.
type components struct {
	named          bool
	authentication bool
	list           []template.Component
}

func (c *components) add(component template.Component) { c.list = append(c.list, component) }

func (c *components) addAll(spec *v1alpha1.MessageTemplateSpec) {
	if spec.Header != nil {
		c.addHeader(spec.Header)
	}
	if offer := spec.LimitedTimeOffer; offer != nil {
		c.add(template.Component{Type: template.LimitedTimeOffer, Offer: &template.Offer{
			Text: offer.Text, HasExpiration: offer.Expiration == v1alpha1.OfferExpirationShown,
		}})
	}
	c.addBody(&spec.Body)
	c.addFooter(spec)
	c.addButtons(spec.Buttons)
	if spec.Carousel != nil {
		c.addCarousel(spec.Carousel)
	}
	if spec.CallPermission == v1alpha1.CallPermissionRequested {
		c.add(template.Component{Type: template.CallPermissionRequest})
	}
	for _, other := range spec.OtherComponents {
		c.add(template.Component{Type: other.Type, Extra: membersOf(other.UpstreamFields)})
	}
}

func (c *components) addHeader(header *v1alpha1.TemplateHeader) {
	out := template.Component{
		Type: template.Header, Format: strings.ToUpper(orDefault(string(header.Format), string(v1alpha1.HeaderText))),
		Text: header.Text,
	}
	switch {
	case header.ExampleHandle != "":
		out.Example = &template.Example{HeaderHandle: []string{header.ExampleHandle}}
	case len(header.Examples) > 0 && c.named:
		out.Example = &template.Example{HeaderTextNamedParams: namedExamples(header.Examples)}
	case len(header.Examples) > 0:
		out.Example = &template.Example{HeaderText: exampleValues(header.Examples)}
	}
	c.add(out)
}

// addBody adds the body. The upstream writes that of an authentication template itself.
func (c *components) addBody(body *v1alpha1.TemplateBody) {
	if !c.authentication {
		c.addText(body.Text, body.Examples)
		return
	}
	out := template.Component{Type: template.Body}
	if body.SecurityRecommendation != "" {
		shown := body.SecurityRecommendation == v1alpha1.SecurityRecommendationShown
		out.AddSecurityRecommendation = &shown
	}
	c.add(out)
}

func (c *components) addText(text string, examples []v1alpha1.TemplateExample) {
	out := template.Component{Type: template.Body, Text: text}
	switch {
	case len(examples) == 0:
	case c.named:
		out.Example = &template.Example{BodyTextNamedParams: namedExamples(examples)}
	default:
		out.Example = &template.Example{BodyText: [][]string{exampleValues(examples)}}
	}
	c.add(out)
}

func (c *components) addFooter(spec *v1alpha1.MessageTemplateSpec) {
	switch {
	case c.authentication && spec.Body.CodeExpirationMinutes > 0:
		minutes := int(spec.Body.CodeExpirationMinutes)
		c.add(template.Component{Type: template.Footer, CodeExpirationMinutes: &minutes})
	case spec.Footer != "":
		c.add(template.Component{Type: template.Footer, Text: spec.Footer})
	}
}

func (c *components) addButtons(list []v1alpha1.TemplateButton) {
	if len(list) == 0 {
		return
	}
	buttons := make([]template.Button, 0, len(list))
	for i := range list {
		buttons = append(buttons, buttonOf(&list[i], c.authentication))
	}
	c.add(template.Component{Type: template.Buttons, Buttons: buttons})
}

func (c *components) addCarousel(carousel *v1alpha1.TemplateCarousel) {
	out := template.Component{Type: template.Carousel}
	for i := range carousel.Cards {
		card := &carousel.Cards[i]
		parts := components{named: c.named}
		parts.addHeader(&card.Header)
		if card.Body != nil {
			parts.addText(card.Body.Text, card.Body.Examples)
		}
		parts.addButtons(card.Buttons)
		out.Cards = append(out.Cards, template.Card{Components: parts.list})
	}
	c.add(out)
}

func buttonOf(button *v1alpha1.TemplateButton, authentication bool) template.Button {
	out := template.Button{
		Type: buttonType(button.Type), Text: button.Text, URL: button.URL, PhoneNumber: button.PhoneNumber,
		AutofillText: button.AutofillText, SupportedApps: appsOf(button.SupportedApps),
		Extra: membersOf(button.UpstreamFields),
	}
	switch button.Type {
	case v1alpha1.ButtonCopyCode:
		if authentication {
			out.Type, out.OTPType = template.ButtonOTP, template.OTPCopyCode
		}
	case v1alpha1.ButtonOneTap:
		out.OTPType = template.OTPOneTap
	case v1alpha1.ButtonZeroTap:
		accepted := true
		out.OTPType, out.ZeroTapTermsAccepted = template.OTPZeroTap, &accepted
	}
	if flow := button.Flow; flow != nil {
		out.FlowID, out.FlowName, out.FlowJSON = flow.ID, flow.Name, flow.JSON
		out.FlowAction, out.NavigateScreen, out.Icon = flowAction(flow.Action), flow.NavigateScreen, flow.Icon
	}
	if button.Example != "" {
		out.Example = template.Strings{button.Example}
	}
	return out
}

// buttonType is the upstream's word for a type. Those that are not listed are written in it.
func buttonType(kind v1alpha1.ButtonType) string {
	switch kind {
	case v1alpha1.ButtonQuickReply:
		return template.ButtonQuickReply
	case v1alpha1.ButtonPhoneNumber:
		return template.ButtonPhoneNumber
	case v1alpha1.ButtonCopyCode:
		return template.ButtonCopyCode
	case v1alpha1.ButtonOneTap, v1alpha1.ButtonZeroTap:
		return template.ButtonOTP
	case v1alpha1.ButtonFlow:
		return template.ButtonFlow
	case v1alpha1.ButtonCatalog:
		return template.ButtonCatalog
	case v1alpha1.ButtonOrderDetails:
		return template.ButtonOrderDetails
	case v1alpha1.ButtonVoiceCall:
		return template.ButtonVoiceCall
	}
	return string(kind)
}

func flowAction(action v1alpha1.FlowAction) string {
	switch action {
	case v1alpha1.FlowNavigate:
		return "navigate"
	case v1alpha1.FlowDataExchange:
		return "data_exchange"
	}
	return string(action)
}

func appsOf(apps []v1alpha1.SupportedApp) json.RawMessage {
	if len(apps) == 0 {
		return nil
	}
	type app struct {
		PackageName   string `json:"package_name"`
		SignatureHash string `json:"signature_hash"`
	}
	list := make([]app, 0, len(apps))
	for _, a := range apps {
		list = append(list, app(a))
	}
	return encoded(list)
}

func optimizationOf(price *v1alpha1.TemplateMaxPrice) json.RawMessage {
	if price == nil {
		return nil
	}
	return encoded(struct {
		BidAmount   int64  `json:"bid_amount"`
		BidStrategy string `json:"bid_strategy,omitempty"`
	}{price.BidAmount, price.BidStrategy})
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

// membersOf are the members of an object, in one spelling, so that equal ones have equal digests.
func membersOf(fields *v1alpha1.UpstreamFields) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if raw := rawOf(fields); raw == nil || json.Unmarshal(raw, &members) != nil || len(members) == 0 {
		return nil
	}
	return members
}

// rawOf is an object in one spelling: without spaces, its members in the order of their names.
func rawOf(fields *v1alpha1.UpstreamFields) json.RawMessage {
	if fields == nil || len(fields.Raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(fields.Raw))
	decoder.UseNumber() // ids have more digits than a float
	var value map[string]any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return encoded(value)
}

func listOf(list []v1alpha1.UpstreamFields) json.RawMessage {
	if len(list) == 0 {
		return nil
	}
	all := make([]json.RawMessage, 0, len(list))
	for i := range list {
		if raw := rawOf(&list[i]); raw != nil {
			all = append(all, raw)
		}
	}
	return encoded(all)
}

// encoded is a value that always encodes: strings, numbers, and what was read from JSON.
func encoded(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return raw
}
