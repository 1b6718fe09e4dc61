package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AccountSelection chooses accounts: those of the chosen namespaces, and those that are named. The
// labels of accounts themselves do not count: whoever may edit an account could write them.
//
// +kubebuilder:validation:XValidation:rule="has(self.namespaceSelector) || has(self.names)",message="must have namespaceSelector or names, or both"
type AccountSelection struct {
	// namespaceSelector matches the labels of the accounts' namespaces.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// names are accounts by their namespaces and names.
	// +optional
	// +listType=map
	// +listMapKey=namespace
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Names []PlanAccount `json:"names,omitempty"`
}

// PricingGrant lets accounts claim what changes their prices.
//
// +kubebuilder:validation:XValidation:rule="has(self.exemptions) || has(self.internationalAuthentication)",message="must grant exemptions or internationalAuthentication, or both"
type PricingGrant struct {
	// name is what conditions call the grant.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// accounts are those that the grant is for. Without it, it is for every account that uses the
	// plan.
	// +optional
	Accounts *AccountSelection `json:"accounts,omitempty"`

	// exemptions are the exemptions of the plan that these accounts may claim in their
	// spec.exemptions.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Exemptions []string `json:"exemptions,omitempty"`

	// internationalAuthentication says who states from when on these accounts' authentication
	// templates to other countries are priced at the international rate.
	// +optional
	InternationalAuthentication *InternationalAuthenticationGrant `json:"internationalAuthentication,omitempty"`
}

// InternationalAuthenticationSource is who states an account's eligibility for the international
// authentication rate.
// +kubebuilder:validation:Enum=Account;Plan
type InternationalAuthenticationSource string

const (
	// InternationalAuthenticationByAccount applies what the account's own spec states.
	InternationalAuthenticationByAccount InternationalAuthenticationSource = "Account"
	// InternationalAuthenticationByPlan applies what the grant states, whatever the account's spec
	// does.
	InternationalAuthenticationByPlan InternationalAuthenticationSource = "Plan"
)

// InternationalAuthenticationGrant says who states an account's eligibility for the international
// authentication rate.
//
// +kubebuilder:validation:XValidation:rule="self.statedBy == 'Plan' ? has(self.status) : !has(self.status)",message="status must be set when statedBy is 'Plan', and only then"
type InternationalAuthenticationGrant struct {
	// statedBy is 'Account' (spec.internationalAuthentication of the account is applied) or 'Plan'
	// (status is, whether the account states anything or not).
	// +required
	StatedBy InternationalAuthenticationSource `json:"statedBy,omitempty"`

	// status is what the upstream says of these accounts.
	// +optional
	Status *InternationalAuthenticationStatus `json:"status,omitempty"`
}

// UnlimitedSpending says whether accounts may do without a budget that blocks.
// +kubebuilder:validation:Enum=Allowed;Refused
type UnlimitedSpending string

const (
	// UnlimitedAllowed lets an account have no budget, or one that only warns.
	UnlimitedAllowed UnlimitedSpending = "Allowed"
	// UnlimitedRefused makes every budget block.
	UnlimitedRefused UnlimitedSpending = "Refused"
)

// BudgetCap bounds the budgets of accounts.
//
// +kubebuilder:validation:XValidation:rule="!has(self.limit) || !has(self.unlimited) || self.unlimited == 'Refused'",message="limit must not be set when unlimited is 'Allowed': it would bound nothing"
type BudgetCap struct {
	// name is what conditions call the cap.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// accounts are those that the cap is for. Without it, it is for every account that uses the
	// plan.
	// +optional
	Accounts *AccountSelection `json:"accounts,omitempty"`

	// limit is the most that such an account may spend in a calendar month of its time zone, in the
	// plan's currency. A larger spec.budget, or none, is applied as this one. Without limit a
	// budget of any size is applied, and an account without a budget may send nothing that costs
	// money.
	// +optional
	Limit DecimalAmount `json:"limit,omitempty"`

	// unlimited is 'Refused' (the budget blocks, whatever its action says) or 'Allowed' (the
	// account may have no budget, or one that only warns).
	// +optional
	// +kubebuilder:default=Refused
	Unlimited UnlimitedSpending `json:"unlimited,omitempty"`
}

// AccountSuspension lets accounts send nothing.
type AccountSuspension struct {
	// name is what conditions call the suspension.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// accounts are those that are suspended.
	// +required
	Accounts *AccountSelection `json:"accounts,omitempty"`

	// message is a sentence that clients of such an account are told when they send, such as whom
	// to ask.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Message string `json:"message,omitempty"`
}
