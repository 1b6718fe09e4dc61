package v1alpha1

// PricingRevision is the rules and rates from one local midnight on.
//
// +kubebuilder:validation:XValidation:rule="self.unit == 'Conversation' ? has(self.conversation) : !has(self.conversation)",message="conversation must be set when unit is 'Conversation', and only then"
type PricingRevision struct {
	// name identifies the revision in records and in status.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="must be lower-case letters, digits, '-' and '.', and begin and end with a letter or a digit"
	Name string `json:"name,omitempty"`

	// effectiveDate is the first day on which the revision is in force, in the account's time zone.
	// +required
	EffectiveDate CivilDate `json:"effectiveDate,omitempty"`

	// marketBy is how the market of a customer is found: CallingCode (the default) by the phone
	// number's or the user id's country, or on Messenger by the time zone in which the customer
	// has subscribed to marketing, None where prices do not depend on it; then only rates of the
	// market Any apply.
	// +optional
	// +kubebuilder:validation:Enum=CallingCode;None
	MarketBy string `json:"marketBy,omitempty"`

	// classifyBy is what a message is billed as: Category is its template's category, and Service
	// without a template; Form is Template or Service; Initiator is UserInitiated when it was sent
	// inside the service window, else BusinessInitiated.
	// +required
	// +kubebuilder:validation:Enum=Category;Form;Initiator
	ClassifyBy string `json:"classifyBy,omitempty"`

	// unit is what is billed: each delivered Message, or a Conversation that a delivered message
	// opens.
	// +required
	// +kubebuilder:validation:Enum=Message;Conversation
	Unit string `json:"unit,omitempty"`

	// outsideWindow is what becomes of a free-form message outside the service window: TemplateOnly
	// refuses it, Billed lets it through at its rate.
	// +required
	// +kubebuilder:validation:Enum=TemplateOnly;Billed
	OutsideWindow string `json:"outsideWindow,omitempty"`

	// promotion is 'Refused' where nothing promotional may be sent, as it was announced in 2018:
	// messages of the category marketing are refused, so are MessageTemplates of that category, and
	// one that reads as promotion waits for an approver. The default is 'Allowed'. An account can
	// refuse promotion too, and never allow what the plan refuses.
	// +optional
	Promotion Promotion `json:"promotion,omitempty"`

	// rateAt is the instant whose revision and market price a message that was sent under this
	// revision.
	// +required
	RateAt MessageInstant `json:"rateAt,omitempty"`

	// categoryAt is the instant whose category of the template counts. The default is Send.
	// +optional
	CategoryAt MessageInstant `json:"categoryAt,omitempty"`

	// serviceWindow says what opens the window in which the business may answer freely.
	// +required
	ServiceWindow ServiceWindow `json:"serviceWindow,omitzero"`

	// entryPoint says how an advertisement or a page's button opens a free entry point. Without it
	// there is none.
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

	// allowances are numbers of messages or conversations that cost nothing, tried in order after
	// the free rules.
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

	// internationalAuthentication says where authentication messages from abroad have a rate of
	// their own.
	// +optional
	InternationalAuthentication *InternationalAuthentication `json:"internationalAuthentication,omitempty"`

	// rates are the list prices by market. A rate that is not here is unknown: its messages are
	// held as unpriced, never priced 0.
	// +optional
	// +listType=map
	// +listMapKey=market
	// +kubebuilder:validation:MaxItems=100
	Rates []MarketRates `json:"rates,omitempty"`

	// ratedAs lists categories that cost what another one costs, where rates has no price of their
	// own. They share its tiers and mark-up.
	// +optional
	// +listType=map
	// +listMapKey=category
	// +kubebuilder:validation:MaxItems=16
	RatedAs []CategoryRatedAs `json:"ratedAs,omitempty"`

	// tiers are lower prices above a volume of the month.
	// +optional
	// +listType=map
	// +listMapKey=market
	// +listMapKey=category
	// +kubebuilder:validation:MaxItems=200
	Tiers []VolumeTiers `json:"tiers,omitempty"`

	// markups are what is charged on top of the cost, by category. A category without one is
	// charged at cost.
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
	// openings are sets of events, each with the length of the window that it opens. An event that
	// several name opens the longest.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	Openings []WindowOpening `json:"openings,omitempty"`

	// humanAgent are openings of the longer window in which a person of the business may answer,
	// where the network and the account allow that: Messenger gives people 7 days with the tag
	// HUMAN_AGENT. Without any, they have the service window.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	HumanAgent []WindowOpening `json:"humanAgent,omitempty"`

	// privateReply are openings of the window in which a public comment may be answered in private,
	// once: the event is 'Comment'. Without any, no private reply is sent.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	PrivateReply []WindowOpening `json:"privateReply,omitempty"`
}

// WindowOpening is a set of events that open the service window.
type WindowOpening struct {
	// events open the window, or restart it.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	Events []InboundEvent `json:"events,omitempty"`

	// durationSeconds is the length of the window from the event on, in elapsed seconds: 86400 is
	// 24 hours on every day of the year.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2592000
	DurationSeconds int64 `json:"durationSeconds,omitempty"`
}

// EntryPoint says how a free entry point opens: the customer arrives in one of the ways, and the
// business replies in time.
type EntryPoint struct {
	// opensOn are the ways in which a customer can arrive: by default an advertisement, and a
	// page's button.
	// +optional
	// +listType=set
	// +kubebuilder:default={Ad,PageButton}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=9
	OpensOn []InboundEvent `json:"opensOn,omitempty"`

	// replyWithinSeconds is by when, after the customer's arrival, the business must have sent its
	// reply.
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

	// expiry is what ends the entry point: Fixed is durationSeconds; Upstream is the end that the
	// upstream states, and durationSeconds where it states none.
	// +required
	// +kubebuilder:validation:Enum=Fixed;Upstream
	Expiry string `json:"expiry,omitempty"`

	// conversations is what becomes of the open billed conversations when the entry point opens:
	// Keep (the default) or Close.
	// +optional
	// +kubebuilder:validation:Enum=Keep;Close
	Conversations string `json:"conversations,omitempty"`
}

// ConversationUnit says how billed conversations open and which messages join an open one. A
// message that joins none opens one of its own category when it is delivered.
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

	// freeFormJoins is which open conversation a message without a template joins: Any, or one of
	// the SameCategory.
	// +required
	// +kubebuilder:validation:Enum=Any;SameCategory
	FreeFormJoins string `json:"freeFormJoins,omitempty"`
}

// FreeRule says which messages cost nothing. A rule without categories and without forms is for
// every message.
//
// +kubebuilder:validation:XValidation:rule="self.when == 'Always' ? !has(self.at) : has(self.at)",message="at must be set unless when is 'Always', and only then"
type FreeRule struct {
	// name identifies the rule.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be lower-case letters, digits and '-', and begin and end with a letter or a digit"
	Name string `json:"name,omitempty"`

	// reason is what the record of the message says.
	// +required
	// +kubebuilder:validation:Enum=ServiceWindow;FreeEntryPoint;Conversation;Exempt;Reaction
	Reason string `json:"reason,omitempty"`

	// when is the state that makes the message free: InServiceWindow, InEntryPoint, InConversation
	// (one of its own category that is open already), or Always.
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

	// forms restrict the rule to messages of these forms. Direct is a message that is sent as if it
	// were a template, with a category of its own.
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
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be lower-case letters, digits and '-', and begin and end with a letter or a digit"
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

	// per is whose allowance it is: that of each Channel, of the Account, or of the Portfolio of
	// accounts.
	// +required
	// +kubebuilder:validation:Enum=Channel;Account;Portfolio
	Per string `json:"per,omitempty"`

	// period is after what the count begins anew: a Month of the calendar in the account's time
	// zone.
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
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be lower-case letters, digits and '-', and begin and end with a letter or a digit"
	Name string `json:"name,omitempty"`

	// of are the categories that are exempt.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Of []MessageCategory `json:"of,omitempty"`

	// lastDate is the last day of the exemption, in the account's time zone. Without it the
	// exemption has no end.
	// +optional
	LastDate CivilDate `json:"lastDate,omitempty"`
}

// InternationalAuthentication says where authentication messages are billed as
// AuthenticationInternational: in these countries, when the business's primary location is
// elsewhere (or not verified), from the start time that the upstream set for the account.
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
// +kubebuilder:validation:XValidation:rule="self in ['AC','AD','AE','AF','AG','AI','AL','AM','AO','AQ','AR','AS','AT','AU','AW','AX','AZ','BA','BB','BD','BE','BF','BG','BH','BI','BJ','BL','BM','BN','BO','BQ','BR','BS','BT','BV','BW','BY','BZ','CA','CC','CD','CF','CG','CH','CI','CK','CL','CM','CN','CO','CR','CU','CV','CW','CX','CY','CZ','DE','DJ','DK','DM','DO','DZ','EC','EE','EG','EH','ER','ES','ET','FI','FJ','FK','FM','FO','FR','GA','GB','GD','GE','GF','GG','GH','GI','GL','GM','GN','GP','GQ','GR','GS','GT','GU','GW','GY','HK','HM','HN','HR','HT','HU','ID','IE','IL','IM','IN','IO','IQ','IR','IS','IT','JE','JM','JO','JP','KE','KG','KH','KI','KM','KN','KP','KR','KW','KY','KZ','LA','LB','LC','LI','LK','LR','LS','LT','LU','LV','LY','MA','MC','MD','ME','MF','MG','MH','MK','ML','MM','MN','MO','MP','MQ','MR','MS','MT','MU','MV','MW','MX','MY','MZ','NA','NC','NE','NF','NG','NI','NL','NO','NP','NR','NU','NZ','OM','PA','PE','PF','PG','PH','PK','PL','PM','PN','PR','PS','PT','PW','PY','QA','RE','RO','RS','RU','RW','SA','SB','SC','SD','SE','SG','SH','SI','SJ','SK','SL','SM','SN','SO','SR','SS','ST','SV','SX','SY','SZ','TA','TC','TD','TF','TG','TH','TJ','TK','TL','TM','TN','TO','TR','TT','TV','TW','TZ','UA','UG','UM','US','UY','UZ','VA','VC','VE','VG','VI','VN','VU','WF','WS','XK','YE','YT','ZA','ZM','ZW']",message="must be a country code of ISO 3166-1, for example 'FR'"
type CountryCode string
