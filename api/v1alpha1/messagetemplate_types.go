package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TemplateCategory is the category under which a template is reviewed and billed: one of the
// constants, or the upstream's own word in capitals.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:XValidation:rule="self in ['Marketing', 'Utility', 'Authentication'] || self.matches('^[A-Z][A-Z0-9_]+$')",message="must be 'Marketing', 'Utility' or 'Authentication', or the upstream's own word for another category, in capitals"
type TemplateCategory string

const (
	// TemplateMarketing is for everything that is not one of the others.
	TemplateMarketing TemplateCategory = "Marketing"
	// TemplateUtility is for what a customer asked for or needs to know; nothing promotional.
	TemplateUtility TemplateCategory = "Utility"
	// TemplateAuthentication is for one-time codes.
	TemplateAuthentication TemplateCategory = "Authentication"
)

// ParameterFormat is how a template names its variables.
// +kubebuilder:validation:Enum=Positional;Named
type ParameterFormat string

const (
	// ParameterPositional is {{1}}, {{2}} and so on.
	ParameterPositional ParameterFormat = "Positional"
	// ParameterNamed is {{first_name}}.
	ParameterNamed ParameterFormat = "Named"
)

// DeletionPolicy is what becomes of what a deleted object leaves: the upstream's copy of a
// template, or the ledger of an account.
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

const (
	// DeletionRetain leaves it alone.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionDelete deletes it as well.
	DeletionDelete DeletionPolicy = "Delete"
)

// UpstreamFields are members of an object of the Graph API that this API has no field for. They are
// submitted as they are written: what they say is neither checked nor compared with the upstream's
// copy.
// +kubebuilder:validation:Type=object
// +kubebuilder:validation:MaxProperties=32
// +kubebuilder:pruning:PreserveUnknownFields
type UpstreamFields struct {
	runtime.RawExtension `json:",inline"`
}

// MessageTemplateSpec is a message that the upstream approves once and that may then be sent to
// people at any time.
//
// +kubebuilder:validation:XValidation:rule="self.category == 'Authentication' || !has(self.body.codeExpirationMinutes) && !has(self.body.securityRecommendation)",message="body.codeExpirationMinutes and body.securityRecommendation may be set with category 'Authentication' only"
// +kubebuilder:validation:XValidation:rule="self.category != 'Authentication' || !has(self.footer)",message="footer must not be set with category 'Authentication': the upstream writes it"
// +kubebuilder:validation:XValidation:rule="self.parameterFormat == 'Named' || !has(self.body.examples) || self.body.examples.all(e, !has(e.name))",message="the examples of body may have a name with parameterFormat 'Named' only"
// +kubebuilder:validation:XValidation:rule="self.parameterFormat == 'Named' || !has(self.header) || !has(self.header.examples) || self.header.examples.all(e, !has(e.name))",message="the examples of header may have a name with parameterFormat 'Named' only"
// +kubebuilder:validation:XValidation:rule="!has(self.limitedTimeOffer) || self.category == 'Marketing' && !has(self.footer)",message="limitedTimeOffer may be set with category 'Marketing' and without a footer only"
// +kubebuilder:validation:XValidation:rule="!has(self.maxPrice) || self.category == 'Marketing'",message="maxPrice may be set with category 'Marketing' only"
// +kubebuilder:validation:XValidation:rule="!has(self.callPermission) || self.category != 'Authentication' && !has(self.buttons) && !has(self.carousel)",message="callPermission must not be set with buttons, with a carousel or with category 'Authentication'"
// +kubebuilder:validation:XValidation:rule="!has(self.carousel) || self.category != 'Authentication'",message="carousel must not be set with category 'Authentication'"
// +kubebuilder:validation:XValidation:rule="has(self.libraryTemplate) == has(oldSelf.libraryTemplate)",message="libraryTemplate is immutable: make another MessageTemplate for another copy"
// +kubebuilder:validation:XValidation:rule="!has(self.channelName) || self.category == 'Utility' && !has(self.footer) && !has(self.carousel) && !has(self.limitedTimeOffer) && !has(self.callPermission) && !has(self.maxPrice)",message="a template of a page has category 'Utility', and may have a header, a body and buttons only"
// +kubebuilder:validation:XValidation:rule="!has(self.channelName) || !has(self.buttons) || self.buttons.size() <= 3 && self.buttons.all(b, b.type in ['QuickReply', 'URL'])",message="a template of a page has at most 3 buttons, of type 'QuickReply' or 'URL'"
// +kubebuilder:validation:XValidation:rule="has(self.channelName) == has(oldSelf.channelName)",message="channelName is immutable: make another MessageTemplate for another network"
type MessageTemplateSpec struct {
	// accountName is the name of the BusinessAccount, in the same namespace, that the template
	// belongs to.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of a BusinessAccount: lower-case letters, digits and '-', beginning with a letter"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="accountName is immutable: make another MessageTemplate for another account"
	AccountName string `json:"accountName,omitempty"`

	// channelName is the name of the page, among the channels of the account, that the template
	// belongs to. Without it, the template is one of the WhatsApp Business account. Meta checks the
	// utility templates of pages by machine, within seconds: an approver of the platform decides
	// before, see the condition Reviewed. A 'QuickReply' button sends a postback.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of a channel: lower-case letters, digits and '-', beginning and ending with a letter or a digit"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="channelName is immutable: make another MessageTemplate for another page"
	ChannelName string `json:"channelName,omitempty"`

	// name is the template's name, by which messages refer to it: lower-case letters, digits and
	// underscores.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9_]+$')",message="must be lower-case letters, digits and '_' only"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="name is immutable: the upstream knows the template by its name and language"
	Name string `json:"name,omitempty"`

	// language is the template's language as the upstream spells it, such as "en_US" or "fr".
	// +required
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]{2,3}(_[A-Z]{2,3})?$')",message="must be spelled as the upstream does, like 'en_US' or 'fr'"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="language is immutable: the upstream knows the template by its name and language"
	Language string `json:"language,omitempty"`

	// category is what the template is for: 'Utility', 'Marketing' or 'Authentication', or the
	// upstream's own word for another category, in capitals. The upstream may put the template
	// under another one, which costs differently: see the condition CategoryMatches.
	// +required
	Category TemplateCategory `json:"category,omitempty"`

	// subCategory is the upstream's own word for a kind within the category, in capitals, such as
	// "ORDER_DETAILS" or "ORDER_STATUS". Most templates have none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Z0-9_]*$')",message="must be the upstream's own word, in capitals"
	SubCategory string `json:"subCategory,omitempty"`

	// parameterFormat is 'Positional' ({{1}}, {{2}}) or 'Named' ({{first_name}}).
	// +optional
	// +kubebuilder:default=Positional
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="parameterFormat is immutable"
	ParameterFormat ParameterFormat `json:"parameterFormat,omitempty"`

	// header is what stands above the body: a line of text, a picture, a video, a document, a place
	// or a product.
	// +optional
	Header *TemplateHeader `json:"header,omitempty"`

	// body is the template's text.
	// +required
	Body TemplateBody `json:"body,omitzero"`

	// footer is the small line below the body, at most 60 characters and without variables.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=60
	Footer string `json:"footer,omitempty"`

	// buttons are what the customer can tap, at most 10.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	Buttons []TemplateButton `json:"buttons,omitempty"`

	// limitedTimeOffer shows that an offer ends, for category 'Marketing'. Such a template has no
	// footer, and a body of at most 600 characters.
	// +optional
	LimitedTimeOffer *LimitedTimeOffer `json:"limitedTimeOffer,omitempty"`

	// carousel are cards side by side, below the body.
	// +optional
	Carousel *TemplateCarousel `json:"carousel,omitempty"`

	// callPermission is 'Requested' if the message asks the customer for the permission to be
	// called. Such a template has no buttons.
	// +optional
	CallPermission CallPermission `json:"callPermission,omitempty"`

	// otherComponents are components of kinds that this API has no field for. They are submitted as
	// they are written. What a message brings for one of them is the upstream's to check.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	OtherComponents []OtherComponent `json:"otherComponents,omitempty"`

	// sendTTLSeconds is how long the upstream tries to deliver a message of this template: 30 to
	// 900 for authentication, 30 to 43200 for utility, or -1 for 30 days; 43200 to 2592000 for
	// marketing. It defaults to the upstream's own: 10 minutes for authentication, 30 days for the
	// others.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	// +kubebuilder:validation:Maximum=2592000
	// +kubebuilder:validation:XValidation:rule="self == -1 || self >= 30",message="must be -1, for 30 days, or at least 30"
	SendTTLSeconds int32 `json:"sendTTLSeconds,omitempty"`

	// linkTracking says whether the upstream counts the taps on the template's links: 'OptedIn' or
	// 'OptedOut'. It defaults to the setting of the WhatsApp Business account.
	// +optional
	LinkTracking LinkTracking `json:"linkTracking,omitempty"`

	// maxPrice is the most that the business pays for deliveries of a marketing template. Messages
	// of such a template are sent through the endpoint for marketing messages only.
	// +optional
	MaxPrice *TemplateMaxPrice `json:"maxPrice,omitempty"`

	// libraryTemplate names the template of the upstream's library that this one is a copy of. The
	// copy's header, body, footer and buttons are the library's: here they say what it has, so that
	// messages can be checked, and are not submitted.
	// +optional
	LibraryTemplate *LibraryTemplate `json:"libraryTemplate,omitempty"`

	// upstreamFields are further members of the template, as the upstream names them, for example
	// degrees_of_freedom_spec. They are submitted as they are written.
	// +optional
	UpstreamFields *UpstreamFields `json:"upstreamFields,omitempty"`

	// deletionPolicy is what becomes of the upstream's copy when this object is deleted: 'Retain'
	// leaves it, 'Delete' deletes it too. The upstream does not let the name of a deleted template
	// be used again for 30 days.
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// CallPermission is whether a message asks for the permission to call.
// +kubebuilder:validation:Enum=Requested
type CallPermission string

// CallPermissionRequested asks for it.
const CallPermissionRequested CallPermission = "Requested"

// LinkTracking is whether the upstream counts taps on links.
// +kubebuilder:validation:Enum=OptedIn;OptedOut
type LinkTracking string

const (
	// LinkTrackingOptedIn counts them.
	LinkTrackingOptedIn LinkTracking = "OptedIn"
	// LinkTrackingOptedOut does not.
	LinkTrackingOptedOut LinkTracking = "OptedOut"
)

// TemplateMaxPrice is a bid for the deliveries of a marketing template. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/pricing
type TemplateMaxPrice struct {
	// bidAmount is the price of 1,000 deliveries, in the minor unit of the WhatsApp Business
	// account's currency. The upstream charges this price or a lower one.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000
	BidAmount int64 `json:"bidAmount,omitempty"`

	// bidStrategy is the upstream's own word for how it bids, in capitals.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Z0-9_]*$')",message="must be the upstream's own word, in capitals"
	BidStrategy string `json:"bidStrategy,omitempty"`
}

// LibraryTemplate is a copy of a template of the upstream's library, which needs no review. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library
type LibraryTemplate struct {
	// name is the name of the template in the library.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="libraryTemplate is immutable: make another MessageTemplate for another copy"
	Name string `json:"name,omitempty"`

	// bodyInputs fill in what the library's body leaves open, as the upstream names it, such as
	// add_contact_number.
	// +optional
	BodyInputs *UpstreamFields `json:"bodyInputs,omitempty"`

	// buttonInputs fill in what the library's buttons leave open, one for each button, as the
	// upstream names it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	ButtonInputs []UpstreamFields `json:"buttonInputs,omitempty"`
}

// MessageTemplate is a message that the upstream approves once, and that may then be sent to people
// whose service window is closed.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=mt,categories=guichet
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.spec.accountName`
// +kubebuilder:printcolumn:name="Name",type=string,JSONPath=`.spec.name`
// +kubebuilder:printcolumn:name="Language",type=string,JSONPath=`.spec.language`
// +kubebuilder:printcolumn:name="Category",type=string,JSONPath=`.status.category`,description="The category under which the upstream bills it"
// +kubebuilder:printcolumn:name="Upstream",type=string,JSONPath=`.status.upstreamStatus`
// +kubebuilder:printcolumn:name="Quality",type=string,priority=1,JSONPath=`.status.quality`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type MessageTemplate struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the message and whose it is.
	// +required
	Spec MessageTemplateSpec `json:"spec,omitzero"`

	// status is what the operator and the upstream found.
	// +optional
	Status MessageTemplateStatus `json:"status,omitzero"`
}

// MessageTemplateList is a list of MessageTemplates.
//
// +kubebuilder:object:root=true
type MessageTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MessageTemplate `json:"items"`
}
