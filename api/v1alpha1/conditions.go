package v1alpha1

// Condition types. Each is True when all is well, so that a list of False ones is a list of what to
// mend.
const (
	// ConditionReady is the summary of the other conditions of an object. An account that is Ready
	// stays so for the first 30 seconds in which a new configuration is on its way to its gateway,
	// which serves the one before meanwhile, or in which the upstream is asked about new
	// credentials.
	ConditionReady = "Ready"

	// ConditionPlanResolved says whether the account's PricingPlan exists, may be used from its
	// namespace, and can be compiled.
	ConditionPlanResolved = "PlanResolved"
	// ConditionPlanPublished says whether the ConfigMap shows what the account pays, which is named
	// after the account and "-plan". No price is read from it, and it is no part of Ready.
	ConditionPlanPublished = "PlanPublished"
	// ConditionCredentialsValid says whether every Secret and key that the account names is there
	// and well-formed.
	ConditionCredentialsValid = "CredentialsValid"
	// ConditionChannelsHeld says whether the account holds all of its channels: of several accounts
	// with the same phoneNumberID, or the same pageID, the first one holds it, and the gateways of
	// the others do not serve it.
	ConditionChannelsHeld = "ChannelsHeld"
	// ConditionHostHeld says whether the account holds the host of its Ingress: of several accounts
	// with the same host the first one holds it, and the others have no Ingress.
	ConditionHostHeld = "HostHeld"
	// ConditionTemplatesServed says whether the account's gateway is given every template that the
	// upstream knows.
	ConditionTemplatesServed = "TemplatesServed"
	// ConditionClaimsGranted says whether what the account claims of its plan is applied:
	// exemptions, the international authentication rate and the size of its budget are the
	// platform's to grant.
	ConditionClaimsGranted = "ClaimsGranted"
	// ConditionGatewayAvailable says whether the account's gateway answers.
	ConditionGatewayAvailable = "GatewayAvailable"
	// ConditionConfigSynced says whether every ready gateway replica serves the configuration that
	// was wanted last.
	ConditionConfigSynced = "ConfigSynced"
	// ConditionUpstreamAccepts says whether the upstream accepts a channel's credentials and takes
	// its messages; of an account, whether that is so for all of its channels.
	ConditionUpstreamAccepts = "UpstreamAccepts"
	// ConditionWebhooksArrive says whether what a channel's upstream tells arrives; of an account,
	// whether that is so for all of its channels. False when a message was submitted five minutes
	// ago, and neither a status nor anything else has come from the channel since. Without webhooks
	// nothing is billed, and no window opens.
	ConditionWebhooksArrive = "WebhooksArrive"
	// ConditionStoreWritable says whether the gateway's store takes writes, and is there to stay.
	// Without it nothing is accepted, neither sends nor webhooks.
	ConditionStoreWritable = "StoreWritable"
	// ConditionStorageSufficient says whether the volume of an embedded store has room for the time
	// to come: 20 % of it is free, and what is free lasts for seven days. Its message tells when
	// the volume is larger than the spec asks for. Only an account with an embedded store has it.
	ConditionStorageSufficient = "StorageSufficient"
	// ConditionUsageCurrent says whether status.usage is what the gateway reports now.
	ConditionUsageCurrent = "UsageCurrent"
	// ConditionDeliveriesPriced says whether every delivered message could be priced. Those that
	// could not are not billed, and hold their part of the budget.
	ConditionDeliveriesPriced = "DeliveriesPriced"
	// ConditionWithinBudget says whether charges and reservations of the period are within the
	// account's budget, and no message is refused for it.
	ConditionWithinBudget = "WithinBudget"

	// ConditionSendsAccepted says whether the account's clients may send: neither the account nor
	// the platform has suspended it, and it is not hibernated. It is no part of Ready.
	ConditionSendsAccepted = "SendsAccepted"

	// ConditionCallbacksTaken says whether the business's endpoint takes the callbacks. False while
	// it takes nothing, and while some are set aside because they always failed. Only an account
	// with spec.callback has it.
	ConditionCallbacksTaken = "CallbacksTaken"

	// ConditionBillingAgrees says whether the upstream's statuses price the messages of the current
	// period as the ledger does, and where spec.upstreamCounts is 'Compared', whether its daily
	// counts do. False from the first message that differs to the end of the period.
	ConditionBillingAgrees = "BillingAgrees"

	// ConditionStatementsCurrent says whether the account's months are written as UsageStatements,
	// and closed when they are to be. It is no part of Ready.
	ConditionStatementsCurrent = "StatementsCurrent"

	// ConditionWebhookRegistered says whether the upstream sends the WhatsApp Business account's
	// webhooks to the gateway, and the app is subscribed to the fields that it needs. Only an
	// account with spec.webhooks.registration 'Register' has it.
	ConditionWebhookRegistered = "WebhookRegistered"
	// ConditionPageSubscribed says of a page or an Instagram account whether the app of its access
	// token is told of what happens there: without that, no webhook comes. An account with
	// spec.webhooks.registration 'Register' sums up its channels.
	ConditionPageSubscribed = "PageSubscribed"
	// ConditionProfileApplied says of a page whether it has the profile of its channel.
	ConditionProfileApplied = "ProfileApplied"
	// ConditionAccessTokensCurrent says whether the access tokens of the channels are theirs, are
	// good for 14 days more, and have the permissions that they need.
	ConditionAccessTokensCurrent = "AccessTokensCurrent"
	// ConditionPaymentMethodPresent says whether the WhatsApp Business account has a means of
	// payment at Meta: without one, what costs something is refused. Only an account with a
	// WhatsApp channel has it.
	ConditionPaymentMethodPresent = "PaymentMethodPresent"

	// ConditionReconciled says whether the operator's last look at the account was complete: it
	// could read what it needs and write what it must. What it could not read stays in the status
	// as it was. An account that is Ready stays so for the first 30 seconds.
	ConditionReconciled = "Reconciled"

	// ConditionAccepted says whether a template may be submitted: it passed the lint, names an
	// account that exists, and waits for no approver.
	ConditionAccepted = "Accepted"
	// ConditionReviewed says what an approver decided on a template that may not be submitted
	// without one. Other templates do not have it.
	ConditionReviewed = "Reviewed"
	// ConditionApproved says whether the upstream approved a template, so that it can be sent.
	ConditionApproved = "Approved"
	// ConditionServed says whether every ready replica of the account's gateway serves a template
	// as it is now, so that it can be sent at once.
	ConditionServed = "Served"
	// ConditionCategoryMatches says whether the upstream bills a template under the category that
	// its spec asks for.
	ConditionCategoryMatches = "CategoryMatches"
)

// Reasons of conditions. They are part of the API: scripts may match on them.
const (
	// ReasonReady: everything that the summary looks at is True.
	ReasonReady = "Ready"
	// ReasonPending: nothing has been observed yet.
	ReasonPending = "Pending"
	// ReasonPaused: spec.operation asks the operator to leave the gateway's objects alone.
	ReasonPaused = "Paused"
	// ReasonSuspended: spec.activity, or spec.suspensions of the PricingPlan, lets the account send
	// nothing.
	ReasonSuspended = "Suspended"
	// ReasonHibernated: spec.activity, or spec.gateway.replicas, asks for no gateway to run.
	ReasonHibernated = "Hibernated"
	// ReasonSendsAccepted: the account's clients may send.
	ReasonSendsAccepted = "SendsAccepted"
	// ReasonUpstreamUnreachable: the Graph API did not answer, or answered with a passing error.
	ReasonUpstreamUnreachable = "UpstreamUnreachable"

	// ReasonReconciled: the operator's last look was complete.
	ReasonReconciled = "Reconciled"
	// ReasonReadFailed: the operator could not read what it needs; the message names it.
	ReasonReadFailed = "ReadFailed"
	// ReasonWriteFailed: the operator could not write an object; the message names it.
	ReasonWriteFailed = "WriteFailed"
	// ReasonReconcileFailed: something else failed; the operator's log says what.
	ReasonReconcileFailed = "ReconcileFailed"

	// ReasonPlanResolved: the plan was found, allowed and compiled.
	ReasonPlanResolved = "PlanResolved"
	// ReasonPlanNotFound: there is no PricingPlan of that name.
	ReasonPlanNotFound = "PlanNotFound"
	// ReasonPlanNotAllowed: the plan's allowedNamespaces do not include the account's namespace.
	ReasonPlanNotAllowed = "PlanNotAllowed"
	// ReasonPlanInvalid: the plan cannot price messages; the message names the fields.
	ReasonPlanInvalid = "PlanInvalid"
	// ReasonCurrencyMismatch: the account is already billed in another currency than the plan's.
	ReasonCurrencyMismatch = "CurrencyMismatch"
	// ReasonExemptionUnknown: the account names an exemption that no revision of the plan has.
	ReasonExemptionUnknown = "ExemptionUnknown"
	// ReasonHistoryLost: a revision that has priced messages of the account is not stored as it
	// was, so that the plan prices as it is now; or the record of it was lost and the plan changed.
	ReasonHistoryLost = "HistoryLost"
	// ReasonTimeZoneUnknown: the account's time zone is not in the IANA database.
	ReasonTimeZoneUnknown = "TimeZoneUnknown"

	// ReasonPlanPublished: the ConfigMap is up to date.
	ReasonPlanPublished = "PlanPublished"

	// ReasonCredentialsValid: every Secret and key that the account names is there.
	ReasonCredentialsValid = "CredentialsValid"
	// ReasonSecretNotFound: a Secret that the account names is not there.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretKeyMissing: a Secret is there, but a key is not, or it is empty.
	ReasonSecretKeyMissing = "SecretKeyMissing"
	// ReasonSecretInvalid: a Secret holds a certificate and a key that do not belong together, or
	// are none.
	ReasonSecretInvalid = "SecretInvalid"

	// ReasonTemplatesServed: no template was left out.
	ReasonTemplatesServed = "TemplatesServed"
	// ReasonTemplateLeftOut: a gateway could not send a template; the message names it. The others
	// are served.
	ReasonTemplateLeftOut = "TemplateLeftOut"

	// ReasonClaimsGranted: the account's claims are applied as they stand.
	ReasonClaimsGranted = "ClaimsGranted"
	// ReasonNotGranted: a claim is not applied, or not as it stands; the message names the field
	// and who grants it.
	ReasonNotGranted = "NotGranted"

	// ReasonChannelsHeld: no other account holds a phone number or a page of this one.
	ReasonChannelsHeld = "ChannelsHeld"
	// ReasonChannelTaken: another account holds a phone number or a page of this one; the message
	// names the channel.
	ReasonChannelTaken = "ChannelTaken"

	// ReasonHostHeld: no other account holds the host of this one's Ingress.
	ReasonHostHeld = "HostHeld"
	// ReasonHostTaken: another account holds the host of this one's Ingress.
	ReasonHostTaken = "HostTaken"

	// ReasonGatewayAvailable: at least one replica is ready.
	ReasonGatewayAvailable = "GatewayAvailable"
	// ReasonGatewayProgressing: the gateway is being rolled out.
	ReasonGatewayProgressing = "GatewayProgressing"
	// ReasonGatewayUnavailable: no replica is ready.
	ReasonGatewayUnavailable = "GatewayUnavailable"
	// ReasonForeignObject: an object of the gateway's name exists and belongs to somebody else.
	ReasonForeignObject = "ForeignObject"
	// ReasonKeysLost: the Secret with the account's keys is gone, while the volume that they unlock
	// is still there.
	ReasonKeysLost = "KeysLost"
	// ReasonLedgerLost: the volume is gone, and the ledger on it.
	ReasonLedgerLost = "LedgerLost"
	// ReasonLedgerUnknown: the keys are those of a ledger that the operator has no record of, or
	// spec.adopt names one.
	ReasonLedgerUnknown = "LedgerUnknown"
	// ReasonLedgerNotGranted: the ledger that spec.adopt names belongs to another account.
	ReasonLedgerNotGranted = "LedgerNotGranted"
	// ReasonApplyRefused: the API server refused one of the gateway's objects; the message says
	// why.
	ReasonApplyRefused = "ApplyRefused"

	// ReasonConfigSynced: every ready replica serves the wanted configuration.
	ReasonConfigSynced = "ConfigSynced"
	// ReasonConfigTooLarge: the configuration does not fit into a Secret; the gateway keeps the one
	// before.
	ReasonConfigTooLarge = "ConfigTooLarge"
	// ReasonConfigPropagating: a replica still serves an older configuration, without what was
	// changed.
	ReasonConfigPropagating = "ConfigPropagating"
	// ReasonConfigRefused: a replica refused the configuration and keeps its last good one.
	ReasonConfigRefused = "ConfigRefused"
	// ReasonConfigHeld: a newer configuration cannot be made; the gateway goes on with the last
	// one, which the message names.
	ReasonConfigHeld = "ConfigHeld"
	// ReasonConfigUnknown: no replica has reported.
	ReasonConfigUnknown = "ConfigUnknown"

	// ReasonUsageCurrent: the figures are the gateway's latest.
	ReasonUsageCurrent = "UsageCurrent"
	// ReasonLedgerRegressed: the gateway's ledger lacks records that status.usage has published:
	// its store was lost, or restored from before. status.usage stays as it was.
	ReasonLedgerRegressed = "LedgerRegressed"
	// ReasonReportUnavailable: the gateway's report could not be read; the figures are as of
	// status.usage.asOfTime.
	ReasonReportUnavailable = "ReportUnavailable"

	// ReasonDeliveriesPriced: no delivered message waits for its price.
	ReasonDeliveriesPriced = "DeliveriesPriced"
	// ReasonRateMissing: delivered messages wait for a rate; the message names market and category.
	ReasonRateMissing = "RateMissing"
	// ReasonMessagesUnreadable: what prices delivered messages cannot be read: it was damaged, or
	// is sealed with a key that the keyset lacks.
	ReasonMessagesUnreadable = "MessagesUnreadable"

	// ReasonUpstreamAccepts: the upstream accepts the credentials.
	ReasonUpstreamAccepts = "UpstreamAccepts"
	// ReasonUpstreamNotChecked: the upstream was not asked yet.
	ReasonUpstreamNotChecked = "UpstreamNotChecked"
	// ReasonUpstreamNotReported: the gateway's image is of a release that does not report it. Ready
	// leaves it out.
	ReasonUpstreamNotReported = "UpstreamNotReported"
	// ReasonAccessTokenRefused: the upstream does not accept the access token (190 or 0).
	ReasonAccessTokenRefused = "AccessTokenRefused"
	// ReasonPhoneNumberUnknown: the upstream knows no phone number of that id, or the token may not
	// see it (100 or 33).
	ReasonPhoneNumberUnknown = "PhoneNumberUnknown"
	// ReasonPageUnknown: the page or Instagram account does not exist, or the token may not see it.
	ReasonPageUnknown = "PageUnknown"
	// ReasonPermissionMissing: the access token lacks a permission (10 or 200 to 299).
	ReasonPermissionMissing = "PermissionMissing"
	// ReasonPaymentMissing: the upstream takes no billable messages until a means of payment is
	// added at Meta (131042).
	ReasonPaymentMissing = "PaymentMissing"
	// ReasonAccountRestricted: the upstream has locked or restricted the WhatsApp Business account
	// (131031 or 368).
	ReasonAccountRestricted = "AccountRestricted"
	// ReasonPhoneNumberNotRegistered: the number is not registered for the Cloud API (133010).
	ReasonPhoneNumberNotRegistered = "PhoneNumberNotRegistered"
	// ReasonUpstreamRefuses: the upstream refuses everything, or a question of the operator, with
	// another code, which the message names.
	ReasonUpstreamRefuses = "UpstreamRefuses"
	// ReasonUpstreamFailing: the upstream answers that it cannot work now.
	ReasonUpstreamFailing = "UpstreamFailing"

	// ReasonWebhooksArrive: no status is missing.
	ReasonWebhooksArrive = "WebhooksArrive"
	// ReasonSignatureRefused: nothing comes from the channel but webhooks that are not signed with
	// its app secret, which are refused.
	ReasonSignatureRefused = "SignatureRefused"
	// ReasonNothingArrives: nothing comes from the channel.
	ReasonNothingArrives = "NothingArrives"
	// ReasonWebhooksNotReported: the gateway's image is of a release that does not report it. Ready
	// leaves it out.
	ReasonWebhooksNotReported = "WebhooksNotReported"

	// ReasonWebhookRegistered: the webhooks go to the gateway.
	ReasonWebhookRegistered = "WebhookRegistered"
	// ReasonRegistrationWaits: the gateway cannot answer Meta's handshake yet; the message names
	// what it waits for.
	ReasonRegistrationWaits = "RegistrationWaits"
	// ReasonHandshakeFailed: Meta called the URL and did not get the answer that it wants.
	ReasonHandshakeFailed = "HandshakeFailed"
	// ReasonRegistrationRefused: Meta refuses the override for another reason, which the message
	// names.
	ReasonRegistrationRefused = "RegistrationRefused"
	// ReasonFieldsMissing: the app is not subscribed to fields that the gateway needs; the message
	// names them.
	ReasonFieldsMissing = "FieldsMissing"

	// ReasonPageSubscribed: the app is told of everything that the gateway needs.
	ReasonPageSubscribed = "PageSubscribed"
	// ReasonProfileApplied: the page has the profile.
	ReasonProfileApplied = "ProfileApplied"
	// ReasonTokenOfAnotherPage: the access token is of another page than the channel's.
	ReasonTokenOfAnotherPage = "TokenOfAnotherPage"

	// ReasonAccessTokensCurrent: no token ends within 14 days.
	ReasonAccessTokensCurrent = "AccessTokensCurrent"
	// ReasonAccessTokenExpires: a token, or its access to data, ends within 14 days, or has ended;
	// the message names the Secret and the date.
	ReasonAccessTokenExpires = "AccessTokenExpires"

	// ReasonPaymentMethodPresent: there is a means of payment.
	ReasonPaymentMethodPresent = "PaymentMethodPresent"
	// ReasonPaymentMethodMissing: there is none.
	ReasonPaymentMethodMissing = "PaymentMethodMissing"

	// ReasonStoreWritable: the store takes writes.
	ReasonStoreWritable = "StoreWritable"
	// ReasonVolumeFull: the store's volume, or the database server's, has no space left.
	ReasonVolumeFull = "VolumeFull"
	// ReasonVolumeReadOnly: the store's volume, or the database server, is read-only.
	ReasonVolumeReadOnly = "VolumeReadOnly"
	// ReasonVolumeDeleting: the PersistentVolumeClaim is being deleted: the ledger goes with the
	// gateway's pod.
	ReasonVolumeDeleting = "VolumeDeleting"
	// ReasonDatabaseUnreachable: the PostgreSQL server cannot be reached.
	ReasonDatabaseUnreachable = "DatabaseUnreachable"
	// ReasonStoreSuperseded: another process has opened the store, or a newer release has migrated
	// it, and the gateway may not use it any more.
	ReasonStoreSuperseded = "StoreSuperseded"
	// ReasonStoreFailing: writing to the store fails for another reason.
	ReasonStoreFailing = "StoreFailing"

	// ReasonSufficient: the volume has room for the time to come.
	ReasonSufficient = "Sufficient"
	// ReasonFillingUp: less than 20 % of the volume is free, or it is full in less than seven days.
	ReasonFillingUp = "FillingUp"

	// ReasonStatementsCurrent: the account's months are written.
	ReasonStatementsCurrent = "StatementsCurrent"
	// ReasonStatementFailed: a statement could not be written; the message says why.
	ReasonStatementFailed = "StatementFailed"
	// ReasonStatementOverdue: a month is still open that should have been closed the day before.
	ReasonStatementOverdue = "StatementOverdue"

	// ReasonBillingAgrees: no status and no daily count says otherwise than the ledger.
	ReasonBillingAgrees = "BillingAgrees"
	// ReasonUpstreamDiffers: statuses or daily counts say that messages are billed, or free, or of
	// a category, otherwise than the ledger.
	ReasonUpstreamDiffers = "UpstreamDiffers"
	// ReasonCountsUnread: the daily count of a day could not be compared; the message says why. It
	// is tried again every hour.
	ReasonCountsUnread = "CountsUnread"

	// ReasonCallbacksTaken: no callback is set aside, and those that wait are taken.
	ReasonCallbacksTaken = "CallbacksTaken"
	// ReasonEndpointFailing: the business's endpoint takes nothing; the message says what it
	// answers and how many callbacks wait.
	ReasonEndpointFailing = "EndpointFailing"
	// ReasonCallbacksLost: callbacks were lost because too many waited or were set aside.
	ReasonCallbacksLost = "CallbacksLost"
	// ReasonCallbacksRefused: callbacks are set aside because the business's endpoint does not take
	// them: it takes others, or they have failed for seven days.
	ReasonCallbacksRefused = "CallbacksRefused"

	// ReasonWithinBudget: charges and reservations are below the budget and its warning levels.
	ReasonWithinBudget = "WithinBudget"
	// ReasonNoBudget: the account has no budget.
	ReasonNoBudget = "NoBudget"
	// ReasonBudgetWarning: a warning level of the budget has been passed.
	ReasonBudgetWarning = "BudgetWarning"
	// ReasonBudgetTooLow: less is left of the budget than a message can cost that was refused for
	// it.
	ReasonBudgetTooLow = "BudgetTooLow"
	// ReasonBudgetExhausted: the budget is spent.
	ReasonBudgetExhausted = "BudgetExhausted"

	// ReasonAccepted: the template passed the lint and its account exists.
	ReasonAccepted = "Accepted"
	// ReasonLintFailed: the template breaks a rule; status.findings lists each.
	ReasonLintFailed = "LintFailed"
	// ReasonAccountNotFound: the BusinessAccount that the template names is not there.
	ReasonAccountNotFound = "AccountNotFound"
	// ReasonAccountNotReady: the account's plan or credentials are not in order yet.
	ReasonAccountNotReady = "AccountNotReady"
	// ReasonChannelNotFound: the account has no page of the name that the template gives.
	ReasonChannelNotFound = "ChannelNotFound"
	// ReasonDuplicate: another MessageTemplate of the account has the same name and language.
	ReasonDuplicate = "Duplicate"

	// ReasonPromotionRefused: the template's category is marketing, and the plan or the account
	// refuses promotion.
	ReasonPromotionRefused = "PromotionRefused"
	// ReasonAwaitingApproval: an approver must decide first; the message says why.
	ReasonAwaitingApproval = "AwaitingApproval"
	// ReasonReviewApproved: an approver lets the template be submitted.
	ReasonReviewApproved = "ReviewApproved"
	// ReasonReviewRejected: an approver does not; the message says who and why.
	ReasonReviewRejected = "ReviewRejected"

	// ReasonApproved: the upstream approved the template.
	ReasonApproved = "Approved"
	// ReasonServed: every ready replica serves the template.
	ReasonServed = "Served"
	// ReasonInReview: the upstream has the template and has not decided.
	ReasonInReview = "InReview"
	// ReasonRejected: the upstream rejected the template; the message says why.
	ReasonRejected = "Rejected"
	// ReasonUpstreamPaused: the upstream paused the template for its quality.
	ReasonUpstreamPaused = "UpstreamPaused"
	// ReasonDisabled: the upstream disabled the template for good.
	ReasonDisabled = "Disabled"
	// ReasonUpstreamChanged: the upstream's copy differs from the spec; the message says in what.
	ReasonUpstreamChanged = "UpstreamChanged"
	// ReasonSubmissionDelayed: the template waits for its turn: the upstream takes no more than 100
	// submissions in an hour.
	ReasonSubmissionDelayed = "SubmissionDelayed"
	// ReasonSubmissionFailed: the upstream refused the submission; the message says why.
	ReasonSubmissionFailed = "SubmissionFailed"
	// ReasonUpstreamMissing: the upstream no longer knows the template.
	ReasonUpstreamMissing = "UpstreamMissing"

	// ReasonCategoryMatches: the upstream's category is the spec's.
	ReasonCategoryMatches = "CategoryMatches"
	// ReasonCategoryChanged: the upstream bills the template under another category; the message
	// says what that costs.
	ReasonCategoryChanged = "CategoryChanged"
)
