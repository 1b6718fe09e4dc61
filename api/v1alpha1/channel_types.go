package v1alpha1

// ChannelType is the network of a channel.
// +kubebuilder:validation:Enum=WhatsApp;Messenger;Instagram
type ChannelType string

const (
	// ChannelWhatsApp is a phone number on the WhatsApp Business Platform.
	ChannelWhatsApp ChannelType = "WhatsApp"
	// ChannelMessenger is a page on the Messenger Platform.
	ChannelMessenger ChannelType = "Messenger"
	// ChannelInstagram is a professional account on Instagram.
	ChannelInstagram ChannelType = "Instagram"
)

// Channel is one phone number, page or Instagram account.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'WhatsApp' ? has(self.phoneNumberID) && !has(self.pageID) && !has(self.instagramID) : true",message="a channel of type 'WhatsApp' must have phoneNumberID, and neither pageID nor instagramID"
// +kubebuilder:validation:XValidation:rule="self.type == 'Messenger' ? has(self.pageID) && !has(self.phoneNumberID) && !has(self.instagramID) : true",message="a channel of type 'Messenger' must have pageID, and neither phoneNumberID nor instagramID"
// +kubebuilder:validation:XValidation:rule="self.type == 'Instagram' ? has(self.instagramID) && !has(self.phoneNumberID) && !has(self.pageID) : true",message="a channel of type 'Instagram' must have instagramID, and neither phoneNumberID nor pageID"
// +kubebuilder:validation:XValidation:rule="!has(self.profile) || self.type == 'Messenger'",message="profile may be set on a channel of type 'Messenger' only"
// +kubebuilder:validation:XValidation:rule="!has(self.adAccountID) || self.type == 'Messenger'",message="only a channel of type 'Messenger' may have adAccountID: other networks have no paid marketing messages"
type Channel struct {
	// name is the channel's name within the account.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be lower-case letters, digits and '-', and begin and end with a letter or a digit"
	Name string `json:"name,omitempty"`

	// type is the network: 'WhatsApp', 'Messenger' or 'Instagram'.
	// +optional
	// +kubebuilder:default=WhatsApp
	Type ChannelType `json:"type,omitempty"`

	// phoneNumberID is the Graph API's id of the WhatsApp phone number; it is not the number
	// itself.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]+$')",message="must be digits only: it is the id that the Graph API gives"
	PhoneNumberID string `json:"phoneNumberID,omitempty"`

	// pageID is the Graph API's id of the page, for a channel of type 'Messenger'.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]+$')",message="must be digits only: it is the id that the Graph API gives"
	PageID string `json:"pageID,omitempty"`

	// instagramID is the Graph API's id of the professional account, for a channel of type
	// 'Instagram'.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]+$')",message="must be digits only: it is the id that the Graph API gives"
	InstagramID string `json:"instagramID,omitempty"`

	// adAccountID is the Graph API's id, without 'act_', of the ad account that pays Meta for the
	// marketing messages of a page, for a channel of type 'Messenger'. Campaigns of this ad account
	// only can be created and used through the gateway, with the channel's access token. Without it
	// the page sends no marketing messages.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]+$')",message="must be digits only: it is the id that the Graph API gives, without 'act_'"
	AdAccountID string `json:"adAccountID,omitempty"`

	// planName is the name of the PricingPlan by which the channel's messages are priced. It
	// defaults to the account's. It must allow the account's namespace and be in the currency of
	// the account's plan; otherwise the channel accepts nothing that may cost something, and
	// PlanResolved says why. The budget is the account's: it counts all channels, and the account's
	// plan bounds it. Exemptions apply as far as this plan grants them.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	PlanName string `json:"planName,omitempty"`

	// baseURL is the Graph API that the channel talks to. It defaults to Meta's,
	// https://graph.facebook.com; a simulator's address goes here to try Guichet without an account
	// at Meta.
	// +optional
	// +kubebuilder:default="https://graph.facebook.com"
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (self.startsWith('https://') || self.startsWith('http://'))",message="baseURL must be an absolute URL that starts with 'https://' or 'http://'"
	// +kubebuilder:validation:XValidation:rule="!isURL(self) || url(self).getHostname() != '' && !self.matches('^[^/]*//[^/?#]*@|[?#]')",message="baseURL must name a host, and must not have a user, a query or a fragment"
	BaseURL string `json:"baseURL,omitempty"`

	// apiVersion is the Graph API version that the gateway and the operator speak to the upstream.
	// +optional
	// +kubebuilder:default="v26.0"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:XValidation:rule="self.matches('^v[1-9][0-9]?[.][0-9]$')",message="must be a version of the Graph API, like 'v26.0'"
	APIVersion string `json:"apiVersion,omitempty"`

	// credentialsSecretName is the name of a Secret in the account's namespace with the keys
	// 'accessToken' (a system user's token), 'appSecret' (it signs the webhooks; a second one may
	// stand in 'appSecretPrevious' while it is rotated) and 'verifyToken' (for the webhook's
	// handshake). White space around a value is ignored.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	CredentialsSecretName string `json:"credentialsSecretName,omitempty"`

	// profile is what people see of a page before they write, and its menu: for a channel of type
	// 'Messenger'. While it is set, the operator keeps these four parts of the page's profile as it
	// says, and removes those that it does not name; the condition ProfileApplied says how that
	// stands. Without it, the page's profile is left to people and to the business's client, and
	// removing it here leaves at Meta what is there.
	// +optional
	Profile *PageProfile `json:"profile,omitempty"`
}

// Identity is what the network calls the channel.
func (c *Channel) Identity() ChannelIdentity {
	switch c.Type {
	case ChannelMessenger:
		return ChannelIdentity{Type: ChannelMessenger, ID: c.PageID}
	case ChannelInstagram:
		return ChannelIdentity{Type: ChannelInstagram, ID: c.InstagramID}
	}
	return ChannelIdentity{Type: ChannelWhatsApp, ID: c.PhoneNumberID}
}

// Keys of a channel's credentials Secret and of a callback's Secret.
const (
	// SecretKeyAccessToken holds the token that the upstream accepts.
	SecretKeyAccessToken = "accessToken"
	// SecretKeyAppSecret holds the secret that signs the upstream's webhooks.
	SecretKeyAppSecret = "appSecret"
	// SecretKeyAppSecretPrevious holds the secret before the last rotation; optional.
	SecretKeyAppSecretPrevious = "appSecretPrevious"
	// SecretKeyVerifyToken holds the token of the webhook's handshake.
	SecretKeyVerifyToken = "verifyToken"
	// SecretKeyCallback holds the secret that signs what is delivered to the business.
	SecretKeyCallback = "secret"
)

// Callback is the business's own webhook endpoint.
// +kubebuilder:validation:XValidation:rule="!has(self.clientCertificateSecretName) || self.url.startsWith('https://')",message="clientCertificateSecretName needs a url that starts with 'https://'"
type Callback struct {
	// url is where the gateway posts webhooks, in Meta's format.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (self.startsWith('https://') || self.startsWith('http://'))",message="url must be an absolute URL that starts with 'https://' or 'http://'"
	// +kubebuilder:validation:XValidation:rule="!isURL(self) || url(self).getHostname() != '' && !self.matches('^[^/]*//[^/?#]*@')",message="url must name a host, and must not have a user or a password"
	URL string `json:"url,omitempty"`

	// secretName is the name of a Secret with the key 'secret': the gateway signs each delivery
	// with it, in the header X-Hub-Signature-256, as Meta does.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	SecretName string `json:"secretName,omitempty"`

	// clientCertificateSecretName is the name of a Secret of type kubernetes.io/tls. The gateway
	// shows its certificate to an endpoint that demands one. A renewed certificate is used without
	// a restart; while there is none, callbacks wait. The endpoint's own certificate must be of a
	// public authority; a key 'ca.crt' is not read.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	ClientCertificateSecretName string `json:"clientCertificateSecretName,omitempty"`
}
