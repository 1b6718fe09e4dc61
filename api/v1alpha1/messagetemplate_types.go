package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TemplateCategory is the category under which a template is reviewed and billed.
// +kubebuilder:validation:Enum=Marketing;Utility;Authentication
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

// DeletionPolicy is what becomes of the upstream's copy of a deleted object.
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

const (
	// DeletionRetain leaves the upstream's copy alone.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionDelete deletes it as well.
	DeletionDelete DeletionPolicy = "Delete"
)

// MessageTemplateSpec is a message that the upstream approves once and that may then be sent to
// people at any time.
//
// +kubebuilder:validation:XValidation:rule="self.category == 'Authentication' || !has(self.body.codeExpirationMinutes) && !has(self.body.securityRecommendation)",message="body.codeExpirationMinutes and body.securityRecommendation may be set with category 'Authentication' only"
// +kubebuilder:validation:XValidation:rule="self.category != 'Authentication' || !has(self.footer)",message="footer must not be set with category 'Authentication': the upstream writes it"
// +kubebuilder:validation:XValidation:rule="self.parameterFormat == 'Named' || !has(self.body.examples) || self.body.examples.all(e, !has(e.name))",message="the examples of body may have a name with parameterFormat 'Named' only"
// +kubebuilder:validation:XValidation:rule="self.parameterFormat == 'Named' || !has(self.header) || !has(self.header.examples) || self.header.examples.all(e, !has(e.name))",message="the examples of header may have a name with parameterFormat 'Named' only"
type MessageTemplateSpec struct {
	// accountName is the name of the BusinessAccount, in the same namespace, that the template
	// belongs to.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of a BusinessAccount: lower-case letters, digits and '-', beginning with a letter"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="accountName is immutable: make another MessageTemplate for another account"
	AccountName string `json:"accountName,omitempty"`

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

	// category is what the template is for: 'Utility', 'Marketing' or 'Authentication'. The
	// upstream may put it under another, which costs differently: see the condition
	// CategoryMatches.
	// +required
	Category TemplateCategory `json:"category,omitempty"`

	// parameterFormat is 'Positional' ({{1}}, {{2}}) or 'Named' ({{first_name}}).
	// +optional
	// +kubebuilder:default=Positional
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="parameterFormat is immutable"
	ParameterFormat ParameterFormat `json:"parameterFormat,omitempty"`

	// header is the line above the body.
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
	// +kubebuilder:validation:MaxItems=10
	Buttons []TemplateButton `json:"buttons,omitempty"`

	// sendTTLSeconds is how long the upstream tries to deliver a message of this template. It
	// defaults to the upstream's own: 10 minutes for authentication, 30 days for the others.
	// +optional
	// +kubebuilder:validation:Minimum=30
	// +kubebuilder:validation:Maximum=2592000
	SendTTLSeconds int32 `json:"sendTTLSeconds,omitempty"`

	// deletionPolicy is what becomes of the upstream's copy when this object is deleted: 'Retain'
	// leaves it, 'Delete' deletes it too. The upstream does not let the name of a deleted template
	// be used again for 30 days.
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// HeaderFormat is the kind of a header.
// +kubebuilder:validation:Enum=Text;Image;Video;Document;Location
type HeaderFormat string

const (
	// HeaderText is a line of text.
	HeaderText HeaderFormat = "Text"
	// HeaderImage is a picture that each message brings.
	HeaderImage HeaderFormat = "Image"
	// HeaderVideo is a video that each message brings.
	HeaderVideo HeaderFormat = "Video"
	// HeaderDocument is a document that each message brings.
	HeaderDocument HeaderFormat = "Document"
	// HeaderLocation is a place that each message brings.
	HeaderLocation HeaderFormat = "Location"
)

// TemplateHeader is the line, picture, video, document or place above the body.
//
// +kubebuilder:validation:XValidation:rule="self.format == 'Text' ? has(self.text) : !has(self.text)",message="text must be set with format 'Text', and only then"
// +kubebuilder:validation:XValidation:rule="self.format in ['Image', 'Video', 'Document'] ? has(self.exampleHandle) : !has(self.exampleHandle)",message="exampleHandle must be set with format 'Image', 'Video' or 'Document', and only then"
// +kubebuilder:validation:XValidation:rule="self.format == 'Text' || !has(self.examples)",message="examples may be set with format 'Text' only"
type TemplateHeader struct {
	// format is 'Text', 'Image', 'Video', 'Document' or 'Location'.
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

// ButtonType is the kind of a button.
// +kubebuilder:validation:Enum=QuickReply;URL;PhoneNumber;CopyCode;OneTap;ZeroTap
type ButtonType string

const (
	// ButtonQuickReply sends its text back.
	ButtonQuickReply ButtonType = "QuickReply"
	// ButtonURL opens a page.
	ButtonURL ButtonType = "URL"
	// ButtonPhoneNumber calls a number.
	ButtonPhoneNumber ButtonType = "PhoneNumber"
	// ButtonCopyCode copies a code.
	ButtonCopyCode ButtonType = "CopyCode"
	// ButtonOneTap fills a code into the business's own app.
	ButtonOneTap ButtonType = "OneTap"
	// ButtonZeroTap hands a code to the business's own app without a tap.
	ButtonZeroTap ButtonType = "ZeroTap"
)

// TemplateButton is something to tap.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'URL' ? has(self.url) : !has(self.url)",message="url must be set with type 'URL', and only then"
// +kubebuilder:validation:XValidation:rule="self.type == 'PhoneNumber' ? has(self.phoneNumber) : !has(self.phoneNumber)",message="phoneNumber must be set with type 'PhoneNumber', and only then"
// +kubebuilder:validation:XValidation:rule="self.type in ['QuickReply', 'URL', 'PhoneNumber'] ? has(self.text) : true",message="text must be set with type 'QuickReply', 'URL' or 'PhoneNumber'"
// +kubebuilder:validation:XValidation:rule="self.type in ['OneTap', 'ZeroTap'] ? has(self.packageName) && has(self.signatureHash) : !has(self.packageName) && !has(self.signatureHash)",message="packageName and signatureHash must be set with type 'OneTap' or 'ZeroTap', and only then"
// +kubebuilder:validation:XValidation:rule="self.type in ['URL', 'CopyCode'] || !has(self.example)",message="example may be set with type 'URL' or 'CopyCode' only"
type TemplateButton struct {
	// type is 'QuickReply', 'URL', 'PhoneNumber', 'CopyCode', or, for authentication, 'OneTap' or
	// 'ZeroTap'. Who asks for 'ZeroTap' accepts WhatsApp's terms for it.
	// +required
	Type ButtonType `json:"type,omitempty"`

	// text is what stands on the button, at most 25 characters.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=25
	Text string `json:"text,omitempty"`

	// url is the page that the button opens. It may end in one variable.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2000
	// +kubebuilder:validation:XValidation:rule="self.startsWith('https://') || self.startsWith('http://')",message="url must start with 'https://' or 'http://'"
	URL string `json:"url,omitempty"`

	// phoneNumber is the number that the button calls, at most 20 characters.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:XValidation:rule="self.matches('^[+]?[0-9][-0-9 ().]*$')",message="must be a phone number with its country code, like '+33170180000'"
	PhoneNumber string `json:"phoneNumber,omitempty"`

	// example is a sample of the url's variable, or of the code.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2000
	Example string `json:"example,omitempty"`

	// packageName is the Android package of the business's app, for 'OneTap' and 'ZeroTap'.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=224
	PackageName string `json:"packageName,omitempty"`

	// signatureHash is the signing hash of the app, for 'OneTap' and 'ZeroTap'.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	SignatureHash string `json:"signatureHash,omitempty"`
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
