package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BusinessAccountSpec describes one tenant: who it is, over which numbers and pages it talks, by
// which plan it pays, and how its gateway runs.
//
// +kubebuilder:validation:XValidation:rule="self.channels.all(c, c.type != 'WhatsApp') || has(self.whatsAppBusinessAccountID)",message="whatsAppBusinessAccountID must be set when a channel is of type 'WhatsApp'"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.whatsAppBusinessAccountID) || has(self.whatsAppBusinessAccountID) && self.whatsAppBusinessAccountID == oldSelf.whatsAppBusinessAccountID",message="whatsAppBusinessAccountID is immutable once it is set: the templates belong to it; make another account for another one"
// +kubebuilder:validation:XValidation:rule="(has(self.gateway) && has(self.gateway.storage) ? self.gateway.storage.type : 'Embedded') == (has(oldSelf.gateway) && has(oldSelf.gateway.storage) ? oldSelf.gateway.storage.type : 'Embedded')",message="gateway.storage.type is immutable: the ledger does not move by itself"
// +kubebuilder:validation:XValidation:rule="has(self.portfolioID) == has(oldSelf.portfolioID) && (!has(self.portfolioID) || self.portfolioID == oldSelf.portfolioID)",message="portfolioID is immutable: what the plan counts for it would begin anew"
// +kubebuilder:validation:XValidation:rule="!has(self.adopt) || has(oldSelf.adopt) && self.adopt.ledgerID == oldSelf.adopt.ledgerID",message="adopt can be set only when the account is made: an account has one ledger"
type BusinessAccountSpec struct {
	// displayName is the business's name, as people read it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// planName is the name of the PricingPlan by which the account's messages are priced. The plan
	// must allow the account's namespace. A change applies to messages that are delivered after it;
	// what was priced before is never priced again.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	PlanName string `json:"planName,omitempty"`

	// timeZone is the IANA name of the account's time zone, such as "America/Sao_Paulo". Billing
	// periods and plan revisions turn at midnight there. It cannot be changed: a change would move
	// the borders of periods that are already billed.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$')",message="must be a name of the IANA database, like 'America/Sao_Paulo'"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="timeZone is immutable: a change would move the borders of billed periods"
	TimeZone string `json:"timeZone,omitempty"`

	// whatsAppBusinessAccountID is the id of the WhatsApp Business account (WABA) that owns the
	// WhatsApp numbers and the message templates.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]+$')",message="must be digits only: it is the id that the Graph API gives"
	WhatsAppBusinessAccountID string `json:"whatsAppBusinessAccountID,omitempty"`

	// portfolioID names the business portfolio that the account belongs to. Volume tiers and
	// allowances that a plan counts per portfolio are shared by the account's channels under this
	// name. It defaults to the account itself. It cannot be changed: what was counted for it would
	// begin anew.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_.-]+$')",message="must be letters, digits, '_', '.' and '-' only"
	PortfolioID string `json:"portfolioID,omitempty"`

	// channels are the phone numbers and pages of the account. All of them are served by one
	// gateway.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=25
	// +kubebuilder:validation:XValidation:rule="self.all(c, (!has(c.phoneNumberID) || self.exists_one(d, has(d.phoneNumberID) && d.phoneNumberID == c.phoneNumberID)) && (!has(c.pageID) || self.exists_one(d, has(d.pageID) && d.pageID == c.pageID)) && (!has(c.instagramID) || self.exists_one(d, has(d.instagramID) && d.instagramID == c.instagramID)))",message="each phoneNumberID, pageID and instagramID may appear in one channel only"
	Channels []Channel `json:"channels,omitempty"`

	// callback is where the gateway delivers customers' messages and the statuses of sent ones, in
	// order and signed. Without it they are not delivered anywhere.
	// +optional
	Callback *Callback `json:"callback,omitempty"`

	// webhooks says how the upstream learns where the gateway takes webhooks.
	// +optional
	// +kubebuilder:default={}
	Webhooks *Webhooks `json:"webhooks,omitempty"`

	// apiTokensSecretName is the name of a Secret whose every key is the name of an API token and
	// whose value is the token that the business's client presents to its gateway. Several keys are
	// several valid tokens, so that one can be rotated. If it is not set, the operator makes a
	// Secret with one token, once, and names it in status.gateway.apiTokensSecretName.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', beginning and ending with a letter or a digit"
	APITokensSecretName string `json:"apiTokensSecretName,omitempty"`

	// consent says to whom the account may write.
	// +optional
	// +kubebuilder:default={}
	Consent *Consent `json:"consent,omitempty"`

	// promotion is 'Refused' if the account sends nothing promotional: messages of the category
	// marketing are refused, so are MessageTemplates of that category, and one that reads as
	// promotion waits for an approver. The default is 'Allowed', which allows nothing that the plan
	// refuses.
	// +optional
	Promotion Promotion `json:"promotion,omitempty"`

	// templates says what clients may do with templates through the gateway's API.
	// +optional
	Templates *AccountTemplates `json:"templates,omitempty"`

	// upstreamCounts is 'Compared' if the gateway asks Meta once a day what it has counted and
	// billed (pricing_analytics), and compares the ledger with it: each day two days later, by
	// market, category and type. The condition BillingAgrees names what differs. The access token
	// needs the permission whatsapp_business_management. The default is 'Ignored'.
	// +optional
	UpstreamCounts UpstreamCounts `json:"upstreamCounts,omitempty"`

	// humanAgent is 'Allowed' if people of the business answer customers of Messenger and Instagram
	// and may do so for as long as the plan gives people, 7 days in Meta's rules. Such a message
	// has the tag HUMAN_AGENT, and its request must say with the header 'Guichet-Written-By:
	// person' that no bot wrote it. Meta must have approved the app for it. The default is
	// 'Refused'.
	// +optional
	HumanAgent HumanAgentPolicy `json:"humanAgent,omitempty"`

	// budget is the most that the account may spend in a calendar month of its time zone. Without
	// it there is no limit but that of the plan: spec.budgetCaps of the PricingPlan may bound it,
	// and the condition ClaimsGranted says so.
	// +optional
	Budget *Budget `json:"budget,omitempty"`

	// limits are the account's messaging limits, as its upstream grants them.
	// +optional
	// +kubebuilder:default={}
	Limits *Limits `json:"limits,omitempty"`

	// exemptions are the names of the plan's exemptions that the account is eligible for. Those are
	// applied that spec.grants of the PricingPlan grants to it.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Exemptions []string `json:"exemptions,omitempty"`

	// internationalAuthentication says whether, and since when, authentication templates to other
	// countries are priced at the international rate. It is applied if spec.grants of the
	// PricingPlan grants it.
	// +optional
	InternationalAuthentication *InternationalAuthenticationStatus `json:"internationalAuthentication,omitempty"`

	// doubt says what becomes of a message whose sending was cut off by a crash, so that it is not
	// known whether the upstream has it.
	// +optional
	// +kubebuilder:default={}
	Doubt *Doubt `json:"doubt,omitempty"`

	// privacy says how long message contents are kept.
	// +optional
	// +kubebuilder:default={}
	Privacy *Privacy `json:"privacy,omitempty"`

	// gateway says how the account's gateway runs.
	// +optional
	// +kubebuilder:default={}
	Gateway *Gateway `json:"gateway,omitempty"`

	// activity is what the gateway does. 'Active' sends and receives. 'Suspended' sends nothing:
	// every message is refused, and what was accepted before waits until the account is 'Active'
	// again or the message's time to live is over. Webhooks, windows and callbacks go on.
	// 'Hibernated' runs no pod, whatever gateway.replicas and gateway.autoscaling say, and keeps
	// the data: nothing is sent or received. Meta repeats a webhook for up to 7 days, one of a page
	// for 36 hours; what it then gives up is lost, with the windows and deliveries that it told of.
	// Ready says whether the account does what it was asked to, with the reason 'Suspended' or
	// 'Hibernated'. The platform can suspend an account too: spec.suspensions of the PricingPlan.
	// +optional
	// +kubebuilder:default=Active
	Activity Activity `json:"activity,omitempty"`

	// operation says whether the operator looks after the objects that the gateway runs as:
	// Deployment, volume, keys, Service and the rest. 'Paused' leaves them as they are, running or
	// not, until it is 'Active' again. The configuration reaches the gateway all the same: prices,
	// budgets, tokens, templates, credentials and a suspension. Ready and status.observedGeneration
	// go on as always, so that nothing that waits for them hangs; the condition Reconciled has the
	// reason 'Paused'. Deleting a paused account works.
	// +optional
	// +kubebuilder:default=Active
	Operation Operation `json:"operation,omitempty"`

	// deletionPolicy says what becomes of the ledger when the account is deleted. With 'Retain' the
	// volume or schema, the keys and the API tokens that the operator made stay, and an account
	// that is made again under this name goes on with them. With 'Delete' the volume and the keys
	// go too, if every record was exported: the annotation guichet.dev/exported-ledger must have
	// the value of status.usage.ledger.rootHash, or guichet.dev/delete-unexported the value "true".
	// Otherwise they stay as with 'Retain'. A schema in a shared store is never dropped. The
	// operator remembers the ledger in either case: if it had records, an account of this name
	// begins an empty one only after the platform team has deleted ConfigMap guichet-ledger-HASH;
	// docs/operator.md says more.
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// adopt names the ledger of an account that was deleted, or of another cluster, for this
	// account to go on with. It is needed only if the ledger belonged to an account of another name
	// or namespace, and the platform must have granted it; docs/platform.md says how. The keys and
	// the volume must be there under this account's names, or the schema on its server. It can be
	// set only when the account is made.
	// +optional
	Adopt *Adoption `json:"adopt,omitempty"`
}

// Annotations by which the deletion of a ledger is confirmed.
const (
	// AnnotationExportedLedger is the hash of the last record that was exported.
	AnnotationExportedLedger = "guichet.dev/exported-ledger"
	// AnnotationDeleteUnexported, with the value "true", lets records go that were not exported.
	AnnotationDeleteUnexported = "guichet.dev/delete-unexported"
)

// Adoption names a ledger to go on with.
type Adoption struct {
	// ledgerID is the ledger's id, status.ledgerID of the account that it belonged to.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9-]+$')",message="must be letters, digits and '-' only: it is status.ledgerID of an account"
	LedgerID string `json:"ledgerID,omitempty"`
}

// Activity is what an account's gateway does.
// +kubebuilder:validation:Enum=Active;Suspended;Hibernated
type Activity string

const (
	// ActivityActive is the usual state.
	ActivityActive Activity = "Active"
	// ActivitySuspended sends nothing, and receives everything.
	ActivitySuspended Activity = "Suspended"
	// ActivityHibernated runs no gateway.
	ActivityHibernated Activity = "Hibernated"
)

// Operation is whether the operator looks after an object.
// +kubebuilder:validation:Enum=Active;Paused
type Operation string

const (
	// OperationActive is the usual state.
	OperationActive Operation = "Active"
	// OperationPaused leaves what the gateway runs as alone.
	OperationPaused Operation = "Paused"
)

// ConsentPolicy is a rule about people.
// +kubebuilder:validation:Enum=PriorContact;OptIn;None
type ConsentPolicy string

const (
	// ConsentPriorContact lets the account write to people who wrote to it first, or whose consent
	// was recorded.
	ConsentPriorContact ConsentPolicy = "PriorContact"
	// ConsentOptIn lets the account write only to people whose consent was recorded, and answer
	// within an open window.
	ConsentOptIn ConsentPolicy = "OptIn"
	// ConsentNone lets the account write to anybody; the business answers for the consent.
	ConsentNone ConsentPolicy = "None"
)

// Consent says to whom the account may write.
type Consent struct {
	// policy is 'PriorContact' (people who wrote first, or whose consent was recorded), 'OptIn'
	// (recorded consent only) or 'None' (anybody; the business answers for it).
	// +optional
	// +kubebuilder:default=PriorContact
	Policy ConsentPolicy `json:"policy,omitempty"`

	// keywords are the words by which a customer stops and resumes the account's marketing, per
	// language.
	// +optional
	// +listType=map
	// +listMapKey=language
	// +kubebuilder:validation:MaxItems=32
	Keywords []ConsentKeywords `json:"keywords,omitempty"`
}

// ConsentKeywords are the stop and resume words of one language.
//
// +kubebuilder:validation:XValidation:rule="has(self.stop) || has(self.resume)",message="must have stop or resume, or both"
// +kubebuilder:validation:XValidation:rule="!has(self.stop) || !has(self.resume) || self.stop.all(w, !(w in self.resume))",message="a word must not be in both stop and resume"
type ConsentKeywords struct {
	// language is the BCP 47 tag of the words' language, such as "fr".
	// +required
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=16
	Language string `json:"language,omitempty"`

	// stop are the words that stop marketing when they are a customer's whole message, in any case.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=32
	Stop []string `json:"stop,omitempty"`

	// resume are the words that resume it.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=32
	Resume []string `json:"resume,omitempty"`
}

// DoubtResolution is what becomes of a message whose sending was cut off.
// +kubebuilder:validation:Enum=Fail;Resend
type DoubtResolution string

const (
	// DoubtFail reports the message as failed.
	DoubtFail DoubtResolution = "Fail"
	// DoubtResend sends it again; the customer may get it twice.
	DoubtResend DoubtResolution = "Resend"
)

// Doubt says what becomes of a message whose sending was cut off by a crash.
type Doubt struct {
	// resolution is 'Fail' (report it as failed) or 'Resend' (send it again, at the risk that the
	// customer gets it twice). It applies when no status of the message arrived within waitSeconds.
	// +optional
	// +kubebuilder:default=Fail
	Resolution DoubtResolution `json:"resolution,omitempty"`

	// waitSeconds is how long a status is waited for, which would settle the doubt.
	// +optional
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=86400
	WaitSeconds int32 `json:"waitSeconds,omitempty"`
}

// Privacy says how long message contents are kept.
type Privacy struct {
	// retentionSeconds is how long the encrypted content of a message is kept after the message is
	// settled. It defaults to 0: content is deleted at once.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2592000
	RetentionSeconds *int32 `json:"retentionSeconds,omitempty"`
}

// BusinessAccount is one tenant: a business that talks to its customers over WhatsApp or Messenger.
// The operator runs one gateway for it and reports what was billed. Deleting it deletes its gateway
// with its keys and its ledger: export the ledger first.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ba,categories=guichet
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Plan",type=string,JSONPath=`.spec.planName`
// +kubebuilder:printcolumn:name="Queued",type=integer,JSONPath=`.status.queue.messages`,description="Messages that wait for the upstream"
// +kubebuilder:printcolumn:name="Windows",type=integer,JSONPath=`.status.usage.openWindows`,description="Customers whose service window is open"
// +kubebuilder:printcolumn:name="Messages",type=integer,JSONPath=`.status.usage.messages`,description="Messages settled this period"
// +kubebuilder:printcolumn:name="Billed",type=string,JSONPath=`.status.usage.billed.amount`,description="Billed this period"
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.status.usage.billed.currency`
// +kubebuilder:printcolumn:name="Activity",type=string,priority=1,JSONPath=`.spec.activity`
// +kubebuilder:printcolumn:name="Operation",type=string,priority=1,JSONPath=`.spec.operation`
// +kubebuilder:printcolumn:name="URL",type=string,priority=1,JSONPath=`.status.gateway.url`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 40",message="the name of a BusinessAccount must not be longer than 40 characters: the names of its objects are made from it"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="the name of a BusinessAccount must be a DNS label that starts with a letter: it becomes the name of a Service"
type BusinessAccount struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the business asks for.
	// +required
	Spec BusinessAccountSpec `json:"spec,omitzero"`

	// status is what the operator observed.
	// +optional
	Status BusinessAccountStatus `json:"status,omitzero"`
}

// BusinessAccountList is a list of BusinessAccounts.
//
// +kubebuilder:object:root=true
type BusinessAccountList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BusinessAccount `json:"items"`
}

// UpstreamCounts is what is done with the upstream's own count of what it has billed.
// +kubebuilder:validation:Enum=Compared;Ignored
type UpstreamCounts string

const (
	// UpstreamCountsCompared compares the ledger with it every day.
	UpstreamCountsCompared UpstreamCounts = "Compared"
	// UpstreamCountsIgnored does not ask for it.
	UpstreamCountsIgnored UpstreamCounts = "Ignored"
)

// AccountTemplates says what clients may do with templates through the gateway's API.
type AccountTemplates struct {
	// fromAPI is 'Refused' if templates are written as MessageTemplates alone, the default, or
	// 'Review'. Then clients may create, edit and delete templates through the API: the operator
	// makes a MessageTemplate of each, which waits for an approver before it is submitted. They may
	// change no template that they have not asked for so. At most 20 requests wait for the
	// operator, and at most 250 templates are made.
	// +optional
	// +kubebuilder:default=Refused
	FromAPI TemplatesFromAPI `json:"fromAPI,omitempty"`
}

// TemplatesFromAPI is what becomes of templates that clients write through the API.
// +kubebuilder:validation:Enum=Refused;Review
type TemplatesFromAPI string

const (
	// TemplatesFromAPIRefused refuses them.
	TemplatesFromAPIRefused TemplatesFromAPI = "Refused"
	// TemplatesFromAPIReview makes MessageTemplates of them, which an approver reviews.
	TemplatesFromAPIReview TemplatesFromAPI = "Review"
)
