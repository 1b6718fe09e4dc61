package v1alpha1

// Money is an exact amount in a currency.
type Money struct {
	// amount is an exact decimal number of currency units, such as "12.5" or "0.0859". It is never rounded.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^-?(0|[1-9][0-9]*)(\.[0-9]{1,12})?$`
	Amount string `json:"amount,omitempty"`

	// currency is the ISO 4217 code of the amount, such as "USD".
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	Currency string `json:"currency,omitempty"`
}
