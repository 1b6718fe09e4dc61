package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Condition types and reasons of a PricingPlan, beside Ready.
const (
	// PricingPlanAccepted tells whether the plan can price messages at all.
	PricingPlanAccepted = "Accepted"
	// PricingPlanComplete tells whether every market of the published list has its rates.
	PricingPlanComplete = "Complete"
	// PricingPlanHistoryKept tells whether every revision that has priced something is still there, unchanged.
	PricingPlanHistoryKept = "HistoryKept"

	// ReasonPlanValid says that the plan can price messages. Its opposite is ReasonPlanInvalid.
	ReasonPlanValid = "PlanValid"
	// ReasonRatesComplete says that every market has the rates that the rules of the revisions ask for.
	ReasonRatesComplete = "RatesComplete"
	// ReasonRatesMissing says that messages of some markets would be unpriced; the message names them.
	ReasonRatesMissing = "RatesMissing"
	// ReasonHistoryUnchanged says that no revision that has priced something was changed or removed.
	ReasonHistoryUnchanged = "HistoryUnchanged"
	// ReasonHistoryChanged says that a revision that has priced something was changed or removed; it keeps pricing as it was.
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

// InboundEvent is something that a customer can do. Message is any message with content or a quick reply; Ad and PageButton are where
// the event came from.
//
// +kubebuilder:validation:Enum=Message;Reaction;Unsupported;Call;AcceptedCall;Postback;Referral;Ad;PageButton
type InboundEvent string

// MessageInstant is an instant of an outbound message: when the business sent it, or when it was delivered.
//
// +kubebuilder:validation:Enum=Send;Delivery
type MessageInstant string

// MarketName is a market of the published price lists, a country of ISO 3166-1 alpha-2, or Any for every market without a rate of its own.
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=40
// +kubebuilder:validation:XValidation:rule="self in ['Any','Other','Argentina','Brazil','Chile','Colombia','Egypt','France','Germany','India','Indonesia','Israel','Italy','Malaysia','Mexico','Netherlands','Nigeria','Pakistan','Peru','Russia','Saudi Arabia','South Africa','Spain','Turkey','United Arab Emirates','United Kingdom','North America','Rest of Africa','Rest of Asia Pacific','Rest of Central & Eastern Europe','Rest of Western Europe','Rest of Latin America','Rest of Middle East','Hong Kong','Hungary','Poland','Qatar','Romania','Singapore','Bangladesh','Iraq','Kazakhstan','Kuwait','Morocco','Nepal','Oman','Sri Lanka','Ukraine'] || self.matches('^[A-Z]{2}$')",message="must be a market of the published list (for example 'France' or 'Rest of Africa'), a country code of ISO 3166-1 (for example 'FR'), or 'Any'"
type MarketName string

// PricingPlanSpec says what messages cost, by dated revisions.
type PricingPlanSpec struct {
	// currency is the ISO 4217 code of the currency of every amount of the plan. It cannot be changed: amounts are never converted.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:XValidation:rule="self in ['AED','AFN','ALL','AMD','AOA','ARS','AUD','AWG','AZN','BAM','BBD','BDT','BHD','BIF','BMD','BND','BOB','BRL','BSD','BTN','BWP','BYN','BZD','CAD','CDF','CHF','CLP','CNY','COP','CRC','CUP','CVE','CZK','DJF','DKK','DOP','DZD','EGP','ERN','ETB','EUR','FJD','FKP','GBP','GEL','GHS','GIP','GMD','GNF','GTQ','GYD','HKD','HNL','HTG','HUF','IDR','ILS','INR','IQD','IRR','ISK','JMD','JOD','JPY','KES','KGS','KHR','KMF','KPW','KRW','KWD','KYD','KZT','LAK','LBP','LKR','LRD','LSL','LYD','MAD','MDL','MGA','MKD','MMK','MNT','MOP','MRU','MUR','MVR','MWK','MXN','MYR','MZN','NAD','NGN','NIO','NOK','NPR','NZD','OMR','PAB','PEN','PGK','PHP','PKR','PLN','PYG','QAR','RON','RSD','RUB','RWF','SAR','SBD','SCR','SDG','SEK','SGD','SHP','SLE','SOS','SRD','SSP','STN','SVC','SYP','SZL','THB','TJS','TMT','TND','TOP','TRY','TTD','TWD','TZS','UAH','UGX','USD','UYU','UZS','VED','VES','VND','VUV','WST','XAF','XCD','XCG','XOF','XPF','YER','ZAR','ZMW','ZWG']",message="must be a currency of ISO 4217, for example 'USD'"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="must not be changed: make another plan for another currency"
	Currency string `json:"currency,omitempty"`

	// allowedNamespaces says which namespaces' accounts may use the plan. Without it every namespace may.
	// +optional
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty"`

	// revisions are the rules and rates, each from the local midnight that begins its effectiveDate in the account's time zone until the next one.
	// A revision that has priced something is history: it may not be changed or removed.
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

// PricingRevision is the rules and rates from one local midnight on.
//
// +kubebuilder:validation:XValidation:rule="self.unit == 'Conversation' ? has(self.conversation) : !has(self.conversation)",message="conversation must be set when unit is 'Conversation', and only then"
type PricingRevision struct {
	// name identifies the revision in records and in status.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// effectiveDate is the first day on which the revision is in force, in the account's time zone.
	// +required
	EffectiveDate CivilDate `json:"effectiveDate,omitempty"`

	// marketBy is how the market of a customer is found: CallingCode (the default) by the phone number's or the user id's country,
	// None where prices do not depend on it; then only rates of the market Any apply.
	// +optional
	// +kubebuilder:validation:Enum=CallingCode;None
	MarketBy string `json:"marketBy,omitempty"`

	// classifyBy is what a message is billed as: Category is its template's category, and Service without a template; Form is Template or Service;
	// Initiator is UserInitiated when it was sent inside the service window, else BusinessInitiated.
	// +required
	// +kubebuilder:validation:Enum=Category;Form;Initiator
	ClassifyBy string `json:"classifyBy,omitempty"`

	// unit is what is billed: each delivered Message, or a Conversation that a delivered message opens.
	// +required
	// +kubebuilder:validation:Enum=Message;Conversation
	Unit string `json:"unit,omitempty"`

	// outsideWindow is what becomes of a free-form message outside the service window: TemplateOnly refuses it, Billed lets it through at its rate.
	// +required
	// +kubebuilder:validation:Enum=TemplateOnly;Billed
	OutsideWindow string `json:"outsideWindow,omitempty"`

	// rateAt is the instant whose revision and market price a message that was sent under this revision.
	// +required
	RateAt MessageInstant `json:"rateAt,omitempty"`

	// categoryAt is the instant whose category of the template counts. The default is Send.
	// +optional
	CategoryAt MessageInstant `json:"categoryAt,omitempty"`

	// serviceWindow says what opens the window in which the business may answer freely.
	// +required
	ServiceWindow ServiceWindow `json:"serviceWindow,omitzero"`

	// entryPoint says how an advertisement or a page's button opens a free entry point. Without it there is none.
	// +optional
	EntryPoint *EntryPoint `json:"entryPoint,omitempty"`

	// conversation says how conversations open. It belongs to the unit Conversation.
	// +optional
	Conversation *ConversationUnit `json:"conversation,omitempty"`

	// free lists which messages cost nothing, in the order in which the rules are tried.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Free []FreeRule `json:"free,omitempty"`

	// allowances are numbers of messages or conversations that cost nothing, tried in order after the free rules.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Allowances []Allowance `json:"allowances,omitempty"`

	// exemptions free the accounts to which they were granted, tried in order after the allowances.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Exemptions []Exemption `json:"exemptions,omitempty"`

	// internationalAuthentication says where authentication messages from abroad have a rate of their own.
	// +optional
	InternationalAuthentication *InternationalAuthentication `json:"internationalAuthentication,omitempty"`

	// rates are the list prices by market. A rate that is not here is unknown: its messages are held as unpriced, never priced 0.
	// +optional
	// +listType=map
	// +listMapKey=market
	// +kubebuilder:validation:MaxItems=100
	Rates []MarketRates `json:"rates,omitempty"`

	// tiers are lower prices above a volume of the month.
	// +optional
	// +listType=map
	// +listMapKey=market
	// +listMapKey=category
	// +kubebuilder:validation:MaxItems=200
	Tiers []VolumeTiers `json:"tiers,omitempty"`

	// markups are what is charged on top of the cost, by category. A category without one is charged at cost.
	// +optional
	// +listType=map
	// +listMapKey=category
	// +kubebuilder:validation:MaxItems=16
	Markups []Markup `json:"markups,omitempty"`

	// minimumCharge is the least that a charged message or conversation costs, after the mark-up.
	// +optional
	MinimumCharge DecimalAmount `json:"minimumCharge,omitempty"`
}

// ServiceWindow says what opens the service window.
type ServiceWindow struct {
	// openings are sets of events, each with the length of the window that it opens. An event that several name opens the longest.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=9
	Openings []WindowOpening `json:"openings,omitempty"`
}

// WindowOpening is a set of events that open the service window.
type WindowOpening struct {
	// events open the window, or restart it.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=9
	Events []InboundEvent `json:"events,omitempty"`

	// durationSeconds is the length of the window from the event on, in elapsed seconds: 86400 is 24 hours on every day of the year.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2592000
	DurationSeconds int64 `json:"durationSeconds,omitempty"`
}

// EntryPoint says how a free entry point opens: the customer arrives in one of the ways, and the business replies in time.
type EntryPoint struct {
	// opensOn are the ways in which a customer can arrive.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=9
	OpensOn []InboundEvent `json:"opensOn,omitempty"`

	// replyWithinSeconds is by when, after the customer's arrival, the business must have sent its reply.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2592000
	ReplyWithinSeconds int64 `json:"replyWithinSeconds,omitempty"`

	// durationSeconds is the length of the entry point.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2592000
	DurationSeconds int64 `json:"durationSeconds,omitempty"`

	// startsAt is the instant of the reply that starts the entry point.
	// +required
	StartsAt MessageInstant `json:"startsAt,omitempty"`

	// expiry is what ends the entry point: Fixed is durationSeconds; Upstream is the end that the upstream states, and durationSeconds where it states none.
	// +required
	// +kubebuilder:validation:Enum=Fixed;Upstream
	Expiry string `json:"expiry,omitempty"`

	// conversations is what becomes of the open billed conversations when the entry point opens: Keep (the default) or Close.
	// +optional
	// +kubebuilder:validation:Enum=Keep;Close
	Conversations string `json:"conversations,omitempty"`
}

// ConversationUnit says how billed conversations open and which messages join an open one. A message that joins none opens one of its
// own category when it is delivered.
type ConversationUnit struct {
	// durationSeconds is the fixed length of a conversation from the delivery that opened it.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2592000
	DurationSeconds int64 `json:"durationSeconds,omitempty"`

	// templatesJoin is which open conversation a template joins: Any, or one of the SameCategory.
	// +required
	// +kubebuilder:validation:Enum=Any;SameCategory
	TemplatesJoin string `json:"templatesJoin,omitempty"`

	// freeFormJoins is which open conversation a message without a template joins: Any, or one of the SameCategory.
	// +required
	// +kubebuilder:validation:Enum=Any;SameCategory
	FreeFormJoins string `json:"freeFormJoins,omitempty"`
}

// FreeRule says which messages cost nothing. A rule without categories and without forms is for every message.
//
// +kubebuilder:validation:XValidation:rule="self.when == 'Always' ? !has(self.at) : has(self.at)",message="at must be set unless when is 'Always', and only then"
type FreeRule struct {
	// name identifies the rule.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// reason is what the record of the message says.
	// +required
	// +kubebuilder:validation:Enum=ServiceWindow;FreeEntryPoint;Conversation;Exempt;Reaction
	Reason string `json:"reason,omitempty"`

	// when is the state that makes the message free: InServiceWindow, InEntryPoint, InConversation (one of its own category that is open already), or Always.
	// +required
	// +kubebuilder:validation:Enum=Always;InServiceWindow;InEntryPoint;InConversation
	When string `json:"when,omitempty"`

	// at is the instant at which that state counts.
	// +optional
	At MessageInstant `json:"at,omitempty"`

	// categories restrict the rule to messages of these categories.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	Categories []MessageCategory `json:"categories,omitempty"`

	// forms restrict the rule to messages of these forms. Direct is a message that is sent as if it were a template, with a category of its own.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=4
	Forms []MessageForm `json:"forms,omitempty"`
}

// MessageForm is what kind of message a business sends.
//
// +kubebuilder:validation:Enum=FreeForm;Template;Reaction;Direct
type MessageForm string

// Allowance is a number of messages or conversations that cost nothing.
type Allowance struct {
	// name identifies the allowance and its count. Revisions that share the name share the count.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// count is how many cost nothing in a period. What is left over is lost.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000
	Count int64 `json:"count,omitempty"`

	// of are the categories that may use the allowance.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Of []MessageCategory `json:"of,omitempty"`

	// per is whose allowance it is: that of each Channel, of the Account, or of the Portfolio of accounts.
	// +required
	// +kubebuilder:validation:Enum=Channel;Account;Portfolio
	Per string `json:"per,omitempty"`

	// period is after what the count begins anew: a Month of the calendar in the account's time zone.
	// +required
	// +kubebuilder:validation:Enum=Month
	Period string `json:"period,omitempty"`
}

// Exemption frees the accounts to which it was granted.
type Exemption struct {
	// name is the name by which accounts are granted the exemption.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// of are the categories that are exempt.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Of []MessageCategory `json:"of,omitempty"`

	// lastDate is the last day of the exemption, in the account's time zone. Without it the exemption has no end.
	// +optional
	LastDate CivilDate `json:"lastDate,omitempty"`
}

// InternationalAuthentication says where authentication messages are billed as AuthenticationInternational: in these countries, when the business's
// primary location is elsewhere (or not verified), from the start time that the upstream set for the account.
type InternationalAuthentication struct {
	// countries are codes of ISO 3166-1 alpha-2.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Countries []CountryCode `json:"countries,omitempty"`
}

// CountryCode is a country of ISO 3166-1 alpha-2.
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=2
// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
type CountryCode string

// MarketRates is the list prices of one market.
type MarketRates struct {
	// market is a market of the published list, a country code, which goes before its market, or Any for every market without a rate of its own.
	// +required
	Market MarketName `json:"market,omitempty"`

	// prices are the prices of one message, or one conversation, by category.
	// +required
	// +listType=map
	// +listMapKey=category
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Prices []CategoryPrice `json:"prices,omitempty"`
}

// CategoryPrice is the price of one message, or one conversation, of a category.
type CategoryPrice struct {
	// category is what is billed.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// amount is the price in the plan's currency.
	// +required
	Amount DecimalAmount `json:"amount,omitempty"`
}

// VolumeTiers are lower prices of one market and category above volumes of the month. The rate in rates is the price below the first step.
type VolumeTiers struct {
	// market is the market whose messages are counted, as in rates.
	// +required
	Market MarketName `json:"market,omitempty"`

	// category is the category whose messages are priced.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// countedAs is the category whose count is used and raised, where it is not the own one: international authentication goes on with the count of authentication.
	// +optional
	CountedAs MessageCategory `json:"countedAs,omitempty"`

	// mode is how something of several units that crosses a volume is priced: Marginal prices each unit at its own step, Whole prices all at the step of the last.
	// +required
	// +kubebuilder:validation:Enum=Marginal;Whole
	Mode string `json:"mode,omitempty"`

	// per is over what is counted: the Account, or the Portfolio of accounts.
	// +required
	// +kubebuilder:validation:Enum=Account;Portfolio
	Per string `json:"per,omitempty"`

	// steps are the volumes and their prices, in rising order of volume.
	// +required
	// +listType=map
	// +listMapKey=above
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=12
	Steps []TierStep `json:"steps,omitempty"`
}

// TierStep is the price above a volume.
type TierStep struct {
	// above is the number of charged units of the month after which the price applies: 100000 means from the 100,001st on.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000000
	Above int64 `json:"above,omitempty"`

	// amount is the price in the plan's currency. Without it the price is not known: messages above the volume are held as unpriced.
	// +optional
	Amount DecimalAmount `json:"amount,omitempty"`
}

// Markup is what is charged on top of the cost of a category.
//
// +kubebuilder:validation:XValidation:rule="has(self.percent) || has(self.fixed)",message="must have percent or fixed, or both"
type Markup struct {
	// category is the category that is charged more than it costs.
	// +required
	Category MessageCategory `json:"category,omitempty"`

	// percent of the cost is added, with at most 4 decimals: 12.5 makes a cost of 0.08 a charge of 0.09.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="self.matches('^(0|[1-9][0-9]{0,4})([.][0-9]{1,4})?$')",message="must be a percentage that is not negative and has at most 5 digits before and 4 after the point, like '12.5'"
	Percent string `json:"percent,omitempty"`

	// fixed is added to each charged message or conversation, in the plan's currency, after the percentage.
	// +optional
	Fixed DecimalAmount `json:"fixed,omitempty"`
}

// PricingPlanStatus is what the operator found out about a plan.
type PricingPlanStatus struct {
	// conditions tell whether the plan is usable: Ready is the summary; Accepted, Complete and HistoryKept are its parts.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that the status describes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// revisions are the revisions of the spec, and those removed from it that have priced something, in the order of their dates.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=80
	Revisions []PricingRevisionStatus `json:"revisions,omitempty"`

	// currentRevision is the name of the revision that is in force in UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	CurrentRevision string `json:"currentRevision,omitempty"`

	// accountCount is the number of accounts that use the plan.
	// +optional
	// +kubebuilder:validation:Minimum=0
	AccountCount *int32 `json:"accountCount,omitempty"`

	// accounts are the first of the accounts that use the plan, in the order of their namespaces and names.
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

	// inForce tells by the date in UTC whether the revision is Past, Current or Future. An account's own zone may differ for some hours.
	// +optional
	// +kubebuilder:validation:Enum=Past;Current;Future
	InForce RevisionInForce `json:"inForce,omitempty"`

	// digest is the SHA-256 of the revision's content, in hexadecimal. Records of the ledger carry it.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Digest string `json:"digest,omitempty"`

	// firstPricedTime is when the operator first learned that the revision had priced something. From then on it is history.
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
