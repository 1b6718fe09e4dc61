package v1alpha1

// ButtonType is the kind of a button: one of the constants, or the upstream's own word in capitals.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:XValidation:rule="self in ['QuickReply', 'PhoneNumber', 'CopyCode', 'OneTap', 'ZeroTap', 'Flow', 'Catalog', 'OrderDetails', 'VoiceCall'] || self.matches('^[A-Z][A-Z0-9_]+$')",message="must be 'QuickReply', 'URL', 'PhoneNumber', 'CopyCode', 'OneTap', 'ZeroTap', 'Flow', 'Catalog', 'MPM', 'SPM', 'OrderDetails' or 'VoiceCall', or the upstream's own word for another type, in capitals"
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
	// ButtonFlow opens a flow.
	ButtonFlow ButtonType = "Flow"
	// ButtonCatalog opens the catalogue.
	ButtonCatalog ButtonType = "Catalog"
	// ButtonMPM shows several products (multi-product message).
	ButtonMPM ButtonType = "MPM"
	// ButtonSPM shows a product (single-product message).
	ButtonSPM ButtonType = "SPM"
	// ButtonOrderDetails lets the customer review an order and pay.
	ButtonOrderDetails ButtonType = "OrderDetails"
	// ButtonVoiceCall calls the business over WhatsApp.
	ButtonVoiceCall ButtonType = "VoiceCall"
)

// TemplateButton is something to tap.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'URL' ? has(self.url) : !has(self.url)",message="url must be set with type 'URL', and only then"
// +kubebuilder:validation:XValidation:rule="self.type == 'PhoneNumber' ? has(self.phoneNumber) : !has(self.phoneNumber)",message="phoneNumber must be set with type 'PhoneNumber', and only then"
// +kubebuilder:validation:XValidation:rule="self.type == 'Flow' ? has(self.flow) : !has(self.flow)",message="flow must be set with type 'Flow', and only then"
// +kubebuilder:validation:XValidation:rule="!(self.type in ['QuickReply', 'URL', 'PhoneNumber', 'Flow', 'Catalog', 'MPM', 'SPM', 'OrderDetails', 'VoiceCall']) || has(self.text)",message="text must be set with type 'QuickReply', 'URL', 'PhoneNumber', 'Flow', 'Catalog', 'MPM', 'SPM', 'OrderDetails' or 'VoiceCall'"
// +kubebuilder:validation:XValidation:rule="self.type in ['OneTap', 'ZeroTap'] ? has(self.supportedApps) : !has(self.supportedApps) && !has(self.autofillText)",message="supportedApps must be set with type 'OneTap' or 'ZeroTap', and only then; so may autofillText"
// +kubebuilder:validation:XValidation:rule="self.type in ['URL', 'CopyCode'] || !has(self.example)",message="example may be set with type 'URL' or 'CopyCode' only"
type TemplateButton struct {
	// type is 'QuickReply', 'URL', 'PhoneNumber', 'CopyCode', 'Flow', 'Catalog', 'MPM' (several
	// products), 'SPM' (one product), 'OrderDetails' or 'VoiceCall', or, for authentication,
	// 'CopyCode', 'OneTap' or 'ZeroTap'. Another type is the upstream's own word, in capitals. Who
	// asks for 'ZeroTap' accepts WhatsApp's terms for it.
	// +required
	Type ButtonType `json:"type,omitempty"`

	// text is what stands on the button, at most 25 characters. The upstream has a text of its own
	// for 'CopyCode', 'OneTap' and 'ZeroTap'; that of 'Catalog', 'MPM' and 'SPM' is as a rule "View
	// catalog", "View items" and "View".
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

	// supportedApps are the business's own Android apps that may receive the code, for 'OneTap' and
	// 'ZeroTap'.
	// +optional
	// +listType=map
	// +listMapKey=packageName
	// +listMapKey=signatureHash
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	SupportedApps []SupportedApp `json:"supportedApps,omitempty"`

	// autofillText is what stands on the button while an app can receive the code, at most 25
	// characters. The upstream has a text of its own.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=25
	AutofillText string `json:"autofillText,omitempty"`

	// flow is the flow that the button opens, for 'Flow'.
	// +optional
	Flow *TemplateFlow `json:"flow,omitempty"`

	// upstreamFields are further members of the button, as the upstream names them. They are
	// submitted as they are written.
	// +optional
	UpstreamFields *UpstreamFields `json:"upstreamFields,omitempty"`
}

// SupportedApp is an Android app that may receive one-time codes.
type SupportedApp struct {
	// packageName is the app's package, such as "com.example.app".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=224
	PackageName string `json:"packageName,omitempty"`

	// signatureHash is the hash of the key that signs the app.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	SignatureHash string `json:"signatureHash,omitempty"`
}

// FlowAction is what a button does when it opens a flow: one of the constants, or the upstream's
// own word in small letters.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:XValidation:rule="self in ['Navigate', 'DataExchange'] || self.matches('^[a-z][a-z0-9_]*$')",message="must be 'Navigate' or 'DataExchange', or the upstream's own word for another action, in small letters"
type FlowAction string

const (
	// FlowNavigate opens a screen that the template or the message names.
	FlowNavigate FlowAction = "Navigate"
	// FlowDataExchange asks the flow's endpoint for the first screen.
	FlowDataExchange FlowAction = "DataExchange"
)

// TemplateFlow is the flow that a button opens.
//
// +kubebuilder:validation:XValidation:rule="(has(self.id) ? 1 : 0) + (has(self.name) ? 1 : 0) + (has(self.json) ? 1 : 0) == 1",message="exactly one of id, name and json must be set"
// +kubebuilder:validation:XValidation:rule="!has(self.navigateScreen) || !has(self.action) || self.action == 'Navigate'",message="navigateScreen may be set with action 'Navigate' only"
type TemplateFlow struct {
	// id is the id of a published flow.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id,omitempty"`

	// name is the name of a published flow. The upstream keeps the flow's id: that the flow is
	// renamed later changes nothing.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Name string `json:"name,omitempty"`

	// json is the flow itself, as the JSON that the upstream's editor shows.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=65536
	JSON string `json:"json,omitempty"`

	// action is 'Navigate' (the upstream's default) or 'DataExchange'.
	// +optional
	Action FlowAction `json:"action,omitempty"`

	// navigateScreen is the id of the first screen, for 'Navigate'. It defaults to the flow's
	// first.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	NavigateScreen string `json:"navigateScreen,omitempty"`

	// icon is the upstream's own word for the button's picture, such as "DOCUMENT", "PROMOTION" or
	// "REVIEW".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Z0-9_]*$')",message="must be the upstream's own word, in capitals"
	Icon string `json:"icon,omitempty"`
}
