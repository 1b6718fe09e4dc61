package v1alpha1

// WebhookRegistration is who registers an account's webhook URL with the upstream.
// +kubebuilder:validation:Enum=Manual;Register
type WebhookRegistration string

const (
	// RegistrationManual leaves it to people.
	RegistrationManual WebhookRegistration = "Manual"
	// RegistrationRegister has the operator do it.
	RegistrationRegister WebhookRegistration = "Register"
)

// Webhooks says how the upstream learns where the gateway takes webhooks.
type Webhooks struct {
	// registration is 'Manual' (status.gateway.webhookURL is entered by hand at Meta) or
	// 'Register': the operator sets it as the callback override of the WhatsApp Business account,
	// for the app of the access token and with the verify token of the account's first WhatsApp
	// channel, once the gateway is available. It is set again when the URL or one of these changes,
	// and removed with the account. The condition WebhookRegistered says how that stands. Meta
	// sends template and account webhooks to the app's own callback all the same. Of several
	// accounts with one WhatsApp Business account only one may ask for 'Register'. Going back to
	// 'Manual' leaves the override as it is.
	//
	// A page or an Instagram account has no override: with 'Register', the operator subscribes the
	// app of its access token to the fields that the gateway needs (PageSubscribed), and the app's
	// own callback at Meta must be status.gateway.webhookURL. Fields that the app has beside them
	// stay, and so does the subscription when the account is deleted.
	// +optional
	// +kubebuilder:default=Manual
	Registration WebhookRegistration `json:"registration,omitempty"`
}
