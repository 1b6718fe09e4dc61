// Package advice says what to do about the reason of a condition that is not True.
package advice

import (
	"maps"
	"slices"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// For returns what to do about a reason: a sentence without a full stop. It is empty if nothing is
// to be done, or the reason is not known.
func For(reason string) string { return texts[reason] }

// Reasons lists the reasons for which there is advice.
func Reasons() []string { return slices.Sorted(maps.Keys(texts)) }

// wait is the advice where time alone helps.
const wait = "Wait some seconds, and look again"

var texts = map[string]string{
	v1alpha1.ReasonPending: wait,
	v1alpha1.ReasonPaused:  "Set spec.operation to 'Active' when the gateway's objects may be changed again",

	v1alpha1.ReasonReadFailed: "Give the operator the right that is missing (config/rbac), or mend the API " +
		"server: its log says more",
	v1alpha1.ReasonWriteFailed: "Give the operator the right that is missing (config/rbac), or mend the API " +
		"server: its log says more",
	v1alpha1.ReasonReconcileFailed: "Read the operator's log: kubectl -n guichet-system logs " +
		"deployment/guichet-operator",

	v1alpha1.ReasonPlanNotFound:     "Create the PricingPlan, or correct spec.planName",
	v1alpha1.ReasonPlanNotAllowed:   "Ask the platform team to label the namespace: the message names the label",
	v1alpha1.ReasonPlanInvalid:      "Correct the PricingPlan: guichet plan check says what is wrong",
	v1alpha1.ReasonRatesMissing:     "Add the rates that the message names: guichet plan check lists them",
	v1alpha1.ReasonCurrencyMismatch: "Use a plan and a budget of one currency",
	v1alpha1.ReasonTimeZoneUnknown:  "Make the account anew with a zone of the IANA database: it cannot be changed",
	v1alpha1.ReasonExemptionUnknown: "Correct spec.exemptions, or add the exemption to the plan",
	v1alpha1.ReasonHistoryChanged:   "Put the revision back as it was, and say what is new in a revision of its own",
	v1alpha1.ReasonHistoryLost: "Restore the object that the message names from a backup of the operator's " +
		"namespace, or put the plan back " +
		"as it was",
	v1alpha1.ReasonNotGranted: "Have the platform team grant it in the plan, or take the claim out of the account",

	v1alpha1.ReasonSecretNotFound:   "Create the Secret that the message names",
	v1alpha1.ReasonSecretKeyMissing: "Put the key that the message names into the Secret",
	v1alpha1.ReasonSecretInvalid:    "Put a certificate and its own key into the Secret that the message names",

	v1alpha1.ReasonChannelTaken:    "Remove the channel from one of the two accounts",
	v1alpha1.ReasonHostTaken:       "Give one of the two accounts another host",
	v1alpha1.ReasonTemplateLeftOut: "Correct the template that the message names, or delete it",

	v1alpha1.ReasonGatewayProgressing: wait,
	v1alpha1.ReasonGatewayUnavailable: "See what the message names, then the log: kubectl guichet logs",
	v1alpha1.ReasonForeignObject:      "Rename or delete the object that is in the way",
	v1alpha1.ReasonApplyRefused:       "Raise the quota, or change the policy, that the message names",
	v1alpha1.ReasonKeysLost: "Restore the Secret with the keys from its backup: without it the store " +
		"cannot be read",
	v1alpha1.ReasonLedgerLost: "Restore the PersistentVolumeClaim from a snapshot (docs/platform.md, Back " +
		"up and restore)",
	v1alpha1.ReasonLedgerUnknown: "Restore the record, ConfigMap guichet-ledger-…, into the operator's namespace",
	v1alpha1.ReasonLedgerNotGranted: "Have the platform team annotate the ledger's record: the message says with " +
		"what",

	v1alpha1.ReasonConfigTooLarge:    "Delete templates and tokens that are not needed, or use a plan with fewer rates",
	v1alpha1.ReasonConfigPropagating: wait,
	v1alpha1.ReasonConfigRefused:     "Put back what was changed last: the message has the gateway's reason",
	v1alpha1.ReasonConfigHeld:        "Mend PlanResolved and CredentialsValid first",
	v1alpha1.ReasonConfigUnknown:     "Mend UsageCurrent first: the gateway's report cannot be read",

	v1alpha1.ReasonLedgerRegressed: "Restore the store, or go on with what it has (docs/platform.md, " +
		"LedgerRegressed)",
	v1alpha1.ReasonReportUnavailable: "See that the operator reaches port 8443 of the gateway's pods: the message " +
		"says what failed",

	v1alpha1.ReasonRateMissing: "Add the rate to the plan's revision that was in force: what waits is then " +
		"priced by it",
	v1alpha1.ReasonMessagesUnreadable: "Restore the store, or the key that is missing (docs/gateway.md, Unreadable " +
		"rows)",

	v1alpha1.ReasonUpstreamNotChecked:  wait,
	v1alpha1.ReasonUpstreamNotReported: "Set spec.gateway.image to a newer release",
	v1alpha1.ReasonAccessTokenRefused: "Put a valid access token into the channel's Secret: it is tried within " +
		"seconds",
	v1alpha1.ReasonPermissionMissing: "Use a token with whatsapp_business_messaging and " +
		"whatsapp_business_management (of a page, those that " +
		"the message names)",
	v1alpha1.ReasonPhoneNumberUnknown:       "Correct phoneNumberID, or use a token that may see the number",
	v1alpha1.ReasonPageUnknown:              "Correct pageID or instagramID, or use a token of the page",
	v1alpha1.ReasonTokenOfAnotherPage:       "Put the page's own access token into the channel's Secret",
	v1alpha1.ReasonPhoneNumberNotRegistered: "Register the number for the Cloud API at Meta",
	v1alpha1.ReasonPaymentMissing:           "Add a means of payment at Meta: messages then go within a minute",
	v1alpha1.ReasonAccountRestricted:        "See Meta's Business Manager, which says why and what to do",
	v1alpha1.ReasonUpstreamRefuses:          "Look up the code that the message names in Meta's documentation",
	v1alpha1.ReasonUpstreamUnreachable: "See that the cluster reaches the channel's baseURL: DNS, TLS and the " +
		"connection",
	v1alpha1.ReasonUpstreamFailing: "Wait until the upstream works again: messages are kept and tried",

	v1alpha1.ReasonSignatureRefused: "Put the app's secret at Meta into 'appSecret' of the channel's Secret: " +
		"Meta tells again for seven days",
	v1alpha1.ReasonNothingArrives: "At Meta, register the webhook URL and subscribe 'messages'; see that the " +
		"Ingress leads to the gateway",
	v1alpha1.ReasonWebhooksNotReported: "Set spec.gateway.image to a newer release",

	v1alpha1.ReasonRegistrationWaits: "Mend the conditions that the message names first",
	v1alpha1.ReasonHandshakeFailed: "Make the webhook URL reachable from the internet, with a certificate that " +
		"is valid for its host",
	v1alpha1.ReasonRegistrationRefused: "Do what Meta says in the message",
	v1alpha1.ReasonFieldsMissing: "Subscribe the app to the fields that the message names, in its dashboard " +
		"at Meta",

	v1alpha1.ReasonAccessTokenExpires:   "Put a new access token into the Secret; one of a system user never ends",
	v1alpha1.ReasonPaymentMethodMissing: "Add a means of payment at Meta before it is needed",

	v1alpha1.ReasonVolumeFull:     "Raise spec.gateway.storage.embedded.size, or make room in the database",
	v1alpha1.ReasonVolumeReadOnly: "Repair the volume or the database: its node or server has the reason",
	v1alpha1.ReasonVolumeDeleting: "Export the ledger or take a snapshot before anything restarts the pod, " +
		"then restore the claim",
	v1alpha1.ReasonDatabaseUnreachable: "Start the PostgreSQL server, or correct the connection's Secret",
	v1alpha1.ReasonStoreSuperseded:     "See that nothing else uses the store, then delete the gateway's pod",
	v1alpha1.ReasonStoreFailing:        "Repair the volume or the database: the gateway's log has its error",
	v1alpha1.ReasonFillingUp:           "Raise spec.gateway.storage.embedded.size before the volume is full",

	v1alpha1.ReasonCountsUnread:     "Give the token whatsapp_business_management: the message says what failed",
	v1alpha1.ReasonStatementFailed:  "Mend what the message says: the statement is written again by itself",
	v1alpha1.ReasonStatementOverdue: "Have the gateway run, with the image of this release: it makes up the figures",

	v1alpha1.ReasonSuspended:  "Let it send again with kubectl guichet resume, unless the plan suspends it",
	v1alpha1.ReasonHibernated: "Let it run again with kubectl guichet resume, or raise spec.gateway.replicas",

	v1alpha1.ReasonUpstreamDiffers: "Compare the plan with Meta's price list, and the ledger with Meta's count " +
		"(docs/ledger.md)",

	v1alpha1.ReasonEndpointFailing:  "Mend the endpoint of spec.callback: callbacks wait for seven days",
	v1alpha1.ReasonCallbacksRefused: "Mend the endpoint, then kubectl guichet callbacks replay --all",
	v1alpha1.ReasonCallbacksLost:    "Mend the endpoint, then replay or drop what is set aside",

	v1alpha1.ReasonBudgetWarning:   "Raise spec.budget.limit before it is spent, if more is to be sent",
	v1alpha1.ReasonBudgetTooLow:    "Raise spec.budget.limit: it takes effect within seconds",
	v1alpha1.ReasonBudgetExhausted: "Raise spec.budget.limit: it takes effect within seconds",

	v1alpha1.ReasonLintFailed:       "Correct the template: status.findings lists each rule that it breaks",
	v1alpha1.ReasonDuplicate:        "Delete one of the two MessageTemplates",
	v1alpha1.ReasonAccountNotFound:  "Create the account, or correct spec.accountName",
	v1alpha1.ReasonAccountNotReady:  "Mend the account first",
	v1alpha1.ReasonChannelNotFound:  "Correct spec.channelName, or add the page to the account",
	v1alpha1.ReasonPromotionRefused: "Use another category for what is not promotional",
	v1alpha1.ReasonAwaitingApproval: "Have an approver decide: kubectl guichet template approve, or reject",
	v1alpha1.ReasonReviewRejected:   "Change the template as the approver says: an edit asks again",

	v1alpha1.ReasonInReview:       "Wait for Meta's review, which may take a day",
	v1alpha1.ReasonRejected:       "Change the template as Meta says: an edit submits it again",
	v1alpha1.ReasonUpstreamPaused: "Improve the template: Meta paused it for its quality",
	v1alpha1.ReasonDisabled:       "Write another template: Meta does not enable this one again",
	v1alpha1.ReasonUpstreamChanged: "Put the template at Meta back as it was, or change the spec: the message " +
		"says in what they differ",
	v1alpha1.ReasonUpstreamMissing:   "Edit the template, which submits it again, or delete it",
	v1alpha1.ReasonSubmissionFailed:  "Change the template as Meta says; it is tried again each hour",
	v1alpha1.ReasonSubmissionDelayed: "Wait: Meta takes 100 submissions in an hour",
	v1alpha1.ReasonCategoryChanged:   "Edit the template, or accept the price that the message names",
}
