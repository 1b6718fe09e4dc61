package v1alpha1

// Money is an exact amount in a currency.
type Money struct {
	// amount is an exact decimal number of currency units, such as "12.5" or "0.0859". It is never
	// rounded.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="self.matches('^-?(0|[1-9][0-9]*)([.][0-9]{1,12})?$')",message="must be a decimal number with at most 12 decimals, like '12.5'"
	Amount string `json:"amount,omitempty"`

	// currency is the ISO 4217 code of the amount, such as "USD".
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z]{3}$')",message="must be the three capital letters of ISO 4217, like 'USD'"
	Currency string `json:"currency,omitempty"`
}

// HumanAgentPolicy is whether people of the business may answer for longer than the service window.
// +kubebuilder:validation:Enum=Allowed;Refused
type HumanAgentPolicy string

const (
	// HumanAgentAllowed allows it, for requests that say that a person wrote the message.
	HumanAgentAllowed HumanAgentPolicy = "Allowed"
	// HumanAgentRefused refuses messages with the tag HUMAN_AGENT.
	HumanAgentRefused HumanAgentPolicy = "Refused"
)

// Promotion is whether anything promotional may be sent.
// +kubebuilder:validation:Enum=Allowed;Refused
type Promotion string

const (
	// PromotionAllowed allows it.
	PromotionAllowed Promotion = "Allowed"
	// PromotionRefused refuses messages and templates of the category marketing, and holds
	// templates that read as promotion for an approver.
	PromotionRefused Promotion = "Refused"
)
