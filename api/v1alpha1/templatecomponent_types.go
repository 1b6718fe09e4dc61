package v1alpha1

// HeaderFormat is the kind of a header: one of the constants, or the upstream's own word in
// capitals.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:XValidation:rule="self in ['Text', 'Image', 'Video', 'Document', 'Location', 'Product'] || self.matches('^[A-Z][A-Z0-9_]+$')",message="must be 'Text', 'Image', 'Video', 'GIF', 'Document', 'Location' or 'Product', or the upstream's own word for another format, in capitals"
type HeaderFormat string

const (
	// HeaderText is a line of text.
	HeaderText HeaderFormat = "Text"
	// HeaderImage is a picture that each message brings.
	HeaderImage HeaderFormat = "Image"
	// HeaderVideo is a video that each message brings.
	HeaderVideo HeaderFormat = "Video"
	// HeaderGIF is a moving picture that each message brings, for marketing.
	HeaderGIF HeaderFormat = "GIF"
	// HeaderDocument is a document that each message brings.
	HeaderDocument HeaderFormat = "Document"
	// HeaderLocation is a place that each message brings.
	HeaderLocation HeaderFormat = "Location"
	// HeaderProduct is a product of the catalogue that each message names.
	HeaderProduct HeaderFormat = "Product"
)

// TemplateHeader is the line, picture, video, document, place or product above the body.
//
// +kubebuilder:validation:XValidation:rule="self.format == 'Text' ? has(self.text) : !has(self.text)",message="text must be set with format 'Text', and only then"
// +kubebuilder:validation:XValidation:rule="self.format in ['Image', 'Video', 'GIF', 'Document'] ? has(self.exampleHandle) : !(self.format in ['Text', 'Location', 'Product']) || !has(self.exampleHandle)",message="exampleHandle must be set with format 'Image', 'Video', 'GIF' or 'Document', and must not be with 'Text', 'Location' or 'Product'"
// +kubebuilder:validation:XValidation:rule="self.format == 'Text' || !has(self.examples)",message="examples may be set with format 'Text' only"
type TemplateHeader struct {
	// format is 'Text', 'Image', 'Video', 'GIF', 'Document', 'Location' or 'Product', or the
	// upstream's own word for another format, in capitals.
	// +optional
	// +kubebuilder:default=Text
	Format HeaderFormat `json:"format,omitempty"`

	// text is the line, at most 60 characters with at most one variable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=60
	Text string `json:"text,omitempty"`

	// examples are sample values of the text's variable; the reviewer sees them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1
	Examples []TemplateExample `json:"examples,omitempty"`

	// exampleHandle is the handle of a sample file that was uploaded with the Resumable Upload API.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	ExampleHandle string `json:"exampleHandle,omitempty"`
}

// TemplateBody is the template's text.
type TemplateBody struct {
	// text is the body, at most 1024 characters. Its variables are {{1}}, {{2}} … or {{name}}, by
	// parameterFormat. For category 'Authentication' the upstream writes the text itself, and this
	// one is only what people read here.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Text string `json:"text,omitempty"`

	// examples are sample values, one for each variable in the order of the text; the reviewer sees
	// them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Examples []TemplateExample `json:"examples,omitempty"`

	// codeExpirationMinutes says in an authentication message how long its code is valid, 1 to 90.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=90
	CodeExpirationMinutes int32 `json:"codeExpirationMinutes,omitempty"`

	// securityRecommendation is 'Shown' if an authentication message tells the customer not to
	// share the code.
	// +optional
	SecurityRecommendation SecurityRecommendation `json:"securityRecommendation,omitempty"`
}

// SecurityRecommendation is whether an authentication message warns against sharing its code.
// +kubebuilder:validation:Enum=Shown;Hidden
type SecurityRecommendation string

const (
	// SecurityRecommendationShown shows the warning.
	SecurityRecommendationShown SecurityRecommendation = "Shown"
	// SecurityRecommendationHidden hides it.
	SecurityRecommendationHidden SecurityRecommendation = "Hidden"
)

// TemplateExample is a sample value of a variable.
type TemplateExample struct {
	// name is the variable's name, for parameterFormat 'Named'.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Name string `json:"name,omitempty"`

	// value is the sample.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Value string `json:"value,omitempty"`
}

// OfferExpiration is whether a message shows when its offer ends.
// +kubebuilder:validation:Enum=Shown;Hidden
type OfferExpiration string

const (
	// OfferExpirationShown shows it: each message brings the instant.
	OfferExpirationShown OfferExpiration = "Shown"
	// OfferExpirationHidden does not.
	OfferExpirationHidden OfferExpiration = "Hidden"
)

// LimitedTimeOffer is an offer that ends.
type LimitedTimeOffer struct {
	// text says what is offered, at most 16 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16
	Text string `json:"text,omitempty"`

	// expiration is 'Shown' if each message shows when the offer ends, and 'Hidden' if none does.
	// +optional
	// +kubebuilder:default=Hidden
	Expiration OfferExpiration `json:"expiration,omitempty"`
}

// TemplateCarousel are cards side by side. All cards of a carousel have the same components: the
// same kind of header, a body or none, and buttons of the same types in the same order.
type TemplateCarousel struct {
	// cards are the cards, at most 10. Of a carousel of products two are enough: each message
	// brings as many as it wants.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	Cards []TemplateCard `json:"cards,omitempty"`
}

// TemplateCard is a card of a carousel.
type TemplateCard struct {
	// header is the card's picture ('Image'), video ('Video') or product ('Product').
	// +required
	Header TemplateHeader `json:"header,omitzero"`

	// body is the card's text.
	// +optional
	Body *TemplateCardBody `json:"body,omitempty"`

	// buttons are what the customer can tap on the card, one or two.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	Buttons []TemplateButton `json:"buttons,omitempty"`
}

// TemplateCardBody is the text of a card.
type TemplateCardBody struct {
	// text is the card's text, at most 160 characters. Its variables are those of the card alone.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=160
	Text string `json:"text,omitempty"`

	// examples are sample values, one for each variable in the order of the text.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Examples []TemplateExample `json:"examples,omitempty"`
}

// OtherComponent is a component that this API has no field for.
type OtherComponent struct {
	// type is the upstream's own word for the component, in capitals.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Z0-9_]*$')",message="must be the upstream's own word, in capitals"
	// +kubebuilder:validation:XValidation:rule="!(self in ['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'LIMITED_TIME_OFFER', 'CAROUSEL', 'CALL_PERMISSION_REQUEST'])",message="must not be a component that has a field of its own"
	Type string `json:"type,omitempty"`

	// upstreamFields are the members of the component beside its type, as the upstream names them.
	// +optional
	UpstreamFields *UpstreamFields `json:"upstreamFields,omitempty"`
}
