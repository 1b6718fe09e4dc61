package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BusinessAccountSpec describes one tenant: who it is, over which numbers and pages it talks, by which plan it pays, and how its gateway runs.
//
// +kubebuilder:validation:XValidation:rule="self.channels.all(c, c.type != 'WhatsApp') || has(self.whatsAppBusinessAccountID)",message="whatsAppBusinessAccountID must be set when a channel is of type 'WhatsApp'"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.whatsAppBusinessAccountID) || has(self.whatsAppBusinessAccountID) && self.whatsAppBusinessAccountID == oldSelf.whatsAppBusinessAccountID",message="whatsAppBusinessAccountID is immutable once it is set: the templates belong to it; make another account for another one"
// +kubebuilder:validation:XValidation:rule="(has(self.gateway) && has(self.gateway.storage) ? self.gateway.storage.type : 'Embedded') == (has(oldSelf.gateway) && has(oldSelf.gateway.storage) ? oldSelf.gateway.storage.type : 'Embedded')",message="gateway.storage.type is immutable: the ledger does not move by itself"
type BusinessAccountSpec struct {
	// displayName is the business's name, as people read it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// planName is the name of the PricingPlan by which the account's messages are priced. The plan must allow the account's namespace.
	// A change applies to messages that are delivered after it; what was priced before is never priced again.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	PlanName string `json:"planName,omitempty"`

	// timeZone is the IANA name of the account's time zone, such as "America/Sao_Paulo". Billing periods and plan revisions turn at midnight there.
	// It cannot be changed: a change would move the borders of periods that are already billed.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="timeZone is immutable: a change would move the borders of billed periods"
	TimeZone string `json:"timeZone,omitempty"`

	// whatsAppBusinessAccountID is the id of the WhatsApp Business account (WABA) that owns the WhatsApp numbers and the message templates.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	WhatsAppBusinessAccountID string `json:"whatsAppBusinessAccountID,omitempty"`

	// portfolioID names the business portfolio that the account belongs to. Volume tiers and allowances that a plan counts per portfolio are shared
	// by the account's channels under this name. It defaults to the account itself.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_.-]+$`
	PortfolioID string `json:"portfolioID,omitempty"`

	// channels are the phone numbers and pages of the account. All of them are served by one gateway.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=25
	// +kubebuilder:validation:XValidation:rule="self.all(c, self.exists_one(d, c.type == d.type && (c.type == 'WhatsApp' ? c.phoneNumberID == d.phoneNumberID : c.pageID == d.pageID)))",message="each phoneNumberID and each pageID may appear in one channel only"
	Channels []Channel `json:"channels,omitempty"`

	// callback is where the gateway delivers customers' messages and the statuses of sent ones, in order and signed. Without it they are not delivered anywhere.
	// +optional
	Callback *Callback `json:"callback,omitempty"`

	// apiTokensSecretName is the name of a Secret whose every key is the name of an API token and whose value is the token that the business's client presents
	// to its gateway. Several keys are several valid tokens, so that one can be rotated. If it is not set, the operator makes a Secret with one token, once,
	// and names it in status.gateway.apiTokensSecretName.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	APITokensSecretName string `json:"apiTokensSecretName,omitempty"`

	// consent says to whom the account may write.
	// +optional
	Consent *Consent `json:"consent,omitempty"`

	// budget is the most that the account may spend in a calendar month of its time zone. Without it there is no limit.
	// +optional
	Budget *Budget `json:"budget,omitempty"`

	// limits are the account's messaging limits, as its upstream grants them.
	// +optional
	Limits *Limits `json:"limits,omitempty"`

	// exemptions are the names of the plan's exemptions that the account is eligible for.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Exemptions []string `json:"exemptions,omitempty"`

	// internationalAuthentication says whether, and since when, authentication templates to other countries are priced at the international rate.
	// +optional
	InternationalAuthentication *InternationalAuthenticationStatus `json:"internationalAuthentication,omitempty"`

	// doubt says what becomes of a message whose sending was cut off by a crash, so that it is not known whether the upstream has it.
	// +optional
	Doubt *Doubt `json:"doubt,omitempty"`

	// privacy says how long message contents are kept.
	// +optional
	Privacy *Privacy `json:"privacy,omitempty"`

	// gateway says how the account's gateway runs.
	// +optional
	Gateway *Gateway `json:"gateway,omitempty"`

	// operation says whether the operator looks after the account. 'Paused' leaves everything as it is, running, and changes nothing until it is 'Active' again.
	// Deleting a paused account works.
	// +optional
	// +kubebuilder:default=Active
	Operation Operation `json:"operation,omitempty"`
}

// Operation is whether the operator looks after an object.
// +kubebuilder:validation:Enum=Active;Paused
type Operation string

const (
	// OperationActive is the usual state.
	OperationActive Operation = "Active"
	// OperationPaused leaves the object and its children as they are.
	OperationPaused Operation = "Paused"
)

// ChannelType is the network of a channel.
// +kubebuilder:validation:Enum=WhatsApp;Messenger
type ChannelType string

const (
	// ChannelWhatsApp is a phone number on the WhatsApp Business Platform.
	ChannelWhatsApp ChannelType = "WhatsApp"
	// ChannelMessenger is a page on the Messenger Platform.
	ChannelMessenger ChannelType = "Messenger"
)

// Channel is one phone number or page.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'WhatsApp' ? has(self.phoneNumberID) && !has(self.pageID) : true",message="a channel of type 'WhatsApp' must have phoneNumberID and must not have pageID"
// +kubebuilder:validation:XValidation:rule="self.type == 'Messenger' ? has(self.pageID) && !has(self.phoneNumberID) : true",message="a channel of type 'Messenger' must have pageID and must not have phoneNumberID"
type Channel struct {
	// name is the channel's name within the account.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// type is the network: 'WhatsApp' or 'Messenger'.
	// +optional
	// +kubebuilder:default=WhatsApp
	Type ChannelType `json:"type,omitempty"`

	// phoneNumberID is the Graph API's id of the WhatsApp phone number; it is not the number itself.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	PhoneNumberID string `json:"phoneNumberID,omitempty"`

	// pageID is the Graph API's id of the page, for a channel of type 'Messenger'.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	PageID string `json:"pageID,omitempty"`

	// baseURL is the Graph API that the channel talks to. It defaults to Meta's, https://graph.facebook.com; a simulator's address goes here to try Guichet without an account at Meta.
	// +optional
	// +kubebuilder:default="https://graph.facebook.com"
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (self.startsWith('https://') || self.startsWith('http://'))",message="baseURL must be an absolute URL that starts with 'https://' or 'http://'"
	BaseURL string `json:"baseURL,omitempty"`

	// apiVersion is the Graph API version that the gateway and the operator speak to the upstream.
	// +optional
	// +kubebuilder:default="v26.0"
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:Pattern=`^v[1-9][0-9]?\.[0-9]$`
	APIVersion string `json:"apiVersion,omitempty"`

	// credentialsSecretName is the name of a Secret in the account's namespace with the keys 'accessToken' (a system user's token), 'appSecret' (it signs the webhooks; a second
	// one may stand in 'appSecretPrevious' while it is rotated) and 'verifyToken' (for the webhook's handshake).
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	CredentialsSecretName string `json:"credentialsSecretName,omitempty"`
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
type Callback struct {
	// url is where the gateway posts webhooks, in Meta's format.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="isURL(self) && (self.startsWith('https://') || self.startsWith('http://'))",message="url must be an absolute URL that starts with 'https://' or 'http://'"
	URL string `json:"url,omitempty"`

	// secretName is the name of a Secret with the key 'secret': the gateway signs each delivery with it, in the header X-Hub-Signature-256, as Meta does.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	SecretName string `json:"secretName,omitempty"`
}

// ConsentPolicy is a rule about people.
// +kubebuilder:validation:Enum=PriorContact;OptIn;None
type ConsentPolicy string

const (
	// ConsentPriorContact lets the account write to people who wrote to it first, or whose consent was recorded.
	ConsentPriorContact ConsentPolicy = "PriorContact"
	// ConsentOptIn lets the account write only to people whose consent was recorded, and answer within an open window.
	ConsentOptIn ConsentPolicy = "OptIn"
	// ConsentNone lets the account write to anybody; the business answers for the consent.
	ConsentNone ConsentPolicy = "None"
)

// Consent says to whom the account may write.
type Consent struct {
	// policy is 'PriorContact' (people who wrote first, or whose consent was recorded), 'OptIn' (recorded consent only) or 'None' (anybody; the business answers for it).
	// +optional
	// +kubebuilder:default=PriorContact
	Policy ConsentPolicy `json:"policy,omitempty"`

	// keywords are the words by which a customer stops and resumes the account's marketing, per language.
	// +optional
	// +listType=map
	// +listMapKey=language
	// +kubebuilder:validation:MaxItems=32
	Keywords []ConsentKeywords `json:"keywords,omitempty"`
}

// ConsentKeywords are the stop and resume words of one language.
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
	// limit is the most that the account may spend in a calendar month of its time zone. Its currency must be the plan's.
	// +required
	// +kubebuilder:validation:XValidation:rule="!self.amount.startsWith('-')",message="limit.amount must not be negative"
	Limit Money `json:"limit,omitzero"`

	// action is what happens to a message that could cost more than is left: 'Block' refuses it with error 131042, 'Warn' lets it through.
	// Messages that are surely free are never refused.
	// +optional
	// +kubebuilder:default=Block
	Action BudgetAction `json:"action,omitempty"`

	// warnAtPercent are the levels at which the condition WithinBudget and an event warn, once each in a period.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=100
	WarnAtPercent []int32 `json:"warnAtPercent,omitempty"`
}

// Limits are the messaging limits that the upstream grants.
type Limits struct {
	// messagesPerSecond is the most that each number may send in a second. It defaults to 80, the Cloud API's own limit for a number that was not upgraded.
	// +optional
	// +kubebuilder:default=80
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MessagesPerSecond int32 `json:"messagesPerSecond,omitempty"`

	// customersPerDay is the most different customers that the account may write to outside a service window in any 24 hours. Without it the gateway does not count.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000
	CustomersPerDay int32 `json:"customersPerDay,omitempty"`
}

// InternationalAuthenticationStatus is what the upstream says of an account's eligibility for the international authentication rate.
type InternationalAuthenticationStatus struct {
	// startTime is the instant from which the rate applies, as the upstream announced it.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`

	// businessCountry is the ISO 3166 code of the country of the business's primary location; messages to it keep the usual rate.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=2
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
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
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
	Country string `json:"country,omitempty"`

	// startTime is the instant from which the rate applies in that country.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`
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
	// resolution is 'Fail' (report it as failed) or 'Resend' (send it again, at the risk that the customer gets it twice). It applies when no status of the message arrived within waitSeconds.
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
	// retentionSeconds is how long the encrypted content of a message is kept after the message is settled. It defaults to 0: content is deleted at once.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2592000
	RetentionSeconds *int32 `json:"retentionSeconds,omitempty"`
}

// Gateway says how the account's gateway runs.
//
// +kubebuilder:validation:XValidation:rule="!has(self.replicas) || self.replicas <= 1 || (has(self.storage) && self.storage.type == 'Shared')",message="replicas may be greater than 1 only with storage.type 'Shared': the embedded store has one writer"
// +kubebuilder:validation:XValidation:rule="!has(self.autoscaling) || (has(self.storage) && self.storage.type == 'Shared')",message="autoscaling may be set only with storage.type 'Shared': the embedded store has one writer"
// +kubebuilder:validation:XValidation:rule="!(has(self.autoscaling) && has(self.replicas))",message="replicas must not be set together with autoscaling: the autoscaler owns the number of replicas"
type Gateway struct {
	// replicas is the number of gateway pods. It defaults to 1; 0 stops the gateway and keeps its data.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=50
	Replicas *int32 `json:"replicas,omitempty"`

	// autoscaling lets the number of replicas follow the load.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`

	// image is the gateway's container image. If it is not set, the operator's own default is used when the account is made, and kept when the operator is upgraded.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// resources are the requests and limits of the gateway's container.
	// +optional
	Resources *Resources `json:"resources,omitempty"`

	// storage is where the gateway keeps its state and ledger.
	// +optional
	Storage *Storage `json:"storage,omitempty"`

	// exposure is how the gateway is reached from outside of the cluster: the upstream's webhooks must reach it.
	// +optional
	Exposure *Exposure `json:"exposure,omitempty"`
}

// Autoscaling lets the number of replicas follow the load.
//
// +kubebuilder:validation:XValidation:rule="self.minReplicas <= self.maxReplicas",message="minReplicas must not be greater than maxReplicas"
type Autoscaling struct {
	// minReplicas is the least number of replicas.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	MinReplicas int32 `json:"minReplicas,omitempty"`

	// maxReplicas is the greatest number of replicas.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

	// targetCPUPercent is the share of the requested CPU that the autoscaler aims at.
	// +optional
	// +kubebuilder:default=70
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	TargetCPUPercent int32 `json:"targetCPUPercent,omitempty"`
}

// Resources are the requests and limits of a container.
type Resources struct {
	// requests are what the container is guaranteed.
	// +optional
	Requests *ResourceAmounts `json:"requests,omitempty"`

	// limits are the most that the container may use.
	// +optional
	Limits *ResourceAmounts `json:"limits,omitempty"`
}

// ResourceAmounts are amounts of CPU and memory.
type ResourceAmounts struct {
	// cpu is an amount of CPU, such as "100m".
	// +optional
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// memory is an amount of memory, such as "64Mi".
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`
}

// StorageType is where a gateway keeps its state.
// +kubebuilder:validation:Enum=Embedded;Shared
type StorageType string

const (
	// StorageEmbedded is a database file on a volume of the gateway's own.
	StorageEmbedded StorageType = "Embedded"
	// StorageShared is a PostgreSQL server.
	StorageShared StorageType = "Shared"
)

// Storage is where the gateway keeps its state and ledger.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'Shared' ? has(self.shared) && !has(self.embedded) : !has(self.shared)",message="with type 'Shared', shared must be set and embedded must not; with type 'Embedded', shared must not be set"
type Storage struct {
	// type is 'Embedded' (a database file on a volume of its own, one replica) or 'Shared' (a PostgreSQL server, any number of replicas).
	// +optional
	// +kubebuilder:default=Embedded
	Type StorageType `json:"type,omitempty"`

	// embedded describes the volume.
	// +optional
	Embedded *EmbeddedStorage `json:"embedded,omitempty"`

	// shared describes the PostgreSQL server.
	// +optional
	Shared *SharedStorage `json:"shared,omitempty"`
}

// EmbeddedStorage is a volume for the database file.
type EmbeddedStorage struct {
	// size is the size of the volume. It can grow if the storage class lets it; it cannot shrink.
	// +optional
	// +kubebuilder:default="1Gi"
	Size *resource.Quantity `json:"size,omitempty"`

	// storageClassName is the storage class of the volume. It defaults to the cluster's default class, and cannot be changed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="storageClassName is immutable"
	StorageClassName string `json:"storageClassName,omitempty"`
}

// SharedStorage is a PostgreSQL server.
type SharedStorage struct {
	// connectionSecretName is the name of a Secret with the key 'url', a PostgreSQL connection URL.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	ConnectionSecretName string `json:"connectionSecretName,omitempty"`
}

// ExposureType is how a gateway is reached from outside of the cluster.
// +kubebuilder:validation:Enum=Internal;Ingress
type ExposureType string

const (
	// ExposureInternal is a Service inside the cluster, and nothing else.
	ExposureInternal ExposureType = "Internal"
	// ExposureIngress adds an Ingress.
	ExposureIngress ExposureType = "Ingress"
)

// Exposure is how the gateway is reached from outside of the cluster.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'Ingress' ? has(self.ingress) : !has(self.ingress)",message="ingress must be set with type 'Ingress', and only then"
type Exposure struct {
	// type is 'Internal' (a Service inside the cluster) or 'Ingress' (an Ingress in front of it).
	// +optional
	// +kubebuilder:default=Internal
	Type ExposureType `json:"type,omitempty"`

	// ingress describes the Ingress.
	// +optional
	Ingress *Ingress `json:"ingress,omitempty"`
}

// Ingress is the gateway's door to the outside.
type Ingress struct {
	// host is the DNS name under which the gateway is reached, such as "acme.gateway.example.com".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	Host string `json:"host,omitempty"`

	// className is the Ingress class. It defaults to the cluster's default class.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	ClassName string `json:"className,omitempty"`

	// tlsSecretName is the name of the Secret with the certificate for host. Meta refuses webhooks without a valid one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	TLSSecretName string `json:"tlsSecretName,omitempty"`
}

// BusinessAccountStatus is what the operator observed of an account. It can be rebuilt at any time from the cluster and the gateway's ledger.
type BusinessAccountStatus struct {
	// conditions say what is well and what is not: Ready (the summary), PlanResolved, CredentialsValid, GatewayAvailable, ConfigSynced, UsageCurrent, WithinBudget.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that the last finished pass of the operator saw.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// gateway is where and how the account's gateway runs.
	// +optional
	Gateway *GatewayStatus `json:"gateway,omitempty"`

	// usage is the current billing period, as the gateway last reported it. It is a view of the gateway's ledger, which is the record.
	// +optional
	Usage *Usage `json:"usage,omitempty"`

	// history is the last periods that are over, newest first, 13 at most.
	// +optional
	// +listType=map
	// +listMapKey=period
	// +kubebuilder:validation:MaxItems=13
	History []PeriodTotal `json:"history,omitempty"`

	// pricedRevisions are the revisions that have priced messages of the account, by plan. They are history: none of them may be changed.
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
	// url is the base URL of the gateway inside the cluster: what a Cloud API client uses in place of https://graph.facebook.com.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	URL string `json:"url,omitempty"`

	// webhookURL is where the upstream's webhooks must be sent.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	WebhookURL string `json:"webhookURL,omitempty"`

	// apiTokensSecretName is the name of the Secret that holds the API tokens: the business's own, or the one that the operator made.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	APITokensSecretName string `json:"apiTokensSecretName,omitempty"`

	// image is the gateway's container image.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// replicas is the number of gateway pods that are wanted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas,omitempty"`

	// readyReplicas is the number of gateway pods that are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// configDigest is the SHA-256 digest of the configuration that is wanted.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	ConfigDigest string `json:"configDigest,omitempty"`
}

// Usage is a period's figures, derived from the gateway's ledger.
type Usage struct {
	// period is the calendar month of the account's time zone, such as "2026-11".
	// +optional
	// +kubebuilder:validation:MaxLength=7
	Period string `json:"period,omitempty"`

	// startTime is the instant at which the period began.
	// +optional
	StartTime metav1.Time `json:"startTime,omitzero"`

	// endTime is the instant at which the period ends.
	// +optional
	EndTime metav1.Time `json:"endTime,omitzero"`

	// asOfTime is the instant that the figures describe. While the condition UsageCurrent is True they still hold.
	// +optional
	AsOfTime metav1.Time `json:"asOfTime,omitzero"`

	// messages is the number of messages that were settled in the period: charged, free or failed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Messages *int64 `json:"messages,omitempty"`

	// billed is the exact sum of the period's charges.
	// +optional
	Billed *Money `json:"billed,omitempty"`

	// cost is the exact sum of what the upstream charges for the same messages, before the plan's mark-ups.
	// +optional
	Cost *Money `json:"cost,omitempty"`

	// reserved is the most that messages which are accepted and not settled can still cost.
	// +optional
	Reserved *Money `json:"reserved,omitempty"`

	// budgetLeft is what is left of the budget after charges and reservations.
	// +optional
	BudgetLeft *Money `json:"budgetLeft,omitempty"`

	// unpriced is the number of delivered messages that the plan has no rate for. They are not billed until it has.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Unpriced *int64 `json:"unpriced,omitempty"`

	// inDoubt is the number of messages of which it is not known whether the upstream has them.
	// +optional
	// +kubebuilder:validation:Minimum=0
	InDoubt *int64 `json:"inDoubt,omitempty"`

	// openWindows is the number of customers whose service window is open.
	// +optional
	// +kubebuilder:validation:Minimum=0
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
	Messages *int64 `json:"messages,omitempty"`

	// charged is the number of those that were charged.
	// +optional
	// +kubebuilder:validation:Minimum=0
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

	// scope is what the allowance is counted for: a channel's name, the account or its portfolio.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Scope string `json:"scope,omitempty"`

	// used is how many were used.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Used *int64 `json:"used,omitempty"`

	// count is how many there are.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Count *int64 `json:"count,omitempty"`
}

// LedgerHead names the last record of a ledger.
type LedgerHead struct {
	// sequence is the number of the last record.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Sequence *int64 `json:"sequence,omitempty"`

	// rootHash is the SHA-256 hash of the last record, which covers all those before it.
	// +optional
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
	Messages *int64 `json:"messages,omitempty"`

	// billed is the exact sum of the period's charges.
	// +optional
	Billed *Money `json:"billed,omitempty"`
}

// BusinessAccount is one tenant: a business that talks to its customers over WhatsApp or Messenger. The operator runs one gateway for it and reports what was billed.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ba,categories=guichet
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Plan",type=string,JSONPath=`.spec.planName`
// +kubebuilder:printcolumn:name="Windows",type=integer,JSONPath=`.status.usage.openWindows`,description="Customers whose service window is open"
// +kubebuilder:printcolumn:name="Messages",type=integer,JSONPath=`.status.usage.messages`,description="Messages settled this period"
// +kubebuilder:printcolumn:name="Billed",type=string,JSONPath=`.status.usage.billed.amount`,description="Billed this period"
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.status.usage.billed.currency`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
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
