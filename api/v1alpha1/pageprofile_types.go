package v1alpha1

// PageProfile is what people see of a page in Messenger before they write, and the menu beside the
// text box. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/messenger-profile-api
//
// +kubebuilder:validation:XValidation:rule="!has(self.menus) || has(self.getStartedPayload)",message="menus need getStartedPayload: Meta shows no menu without the button"
type PageProfile struct {
	// getStartedPayload shows the button "Get started" to whoever opens the thread for the first
	// time. A tap on it comes as a postback with this payload.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1000
	GetStartedPayload string `json:"getStartedPayload,omitempty"`

	// greetings are the text above the button, by locale. One has the locale 'default'.
	// +optional
	// +listType=map
	// +listMapKey=locale
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.exists(g, g.locale == 'default')",message="one of greetings must have the locale 'default'"
	Greetings []PageGreeting `json:"greetings,omitempty"`

	// iceBreakers are questions that people can tap in place of the button, by locale. One has the
	// locale 'default'. Where they are set, Meta shows them and not the button.
	// +optional
	// +listType=map
	// +listMapKey=locale
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.exists(i, i.locale == 'default')",message="one of iceBreakers must have the locale 'default'"
	IceBreakers []PageIceBreakers `json:"iceBreakers,omitempty"`

	// menus are the persistent menu, by locale. One has the locale 'default'.
	// +optional
	// +listType=map
	// +listMapKey=locale
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.exists(m, m.locale == 'default')",message="one of menus must have the locale 'default'"
	Menus []PageMenu `json:"menus,omitempty"`
}

// PageLocale is 'default' or a locale of Meta's, such as 'fr_FR'.
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=16
// +kubebuilder:validation:XValidation:rule="self == 'default' || self.matches('^[a-z]{2,3}_[A-Z]{2}$')",message="must be 'default' or a locale of Meta's, such as 'fr_FR'"
type PageLocale string

// PageGreeting is a greeting in one language.
type PageGreeting struct {
	// locale is the language.
	// +required
	Locale PageLocale `json:"locale,omitempty"`

	// text greets; {{user_first_name}}, {{user_last_name}} and {{user_full_name}} stand for the
	// person's names.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=160
	Text string `json:"text,omitempty"`
}

// PageIceBreakers are questions in one language.
type PageIceBreakers struct {
	// locale is the language.
	// +required
	Locale PageLocale `json:"locale,omitempty"`

	// questions are what people can tap.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	Questions []PageQuestion `json:"questions,omitempty"`
}

// PageQuestion is one question.
type PageQuestion struct {
	// text is what people read.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=80
	Text string `json:"text,omitempty"`

	// payload comes with the postback of a tap.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1000
	Payload string `json:"payload,omitempty"`
}

// PageTextInput is whether people can write beside the menu.
// +kubebuilder:validation:Enum=Enabled;Disabled
type PageTextInput string

const (
	// PageTextInputEnabled lets them write.
	PageTextInputEnabled PageTextInput = "Enabled"
	// PageTextInputDisabled leaves them the menu and buttons.
	PageTextInputDisabled PageTextInput = "Disabled"
)

// PageMenu is the menu in one language.
type PageMenu struct {
	// locale is the language.
	// +required
	Locale PageLocale `json:"locale,omitempty"`

	// textInput is 'Enabled', or 'Disabled' if people can only tap.
	// +optional
	// +kubebuilder:default=Enabled
	TextInput PageTextInput `json:"textInput,omitempty"`

	// items are the lines of the menu.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	Items []PageMenuItem `json:"items,omitempty"`
}

// PageMenuItem is a line of the menu: it sends a postback, or opens a page of the web.
//
// +kubebuilder:validation:XValidation:rule="has(self.payload) != has(self.url)",message="an item must have either payload or url"
type PageMenuItem struct {
	// title is what people read.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=30
	Title string `json:"title,omitempty"`

	// payload comes with the postback of a tap.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1000
	Payload string `json:"payload,omitempty"`

	// url is what a tap opens.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.startsWith('https://')",message="url must start with 'https://'"
	URL string `json:"url,omitempty"`
}
