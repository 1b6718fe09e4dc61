package tenant

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/template"
)

// upstreamText stands for the body of an authentication template, which the upstream writes.
const upstreamText = "(the upstream writes this text)"

// SpecOf is the MessageTemplate's spec of which Definition makes a definition; it lacks the
// account's name. It is an error if there is none: if the definition says something that a spec
// cannot.
func SpecOf(definition template.Definition) (v1alpha1.MessageTemplateSpec, error) {
	named := definition.ParameterFormat == template.Named
	spec := v1alpha1.MessageTemplateSpec{
		Name: definition.Name, Language: definition.Language, Category: categoryOf(definition.Category),
		SubCategory: definition.SubCategory, ParameterFormat: v1alpha1.ParameterPositional,
		UpstreamFields: fieldsOf(definition.Extra), MaxPrice: maxPriceOf(definition.OptimizationSpec),
	}
	if named {
		spec.ParameterFormat = v1alpha1.ParameterNamed
	}
	if ttl := definition.MessageSendTTLSeconds; ttl != nil {
		spec.SendTTLSeconds = int32(min(max(*ttl, -1), 1<<30)) //nolint:gosec // within its bounds
	}
	if out := definition.LinkTrackingOptedOut; out != nil {
		spec.LinkTracking = v1alpha1.LinkTrackingOptedIn
		if *out {
			spec.LinkTracking = v1alpha1.LinkTrackingOptedOut
		}
	}
	for i := range definition.Components {
		readComponent(&spec, &definition.Components[i], named)
	}
	if spec.Category == v1alpha1.TemplateAuthentication {
		spec.Body.Text = upstreamText
	}
	return spec, sameAs(definition, Definition(&spec))
}

// sameAs is an error if a definition is not, but for the order of its components, what was made of
// it.
func sameAs(wanted, made template.Definition) error {
	wanted.ParameterFormat = cmp.Or(wanted.ParameterFormat, template.Positional)
	wanted.Components, made.Components = slices.Clone(wanted.Components), slices.Clone(made.Components)
	for _, list := range [][]template.Component{wanted.Components, made.Components} {
		slices.SortStableFunc(list, func(a, b template.Component) int { return cmp.Compare(a.Type, b.Type) })
	}
	for i, c := range wanted.Components {
		if i >= len(made.Components) || !bytes.Equal(plain(c), plain(made.Components[i])) {
			return fmt.Errorf("a MessageTemplate cannot say all of the component %s", c.Type)
		}
	}
	if len(made.Components) > len(wanted.Components) {
		return fmt.Errorf("a MessageTemplate has a component %s", made.Components[len(wanted.Components)].Type)
	}
	wanted.Components, made.Components = nil, nil
	if !bytes.Equal(plain(wanted), plain(made)) {
		return errors.New("a MessageTemplate cannot say all of what stands beside the components")
	}
	return nil
}

// plain is a value in one spelling, without what says nothing.
func plain(value any) []byte {
	var decoded any
	decoder := json.NewDecoder(bytes.NewReader(encoded(value)))
	decoder.UseNumber()
	if decoder.Decode(&decoded) != nil {
		return nil
	}
	return encoded(decoded)
}

func readComponent(spec *v1alpha1.MessageTemplateSpec, c *template.Component, named bool) {
	switch c.Type {
	case template.Header:
		spec.Header = headerOf(c, named)
	case template.Body:
		spec.Body.Text, spec.Body.Examples = c.Text, bodyExamples(c.Example, named)
		if shown := c.AddSecurityRecommendation; shown != nil {
			spec.Body.SecurityRecommendation = v1alpha1.SecurityRecommendationHidden
			if *shown {
				spec.Body.SecurityRecommendation = v1alpha1.SecurityRecommendationShown
			}
		}
	case template.Footer:
		spec.Footer = c.Text
		if minutes := c.CodeExpirationMinutes; minutes != nil {
			spec.Body.CodeExpirationMinutes = int32(min(max(*minutes, 0), 1<<30)) //nolint:gosec // within its bounds
		}
	case template.Buttons:
		spec.Buttons = buttonsOf(c.Buttons)
	case template.LimitedTimeOffer:
		if c.Offer != nil {
			spec.LimitedTimeOffer = &v1alpha1.LimitedTimeOffer{
				Text: c.Offer.Text, Expiration: v1alpha1.OfferExpirationHidden,
			}
			if c.Offer.HasExpiration {
				spec.LimitedTimeOffer.Expiration = v1alpha1.OfferExpirationShown
			}
		}
	case template.Carousel:
		spec.Carousel = &v1alpha1.TemplateCarousel{}
		for _, card := range c.Cards {
			spec.Carousel.Cards = append(spec.Carousel.Cards, cardOf(card, named))
		}
	case template.CallPermissionRequest:
		spec.CallPermission = v1alpha1.CallPermissionRequested
	default:
		spec.OtherComponents = append(spec.OtherComponents, v1alpha1.OtherComponent{
			Type: c.Type, UpstreamFields: fieldsOf(c.Extra),
		})
	}
}

func headerOf(c *template.Component, named bool) *v1alpha1.TemplateHeader {
	header := &v1alpha1.TemplateHeader{Format: headerFormat(c.Format), Text: c.Text}
	switch e := c.Example; {
	case e == nil:
	case len(e.HeaderHandle) > 0:
		header.ExampleHandle = e.HeaderHandle[0]
	case named:
		header.Examples = namedOf(e.HeaderTextNamedParams)
	default:
		header.Examples = valuesOf(e.HeaderText)
	}
	return header
}

func headerFormat(format string) v1alpha1.HeaderFormat {
	for _, known := range []v1alpha1.HeaderFormat{
		v1alpha1.HeaderText, v1alpha1.HeaderImage, v1alpha1.HeaderVideo, v1alpha1.HeaderGIF, v1alpha1.HeaderDocument,
		v1alpha1.HeaderLocation, v1alpha1.HeaderProduct,
	} {
		if strings.EqualFold(string(known), format) {
			return known
		}
	}
	return v1alpha1.HeaderFormat(format)
}

func categoryOf(category string) v1alpha1.TemplateCategory {
	for _, known := range []v1alpha1.TemplateCategory{
		v1alpha1.TemplateMarketing, v1alpha1.TemplateUtility, v1alpha1.TemplateAuthentication,
	} {
		if strings.EqualFold(string(known), category) {
			return known
		}
	}
	return v1alpha1.TemplateCategory(category)
}

func bodyExamples(e *template.Example, named bool) []v1alpha1.TemplateExample {
	switch {
	case e == nil:
		return nil
	case named:
		return namedOf(e.BodyTextNamedParams)
	case len(e.BodyText) > 0:
		return valuesOf(e.BodyText[0])
	}
	return nil
}

func valuesOf(values []string) []v1alpha1.TemplateExample {
	var examples []v1alpha1.TemplateExample
	for _, value := range values {
		examples = append(examples, v1alpha1.TemplateExample{Value: value})
	}
	return examples
}

func namedOf(named []template.NamedExample) []v1alpha1.TemplateExample {
	var examples []v1alpha1.TemplateExample
	for _, e := range named {
		examples = append(examples, v1alpha1.TemplateExample{Name: e.ParamName, Value: e.Example})
	}
	return examples
}

func cardOf(card template.Card, named bool) v1alpha1.TemplateCard {
	var out v1alpha1.TemplateCard
	for i := range card.Components {
		switch c := &card.Components[i]; c.Type {
		case template.Header:
			out.Header = *headerOf(c, named)
		case template.Body:
			out.Body = &v1alpha1.TemplateCardBody{Text: c.Text, Examples: bodyExamples(c.Example, named)}
		case template.Buttons:
			out.Buttons = buttonsOf(c.Buttons)
		}
	}
	return out
}

func buttonsOf(list []template.Button) []v1alpha1.TemplateButton {
	buttons := make([]v1alpha1.TemplateButton, 0, len(list))
	for i := range list {
		buttons = append(buttons, specButton(&list[i]))
	}
	return buttons
}

func specButton(b *template.Button) v1alpha1.TemplateButton {
	out := v1alpha1.TemplateButton{
		Type: specButtonType(b), Text: b.Text, URL: b.URL, PhoneNumber: b.PhoneNumber, AutofillText: b.AutofillText,
		UpstreamFields: fieldsOf(b.Extra),
	}
	if len(b.Example) > 0 {
		out.Example = b.Example[0]
	}
	var apps []struct {
		PackageName   string `json:"package_name"`
		SignatureHash string `json:"signature_hash"`
	}
	if json.Unmarshal(b.SupportedApps, &apps) == nil {
		for _, app := range apps {
			out.SupportedApps = append(out.SupportedApps, v1alpha1.SupportedApp(app))
		}
	}
	if out.Type == v1alpha1.ButtonFlow {
		out.Flow = &v1alpha1.TemplateFlow{
			ID: b.FlowID, Name: b.FlowName, JSON: b.FlowJSON, Action: specFlowAction(b.FlowAction),
			NavigateScreen: b.NavigateScreen, Icon: b.Icon,
		}
	}
	return out
}

// specButtonType is the type of a button. One that is not listed is the upstream's own word.
func specButtonType(b *template.Button) v1alpha1.ButtonType {
	if b.Type == template.ButtonOTP {
		switch b.OTPType {
		case template.OTPCopyCode:
			return v1alpha1.ButtonCopyCode
		case template.OTPOneTap:
			return v1alpha1.ButtonOneTap
		case template.OTPZeroTap:
			return v1alpha1.ButtonZeroTap
		}
	}
	for _, known := range []v1alpha1.ButtonType{
		v1alpha1.ButtonQuickReply, v1alpha1.ButtonPhoneNumber, v1alpha1.ButtonCopyCode, v1alpha1.ButtonFlow,
		v1alpha1.ButtonCatalog, v1alpha1.ButtonOrderDetails, v1alpha1.ButtonVoiceCall,
	} {
		if buttonType(known) == b.Type {
			return known
		}
	}
	return v1alpha1.ButtonType(b.Type)
}

func specFlowAction(action string) v1alpha1.FlowAction {
	switch strings.ToLower(action) {
	case "navigate":
		return v1alpha1.FlowNavigate
	case "data_exchange":
		return v1alpha1.FlowDataExchange
	}
	return v1alpha1.FlowAction(action)
}

func maxPriceOf(raw json.RawMessage) *v1alpha1.TemplateMaxPrice {
	var price struct {
		BidAmount   int64  `json:"bid_amount"`
		BidStrategy string `json:"bid_strategy"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &price) != nil {
		return nil
	}
	return &v1alpha1.TemplateMaxPrice{BidAmount: price.BidAmount, BidStrategy: price.BidStrategy}
}

func fieldsOf(members map[string]json.RawMessage) *v1alpha1.UpstreamFields {
	if len(members) == 0 {
		return nil
	}
	return &v1alpha1.UpstreamFields{RawExtension: runtime.RawExtension{Raw: encoded(members)}}
}
