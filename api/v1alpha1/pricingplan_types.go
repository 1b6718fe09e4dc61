package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Condition types and reasons of a PricingPlan, beside Ready.
const (
	// PricingPlanAccepted tells whether the plan can price messages at all.
	PricingPlanAccepted = "Accepted"
	// PricingPlanComplete tells whether every market of the published list has its rates, today and
	// in revisions to come.
	PricingPlanComplete = "Complete"
	// PricingPlanHistoryKept tells whether every revision that has priced something is still there,
	// unchanged.
	PricingPlanHistoryKept = "HistoryKept"

	// ReasonPlanValid says that the plan can price messages. Its opposite is ReasonPlanInvalid.
	ReasonPlanValid = "PlanValid"
	// ReasonRatesComplete says that every market has the rates that the rules of the revisions ask
	// for.
	ReasonRatesComplete = "RatesComplete"
	// ReasonRatesMissing says that messages of some markets would be unpriced; the message names
	// them.
	ReasonRatesMissing = "RatesMissing"
	// ReasonHistoryUnchanged says that no revision that has priced something was changed or
	// removed.
	ReasonHistoryUnchanged = "HistoryUnchanged"
	// ReasonHistoryChanged says that a revision that has priced something was changed or removed;
	// it keeps pricing as it was.
	ReasonHistoryChanged = "HistoryChanged"
)

// DecimalAmount is a non-negative decimal number with at most 6 decimals, as a string.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=16
// +kubebuilder:validation:XValidation:rule="self.matches('^(0|[1-9][0-9]{0,8})([.][0-9]{1,6})?$')",message="must be a decimal number that is not negative and has at most 9 digits before and 6 after the point, like '0.0859'"
type DecimalAmount string

// CivilDate is a day of the calendar in the form YYYY-MM-DD.
//
// +kubebuilder:validation:MinLength=10
// +kubebuilder:validation:MaxLength=10
// +kubebuilder:validation:Format=date
type CivilDate string

// MessageCategory is what a message or a conversation is billed as.
//
// +kubebuilder:validation:Enum=Marketing;MarketingLite;Utility;Authentication;AuthenticationInternational;Service;Template;BusinessInitiated;UserInitiated;GroupMarketing;GroupUtility;GroupService;GeneralPurposeAI;BusinessAgent;Call;SponsoredMessage
type MessageCategory string

// InboundEvent is something that a customer can do. Message is any message with content or a quick
// reply; Ad and PageButton are where the event came from. Comment is a public one, which a private
// reply may answer.
//
// +kubebuilder:validation:Enum=Message;Reaction;Unsupported;Call;AcceptedCall;Postback;Referral;Ad;PageButton;Comment
type InboundEvent string

// MessageInstant is an instant of an outbound message: when the business sent it, or when it was
// delivered.
//
// +kubebuilder:validation:Enum=Send;Delivery
type MessageInstant string

// MarketName is a market of the published price lists, a country of ISO 3166-1 alpha-2, or Any for
// every market without a rate of its own.
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=40
// +kubebuilder:validation:XValidation:rule="self in ['Any','Other','Argentina','Brazil','Chile','Colombia','Egypt','France','Germany','India','Indonesia','Israel','Italy','Malaysia','Mexico','Netherlands','Nigeria','Pakistan','Peru','Russia','Saudi Arabia','South Africa','Spain','Turkey','United Arab Emirates','United Kingdom','North America','Rest of Africa','Rest of Asia Pacific','Rest of Central & Eastern Europe','Rest of Western Europe','Rest of Latin America','Rest of Middle East','Hong Kong','Hungary','Poland','Qatar','Romania','Singapore','Bangladesh','Iraq','Kazakhstan','Kuwait','Morocco','Nepal','Oman','Sri Lanka','Ukraine'] || self in ['AC','AD','AE','AF','AG','AI','AL','AM','AO','AQ','AR','AS','AT','AU','AW','AX','AZ','BA','BB','BD','BE','BF','BG','BH','BI','BJ','BL','BM','BN','BO','BQ','BR','BS','BT','BV','BW','BY','BZ','CA','CC','CD','CF','CG','CH','CI','CK','CL','CM','CN','CO','CR','CU','CV','CW','CX','CY','CZ','DE','DJ','DK','DM','DO','DZ','EC','EE','EG','EH','ER','ES','ET','FI','FJ','FK','FM','FO','FR','GA','GB','GD','GE','GF','GG','GH','GI','GL','GM','GN','GP','GQ','GR','GS','GT','GU','GW','GY','HK','HM','HN','HR','HT','HU','ID','IE','IL','IM','IN','IO','IQ','IR','IS','IT','JE','JM','JO','JP','KE','KG','KH','KI','KM','KN','KP','KR','KW','KY','KZ','LA','LB','LC','LI','LK','LR','LS','LT','LU','LV','LY','MA','MC','MD','ME','MF','MG','MH','MK','ML','MM','MN','MO','MP','MQ','MR','MS','MT','MU','MV','MW','MX','MY','MZ','NA','NC','NE','NF','NG','NI','NL','NO','NP','NR','NU','NZ','OM','PA','PE','PF','PG','PH','PK','PL','PM','PN','PR','PS','PT','PW','PY','QA','RE','RO','RS','RU','RW','SA','SB','SC','SD','SE','SG','SH','SI','SJ','SK','SL','SM','SN','SO','SR','SS','ST','SV','SX','SY','SZ','TA','TC','TD','TF','TG','TH','TJ','TK','TL','TM','TN','TO','TR','TT','TV','TW','TZ','UA','UG','UM','US','UY','UZ','VA','VC','VE','VG','VI','VN','VU','WF','WS','XK','YE','YT','ZA','ZM','ZW']",message="must be a market of the published list (for example 'France' or 'Rest of Africa'), a country code of ISO 3166-1 (for example 'FR'), or 'Any'"
type MarketName string

// PricingPlanSpec says what messages cost, by dated revisions.
type PricingPlanSpec struct {
	// currency is the ISO 4217 code of the currency of every amount of the plan. It cannot be
	// changed: amounts are never converted.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:XValidation:rule="self in ['AED','AFN','ALL','AMD','AOA','ARS','AUD','AWG','AZN','BAM','BBD','BDT','BHD','BIF','BMD','BND','BOB','BRL','BSD','BTN','BWP','BYN','BZD','CAD','CDF','CHF','CLP','CNY','COP','CRC','CUP','CVE','CZK','DJF','DKK','DOP','DZD','EGP','ERN','ETB','EUR','FJD','FKP','GBP','GEL','GHS','GIP','GMD','GNF','GTQ','GYD','HKD','HNL','HTG','HUF','IDR','ILS','INR','IQD','IRR','ISK','JMD','JOD','JPY','KES','KGS','KHR','KMF','KPW','KRW','KWD','KYD','KZT','LAK','LBP','LKR','LRD','LSL','LYD','MAD','MDL','MGA','MKD','MMK','MNT','MOP','MRU','MUR','MVR','MWK','MXN','MYR','MZN','NAD','NGN','NIO','NOK','NPR','NZD','OMR','PAB','PEN','PGK','PHP','PKR','PLN','PYG','QAR','RON','RSD','RUB','RWF','SAR','SBD','SCR','SDG','SEK','SGD','SHP','SLE','SOS','SRD','SSP','STN','SVC','SYP','SZL','THB','TJS','TMT','TND','TOP','TRY','TTD','TWD','TZS','UAH','UGX','USD','UYU','UZS','VED','VES','VND','VUV','WST','XAF','XCD','XCG','XOF','XPF','YER','ZAR','ZMW','ZWG']",message="must be a currency of ISO 4217, for example 'USD'"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="must not be changed: make another plan for another currency"
	Currency string `json:"currency,omitempty"`

	// allowedNamespaces says which namespaces' accounts may use the plan. Without it every
	// namespace may.
	// +optional
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty"`

	// grants say which accounts may claim which exemptions and the international authentication
	// rate. What several grants say of an account adds up; of internationalAuthentication the first
	// one counts. What is not granted is not applied, and the account's condition ClaimsGranted
	// says so.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Grants []PricingGrant `json:"grants,omitempty"`

	// budgetCaps bound the budgets of accounts. Of several that are for an account the first one
	// counts. An account that none is for has the budget that its spec says, or none.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	BudgetCaps []BudgetCap `json:"budgetCaps,omitempty"`

	// suspensions say which accounts may send nothing at all, whatever their own spec.activity
	// says: their gateways refuse every message, and go on with webhooks, windows and callbacks. Of
	// several that are for an account the first one counts. It counts for accounts whose
	// spec.planName is this plan.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Suspensions []AccountSuspension `json:"suspensions,omitempty"`

	// revisions are the rules and rates, each from the local midnight that begins its effectiveDate
	// in the account's time zone until the next one. A revision that has priced something is
	// history: it may not be changed or removed. Prices that it lacks may be added.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=40
	// +kubebuilder:validation:XValidation:rule="self.all(r, self.exists_one(o, o.effectiveDate == r.effectiveDate))",message="must not have two revisions with the same effectiveDate"
	Revisions []PricingRevision `json:"revisions,omitempty"`
}

// AllowedNamespaces says which namespaces' accounts may use a plan.
//
// +kubebuilder:validation:XValidation:rule="self.from == 'Selector' ? has(self.selector) : !has(self.selector)",message="selector must be set when from is 'Selector', and only then"
type AllowedNamespaces struct {
	// from is All for every namespace, or Selector for those whose labels the selector matches.
	// +required
	// +kubebuilder:validation:Enum=All;Selector
	From NamespacesFrom `json:"from,omitempty"`

	// selector matches the labels of the namespaces.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// NamespacesFrom says how namespaces are chosen.
type NamespacesFrom string

// How namespaces are chosen.
const (
	NamespacesFromAll      NamespacesFrom = "All"
	NamespacesFromSelector NamespacesFrom = "Selector"
)

// PricingPlanStatus is what the operator found out about a plan.
type PricingPlanStatus struct {
	// conditions tell whether the plan is usable: Ready is the summary of Accepted and HistoryKept.
	// Complete tells whether every market has its rates, today and in revisions to come; a plan
	// without it is usable, and holds such messages as unpriced.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that the status describes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9007199254740991
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// revisions are the revisions of the spec, and those removed from it that have priced
	// something, in the order of their dates.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=80
	Revisions []PricingRevisionStatus `json:"revisions,omitempty"`

	// currentRevision is the name of the revision that is in force in UTC.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	CurrentRevision string `json:"currentRevision,omitempty"`

	// accountCount is the number of accounts that use the plan.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	AccountCount *int32 `json:"accountCount,omitempty"`

	// accounts are the first of the accounts that use the plan, in the order of their namespaces
	// and names.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Accounts []PlanAccount `json:"accounts,omitempty"`
}

// PricingRevisionStatus is what the operator knows of a revision.
type PricingRevisionStatus struct {
	// name is the name of the revision.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// effectiveDate is the first day on which the revision is in force.
	// +optional
	EffectiveDate CivilDate `json:"effectiveDate,omitempty"`

	// inForce tells by the date in UTC whether the revision is Past, Current or Future. An
	// account's own zone may differ for some hours.
	// +optional
	// +kubebuilder:validation:Enum=Past;Current;Future
	InForce RevisionInForce `json:"inForce,omitempty"`

	// digest is the SHA-256 of the revision's content, in hexadecimal. The ControllerRevision in
	// which the operator keeps the revision is named by it. Records of the ledger carry the names
	// of the plan and the revision.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Digest string `json:"digest,omitempty"`

	// firstPricedTime is when the operator first learned that the revision had priced something.
	// From then on it is history.
	// +optional
	FirstPricedTime *metav1.Time `json:"firstPricedTime,omitempty"`
}

// RevisionInForce tells where a revision stands in time.
type RevisionInForce string

// Where a revision stands in time.
const (
	RevisionPast    RevisionInForce = "Past"
	RevisionCurrent RevisionInForce = "Current"
	RevisionFuture  RevisionInForce = "Future"
)

// PlanAccount names an account that uses a plan.
type PlanAccount struct {
	// namespace is the account's namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// name is the account's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// PricingPlan says what messages cost: dated revisions of rules and rates, in one currency.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=pp,categories=guichet
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.spec.currency`
// +kubebuilder:printcolumn:name="Revision",type=string,JSONPath=`.status.currentRevision`
// +kubebuilder:printcolumn:name="Accounts",type=integer,JSONPath=`.status.accountCount`
// +kubebuilder:printcolumn:name="Complete",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].status`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PricingPlan struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what messages cost.
	// +required
	Spec PricingPlanSpec `json:"spec,omitzero"`

	// status is what the operator found out about the plan.
	// +optional
	Status PricingPlanStatus `json:"status,omitzero"`
}

// PricingPlanList is a list of PricingPlans.
//
// +kubebuilder:object:root=true
type PricingPlanList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []PricingPlan `json:"items"`
}
