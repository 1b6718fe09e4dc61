package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BusinessAccountStatus is what the operator observed of an account. It can be rebuilt at any time
// from the cluster and the gateway's ledger; only of several accounts with one phone number or
// page, the oldest then holds it, whoever did before.
type BusinessAccountStatus struct {
	// conditions say what is well and what is not: Ready (the summary), PlanResolved,
	// PlanPublished, ClaimsGranted, CredentialsValid, ChannelsHeld, HostHeld, TemplatesServed,
	// GatewayAvailable, StoreWritable, StorageSufficient, ConfigSynced, UpstreamAccepts,
	// WebhookRegistered, PageSubscribed, WebhooksArrive, UsageCurrent, SendsAccepted,
	// DeliveriesPriced, WithinBudget, StatementsCurrent, BillingAgrees, CallbacksTaken,
	// AccessTokensCurrent, PaymentMethodPresent, Reconciled.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=32
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that the last finished pass of the operator
	// saw.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// gateway is where and how the account's gateway runs.
	// +optional
	Gateway *GatewayStatus `json:"gateway,omitempty"`

	// ledgerID is the id of the account's ledger. It stays when another account goes on with the
	// ledger.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	LedgerID string `json:"ledgerID,omitempty"`

	// heldChannels are the phone numbers and pages that the account holds: no other account gets
	// one of them before this one lets it go.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=25
	HeldChannels []ChannelIdentity `json:"heldChannels,omitempty"`

	// ingressHost is the host of the account's Ingress: no other account gets one with it before
	// this one lets it go.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	IngressHost string `json:"ingressHost,omitempty"`

	// planName is the name of the PricingPlan that prices the account's messages: spec.planName, or
	// while that cannot be used, the one before it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	PlanName string `json:"planName,omitempty"`

	// channels say of each channel whether messages leave through it, and webhooks arrive.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=25
	Channels []ChannelStatus `json:"channels,omitempty"`

	// queue is what waits for the upstream, and for what. It is absent while nothing does.
	// +optional
	Queue *QueueStatus `json:"queue,omitempty"`

	// templateRequests is how far the operator has come with what clients ask to be done with
	// templates. It is absent until they ask for something.
	// +optional
	TemplateRequests *TemplateRequestsStatus `json:"templateRequests,omitempty"`

	// usage is the current billing period, as the gateway last reported it. It is a view of the
	// gateway's ledger, which is the record.
	// +optional
	Usage *Usage `json:"usage,omitempty"`

	// history is the last periods that are over, newest first, 13 at most.
	// +optional
	// +listType=map
	// +listMapKey=period
	// +kubebuilder:validation:MaxItems=13
	History []PeriodTotal `json:"history,omitempty"`

	// pricedRevisions are the revisions that have priced messages of the account, by plan. They are
	// history: none of them may be changed.
	// +optional
	// +listType=map
	// +listMapKey=plan
	// +kubebuilder:validation:MaxItems=32
	PricedRevisions []PricedRevisions `json:"pricedRevisions,omitempty"`
}

// PricedRevisions are the revisions of a plan that have priced messages of an account.
type PricedRevisions struct {
	// plan is the name of the PricingPlan.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Plan string `json:"plan,omitempty"`

	// revisions are the names of the revisions.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=80
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Revisions []string `json:"revisions,omitempty"`
}

// GatewayStatus is where and how an account's gateway runs.
type GatewayStatus struct {
	// url is the base URL of the gateway inside the cluster: what a Cloud API client uses in place
	// of https://graph.facebook.com.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	URL string `json:"url,omitempty"`

	// webhookURL is where the upstream's webhooks must be sent.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	WebhookURL string `json:"webhookURL,omitempty"`

	// apiTokensSecretName is the name of the Secret that holds the API tokens: the business's own,
	// or the one that the operator made.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	APITokensSecretName string `json:"apiTokensSecretName,omitempty"`

	// image is the gateway's container image.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// replicas is the number of gateway pods that are wanted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	Replicas int32 `json:"replicas,omitempty"`

	// readyReplicas is the number of gateway pods that are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// configDigest is the SHA-256 digest of the configuration that is wanted.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	ConfigDigest string `json:"configDigest,omitempty"`

	// configTime is when the configuration of configDigest was first wanted.
	// +optional
	ConfigTime metav1.Time `json:"configTime,omitzero"`
}

// Usage is a period's figures, derived from the gateway's ledger.
type Usage struct {
	// period is the calendar month of the account's time zone, such as "2026-11".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=7
	Period string `json:"period,omitempty"`

	// startTime is the instant at which the period began.
	// +optional
	StartTime metav1.Time `json:"startTime,omitzero"`

	// endTime is the instant at which the period ends.
	// +optional
	EndTime metav1.Time `json:"endTime,omitzero"`

	// asOfTime is the instant that the figures describe. While the condition UsageCurrent is True
	// they still hold.
	// +optional
	AsOfTime metav1.Time `json:"asOfTime,omitzero"`

	// messages is the number of messages that were settled in the period: charged, free or failed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Messages *int64 `json:"messages,omitempty"`

	// billed is the exact sum of the period's charges.
	// +optional
	Billed *Money `json:"billed,omitempty"`

	// cost is the exact sum of what the upstream charges for the same messages, before the plan's
	// mark-ups.
	// +optional
	Cost *Money `json:"cost,omitempty"`

	// reserved is the most that messages can still cost which are accepted and not settled, or
	// given up while Meta may have a copy of them.
	// +optional
	Reserved *Money `json:"reserved,omitempty"`

	// budgetLeft is what is left of the budget after charges and reservations.
	// +optional
	BudgetLeft *Money `json:"budgetLeft,omitempty"`

	// unpriced is the number of delivered messages that the plan has no rate for. They are not
	// billed until it has.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Unpriced *int64 `json:"unpriced,omitempty"`

	// inDoubt is the number of messages of which it is not known whether the upstream has them.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	InDoubt *int64 `json:"inDoubt,omitempty"`

	// openWindows is the number of customers whose service window is open.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	OpenWindows *int64 `json:"openWindows,omitempty"`

	// categories are the period's figures by category.
	// +optional
	// +listType=map
	// +listMapKey=category
	// +kubebuilder:validation:MaxItems=16
	Categories []CategoryUsage `json:"categories,omitempty"`

	// allowances are what was used of the plan's free allowances in the period.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +listMapKey=scope
	// +kubebuilder:validation:MaxItems=64
	Allowances []AllowanceUsage `json:"allowances,omitempty"`

	// ledger is the head of the gateway's hash-chained ledger.
	// +optional
	Ledger *LedgerHead `json:"ledger,omitempty"`
}

// CategoryUsage is a category's part of a period.
type CategoryUsage struct {
	// category is the billed category, such as "utility".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Category string `json:"category,omitempty"`

	// messages is the number of messages that were settled under the category.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Messages *int64 `json:"messages,omitempty"`

	// charged is the number of those that were charged.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Charged *int64 `json:"charged,omitempty"`

	// billed is the exact sum of their charges.
	// +optional
	Billed *Money `json:"billed,omitempty"`
}

// AllowanceUsage is what was used of one allowance.
type AllowanceUsage struct {
	// name is the allowance's name in the plan.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// scope is what the allowance is counted for: a channel's name, "account" or "portfolio"; with
	// the plan's name behind it if it is a plan of some channels, which counts apart.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=320
	Scope string `json:"scope,omitempty"`

	// used is how many were used.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Used *int64 `json:"used,omitempty"`

	// count is how many there are.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Count *int64 `json:"count,omitempty"`
}

// LedgerHead names the last record of a ledger.
type LedgerHead struct {
	// sequence is the number of the last record.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Sequence *int64 `json:"sequence,omitempty"`

	// rootHash is the SHA-256 hash of the last record, which covers all those before it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	RootHash string `json:"rootHash,omitempty"`
}

// PeriodTotal is the total of a period that is over.
type PeriodTotal struct {
	// period is the calendar month, such as "2026-10".
	// +required
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=7
	Period string `json:"period,omitempty"`

	// messages is the number of messages that were settled in the period.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	Messages *int64 `json:"messages,omitempty"`

	// billed is the exact sum of the period's charges.
	// +optional
	Billed *Money `json:"billed,omitempty"`
}

// TemplateRequestsStatus is how far the operator has come with clients' requests for templates.
type TemplateRequestsStatus struct {
	// lastID is the id of the last request that was taken.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=19
	LastID string `json:"lastID,omitempty"`

	// refused is the last request that could not be done; it is absent if there was none.
	// +optional
	Refused *RefusedTemplateRequest `json:"refused,omitempty"`
}

// RefusedTemplateRequest is a client's request for a template that could not be done.
type RefusedTemplateRequest struct {
	// id is the id of the request.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=19
	ID string `json:"id,omitempty"`

	// name is the template's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Name string `json:"name,omitempty"`

	// language is the template's language.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Language string `json:"language,omitempty"`

	// message says why.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}
