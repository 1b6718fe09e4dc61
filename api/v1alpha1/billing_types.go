package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BudgetAction is what happens when a budget is spent.
// +kubebuilder:validation:Enum=Block;Warn
type BudgetAction string

const (
	// BudgetBlock refuses a message that could cost more than is left.
	BudgetBlock BudgetAction = "Block"
	// BudgetWarn lets it through and says so.
	BudgetWarn BudgetAction = "Warn"
)

// Budget is the most that may be spent in a month.
type Budget struct {
	// limit is the most that the account may spend in a calendar month of its time zone. Its
	// currency must be the plan's.
	// +required
	// +kubebuilder:validation:XValidation:rule="!self.amount.startsWith('-')",message="limit.amount must not be negative"
	Limit Money `json:"limit,omitzero"`

	// action is what happens to a message that could cost more than is left: 'Block' refuses it
	// with error 131042, 'Warn' lets it through. Messages that are surely free are never refused.
	// +optional
	// +kubebuilder:default=Block
	Action BudgetAction `json:"action,omitempty"`

	// warnAtPercent are the levels at which the condition WithinBudget and an event warn, once each
	// in a period.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=100
	WarnAtPercent []int32 `json:"warnAtPercent,omitempty"`
}

// Limits are the messaging limits that the upstream grants.
type Limits struct {
	// messagesPerSecond is the most that each channel may send in a second. It defaults to 80, the
	// Cloud API's own limit for a number that was not upgraded. A page or an Instagram account
	// never sends more than 40, above which Meta may stop it.
	// +optional
	// +kubebuilder:default=80
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MessagesPerSecond int32 `json:"messagesPerSecond,omitempty"`

	// customersPerDay is the most different customers that the account may write to outside a
	// service window in any 24 hours. Without it the gateway does not count.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000
	CustomersPerDay int32 `json:"customersPerDay,omitempty"`
}

// InternationalAuthenticationStatus is what the upstream says of an account's eligibility for the
// international authentication rate.
type InternationalAuthenticationStatus struct {
	// startTime is the instant from which the rate applies, as the upstream announced it.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`

	// businessCountry is the ISO 3166 code of the country of the business's primary location;
	// messages to it keep the usual rate.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=2
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z]{2}$')",message="must be a country code of ISO 3166-1, like 'FR'"
	BusinessCountry string `json:"businessCountry,omitempty"`

	// exceptions are countries whose start time differs from startTime.
	// +optional
	// +listType=map
	// +listMapKey=country
	// +kubebuilder:validation:MaxItems=64
	Exceptions []InternationalAuthenticationException `json:"exceptions,omitempty"`
}

// InternationalAuthenticationException is one country with a start time of its own.
type InternationalAuthenticationException struct {
	// country is the ISO 3166 code of the country.
	// +required
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=2
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z]{2}$')",message="must be a country code of ISO 3166-1, like 'FR'"
	Country string `json:"country,omitempty"`

	// startTime is the instant from which the rate applies in that country.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`
}
