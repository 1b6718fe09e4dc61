package template

import (
	"bytes"
	"encoding/json"
)

// The categories, as a definition spells them. Prices and status webhooks use lower case.
const (
	CategoryAuthentication = "AUTHENTICATION"
	CategoryMarketing      = "MARKETING"
	CategoryUtility        = "UTILITY"
)

// Parameter formats: {{1}}, {{2}} … or {{first_name}}. Positional is the default.
const (
	Positional = "POSITIONAL"
	Named      = "NAMED"
)

// Component types of a definition.
const (
	Header           = "HEADER"
	Body             = "BODY"
	Footer           = "FOOTER"
	Buttons          = "BUTTONS"
	Carousel         = "CAROUSEL"
	LimitedTimeOffer = "LIMITED_TIME_OFFER"
	// CallPermissionRequest asks the customer for the permission to call. Source:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/call-permission-request-message-template
	CallPermissionRequest = "CALL_PERMISSION_REQUEST"
)

// Header formats.
const (
	FormatText     = "TEXT"
	FormatImage    = "IMAGE"
	FormatVideo    = "VIDEO"
	FormatGIF      = "GIF"
	FormatDocument = "DOCUMENT"
	FormatLocation = "LOCATION"
	FormatProduct  = "PRODUCT"
)

// Button types.
const (
	ButtonQuickReply   = "QUICK_REPLY"
	ButtonURL          = "URL"
	ButtonPhoneNumber  = "PHONE_NUMBER"
	ButtonCopyCode     = "COPY_CODE"
	ButtonOTP          = "OTP"
	ButtonFlow         = "FLOW"
	ButtonCatalog      = "CATALOG"
	ButtonMPM          = "MPM"
	ButtonSPM          = "SPM"
	ButtonOrderDetails = "ORDER_DETAILS"
	ButtonVoiceCall    = "VOICE_CALL"
)

// Kinds of one-time password button.
const (
	OTPCopyCode = "COPY_CODE"
	OTPOneTap   = "ONE_TAP"
	OTPZeroTap  = "ZERO_TAP"
)

// Definition is a template as POST /{waba-id}/message_templates accepts it. (Name, Language)
// identifies it inside a WhatsApp Business account.
type Definition struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Category string `json:"category"`
	// ParameterFormat is Positional, Named, or empty for Positional.
	ParameterFormat string `json:"parameter_format,omitempty"`
	// Components are what the template consists of. Those of a template of Meta's library are what
	// Meta's copy is known to have; they are not submitted.
	Components []Component `json:"components,omitempty"`
	// MessageSendTTLSeconds is how long Meta tries to deliver, in seconds; -1
	// means 30 days and nil Meta's default.
	MessageSendTTLSeconds *int `json:"message_send_ttl_seconds,omitempty"`
	// OptimizationSpec is the most that the business pays for a delivery of a marketing template. A
	// template that has it is sent through the endpoint for marketing messages only. Source:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/pricing
	OptimizationSpec json.RawMessage `json:"optimization_spec,omitempty"`
	// SubCategory is Meta's word within the category, such as ORDER_DETAILS.
	SubCategory string `json:"sub_category,omitempty"`
	// LinkTrackingOptedOut keeps Meta from counting the taps on links.
	LinkTrackingOptedOut *bool `json:"cta_url_link_tracking_opted_out,omitempty"`
	// LibraryTemplateName names the template of Meta's library that this one is a copy of. The
	// inputs fill in what the library leaves open. Source:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library
	LibraryTemplateName string          `json:"library_template_name,omitempty"`
	LibraryBodyInputs   json.RawMessage `json:"library_template_body_inputs,omitempty"`
	LibraryButtonInputs json.RawMessage `json:"library_template_button_inputs,omitempty"`
	// Extra are further members, by name: they are submitted, and nothing else is known of them.
	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// Component is a part of a definition.
type Component struct {
	// Type is Header, Body, Footer, Buttons, Carousel, LimitedTimeOffer or another word of Meta's.
	Type string `json:"type"`
	// Format is the header's format.
	Format string `json:"format,omitempty"`
	// Text is the text with its variables. Authentication bodies have none:
	// Meta writes them.
	Text    string   `json:"text,omitempty"`
	Example *Example `json:"example,omitempty"`
	// Buttons are the buttons of a Buttons component.
	Buttons []Button `json:"buttons,omitempty"`
	// Cards are the cards of a Carousel.
	Cards []Card `json:"cards,omitempty"`
	// Offer is what a LimitedTimeOffer says.
	Offer *Offer `json:"limited_time_offer,omitempty"`
	// AddSecurityRecommendation adds Meta's warning to an authentication body.
	AddSecurityRecommendation *bool `json:"add_security_recommendation,omitempty"`
	// CodeExpirationMinutes, 1 to 90, adds an expiry to an authentication footer.
	CodeExpirationMinutes *int `json:"code_expiration_minutes,omitempty"`
	// Extra are further members, by name. They stand beside the others on the wire.
	Extra map[string]json.RawMessage `json:"-"`
}

// Card is one card of a carousel: a header, and maybe a body and buttons.
type Card struct {
	Components []Component `json:"components"`
}

// Offer is an offer that ends: its text, and whether a message says when.
type Offer struct {
	Text          string `json:"text,omitempty"`
	HasExpiration bool   `json:"has_expiration,omitempty"`
}

// Example holds a sample value for each variable and for a media header.
type Example struct {
	HeaderText            []string       `json:"header_text,omitempty"`
	HeaderTextNamedParams []NamedExample `json:"header_text_named_params,omitempty"`
	HeaderHandle          []string       `json:"header_handle,omitempty"`
	BodyText              [][]string     `json:"body_text,omitempty"`
	BodyTextNamedParams   []NamedExample `json:"body_text_named_params,omitempty"`
}

// NamedExample is the sample value of a named variable.
type NamedExample struct {
	ParamName string `json:"param_name"`
	Example   string `json:"example"`
}

// Button is one button of a definition.
type Button struct {
	Type        string `json:"type"`
	Text        string `json:"text,omitempty"`
	URL         string `json:"url,omitempty"`
	PhoneNumber string `json:"phone_number,omitempty"`
	// Example is the URL's variable, or the code of a copy-code button.
	Example Strings `json:"example,omitempty"`
	// OTPType is set on one-time password buttons.
	OTPType      string `json:"otp_type,omitempty"`
	AutofillText string `json:"autofill_text,omitempty"`
	// SupportedApps, FlowID and the like are passed through.
	SupportedApps        json.RawMessage `json:"supported_apps,omitempty"`
	ZeroTapTermsAccepted *bool           `json:"zero_tap_terms_accepted,omitempty"`
	// FlowID, FlowName and FlowJSON are three ways to say which flow a button opens.
	FlowID         string `json:"flow_id,omitempty"`
	FlowName       string `json:"flow_name,omitempty"`
	FlowJSON       string `json:"flow_json,omitempty"`
	FlowAction     string `json:"flow_action,omitempty"`
	NavigateScreen string `json:"navigate_screen,omitempty"`
	Icon           string `json:"icon,omitempty"`
	// Extra are further members, by name. They stand beside the others on the wire.
	Extra map[string]json.RawMessage `json:"-"`
}

// Strings is a list that Meta also writes as a single string.
type Strings []string

// UnmarshalJSON reads a list of strings or one string.
func (s *Strings) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'"'}) {
		var one string
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		*s = Strings{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(s))
}

// component returns the first component of the type, or an empty one.
func (d Definition) component(kind string) Component {
	for _, c := range d.Components {
		if c.Type == kind {
			return c
		}
	}
	return Component{}
}
