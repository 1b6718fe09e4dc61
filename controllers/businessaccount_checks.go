package controllers

import (
	"errors"
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// check is one condition of an account.
type check struct {
	condition string
	// counts says whether the account must pass it to be Ready.
	counts bool
	// needs are the parts of the observation without which the condition stays as it was.
	needs parts
	// only tells whether an account has the condition at all; nil if every account has it.
	only       func(*accountScope) bool
	assessment func(*accountScope, *v1alpha1.BusinessAccountStatus) assessment
}

// accountChecks are the conditions of an account. Those that count stand first, in the order of
// their weight: Ready says what the first of them says that is not True. An account that has spent
// its budget does what it was asked to, so WithinBudget does not count.
func accountChecks() []check {
	of := func(assess func(*accountScope) assessment) func(*accountScope, *v1alpha1.BusinessAccountStatus) assessment {
		return func(scope *accountScope, _ *v1alpha1.BusinessAccountStatus) assessment { return assess(scope) }
	}
	return []check{
		{v1alpha1.ConditionPlanResolved, true, partCluster | partInputs, nil, of(assessPlan)},
		{v1alpha1.ConditionClaimsGranted, true, partCluster | partInputs, nil, of(assessClaims)},
		{v1alpha1.ConditionCredentialsValid, true, partCluster | partInputs, nil, of(assessCredentials)},
		{v1alpha1.ConditionChannelsHeld, true, partCluster, nil, of(assessChannelsHeld)},
		{v1alpha1.ConditionHostHeld, true, partCluster, nil, of(assessHost)},
		{v1alpha1.ConditionTemplatesServed, true, partCluster | partInputs, nil, of(assessTemplates)},
		{v1alpha1.ConditionGatewayAvailable, true, partCluster, nil, of(assessGateway)},
		{v1alpha1.ConditionStoreWritable, true, partReports, nil, of(assessStore)},
		{v1alpha1.ConditionConfigSynced, true, allParts, nil, of(assessConfig)},
		{v1alpha1.ConditionUpstreamAccepts, true, partReports, nil, ofChannels(v1alpha1.ConditionUpstreamAccepts)},
		{v1alpha1.ConditionWebhookRegistered, true, partUpstream, registersWebhook, of(assessRegistration)},
		{
			v1alpha1.ConditionPageSubscribed, true, partUpstream, subscribesPage,
			ofChannels(v1alpha1.ConditionPageSubscribed),
		},
		{v1alpha1.ConditionWebhooksArrive, true, partReports, nil, ofChannels(v1alpha1.ConditionWebhooksArrive)},
		{v1alpha1.ConditionUsageCurrent, true, partReports, nil, of(assessUsage)},
		{v1alpha1.ConditionReconciled, true, 0, nil, of(assessReconciled)},
		{v1alpha1.ConditionSendsAccepted, false, partCluster | partInputs, nil, of(assessSends)},
		{v1alpha1.ConditionPlanPublished, false, partCluster | partInputs, nil, of(assessPublished)},
		{v1alpha1.ConditionStorageSufficient, false, partReports, hasVolume, of(assessRoom)},
		{v1alpha1.ConditionDeliveriesPriced, false, partReports, nil, of(assessPriced)},
		{v1alpha1.ConditionWithinBudget, false, partReports | partInputs, nil, of(assessBudget)},
		{v1alpha1.ConditionStatementsCurrent, false, partCluster, nil, assessStatements},
		{v1alpha1.ConditionBillingAgrees, false, partReports, nil, of(assessBilling)},
		{v1alpha1.ConditionCallbacksTaken, false, partReports, hasCallback, of(assessCallbacks)},
		{v1alpha1.ConditionAccessTokensCurrent, false, partUpstream, nil, of(assessTokens)},
		{v1alpha1.ConditionPaymentMethodPresent, false, partUpstream, hasWhatsApp, of(assessPayment)},
	}
}

// judge sets the condition.
func (c check) judge(j judgement, scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	standing := apimeta.FindStatusCondition(status.Conditions, c.condition)
	switch {
	case c.only != nil && !c.only(scope):
		apimeta.RemoveStatusCondition(&status.Conditions, c.condition)
	case c.counts && c.needs&partReports != 0 && scope.hibernates():
		j.set(c.condition, unknown(v1alpha1.ReasonHibernated, "No gateway runs that could tell"))
	case !scope.lacks(c.needs):
		found := c.assessment(scope, status)
		if c.needs == partUpstream && found.reason == v1alpha1.ReasonUpstreamUnreachable && standing != nil &&
			standing.ObservedGeneration == j.generation {
			return // what it said last stands
		}
		j.set(c.condition, found)
	case standing == nil:
		j.set(c.condition, unknown(v1alpha1.ReasonPending, c.condition+" is not known yet"))
	}
}

// accountSummary are the conditions that make an account Ready, of those that it has, in the order
// of their weight. One that is to run no gateway is Ready without what only a gateway can do.
func accountSummary(scope *accountScope) []string {
	var counted []string
	for _, c := range accountChecks() {
		gatewayDoes := c.needs&(partReports|partUpstream) != 0
		if c.counts && (c.only == nil || c.only(scope)) && !(gatewayDoes && scope.hibernates()) {
			counted = append(counted, c.condition)
		}
	}
	return counted
}

// assessWell is what Ready says of an account of which everything is in order.
func assessWell(scope *accountScope) assessment {
	switch {
	case scope.hibernates():
		return isTrue(v1alpha1.ReasonHibernated, "No gateway runs, as the spec asks; "+
			"what that means for webhooks is said by GatewayAvailable")
	case scope.decision.sendingStopped != "":
		return isTrue(v1alpha1.ReasonSuspended, "Everything is in order, and every message is refused: "+
			"SendsAccepted says why")
	case scope.paused():
		return isTrue(v1alpha1.ReasonPaused, "Everything is in order; "+pausedSentence)
	}
	return isTrue(v1alpha1.ReasonReady, "Everything is in order")
}

func ofChannels(condition string) func(*accountScope, *v1alpha1.BusinessAccountStatus) assessment {
	return func(_ *accountScope, status *v1alpha1.BusinessAccountStatus) assessment {
		return assessChannels(status.Channels, condition)
	}
}

func hasVolume(scope *accountScope) bool { return !tenant.Shared(scope.account) }

func registersWebhook(scope *accountScope) bool { return registers(scope.account) }

func subscribesPage(scope *accountScope) bool { return subscribesPages(scope.account) }

func hasWhatsApp(scope *accountScope) bool { return namesWhatsApp(scope.account) }

func hasCallback(scope *accountScope) bool { return scope.account.Spec.Callback != nil }

// assessReconciled says whether the operator could do what it had to. What somebody must act on
// has a condition of its own.
func assessReconciled(scope *accountScope) assessment {
	var call *callError
	switch {
	case (scope.failure == nil || remedyOf(scope.failure) != retry) && scope.paused():
		return isTrue(v1alpha1.ReasonPaused, "The operator's last look at the account was complete; "+pausedSentence)
	case scope.failure == nil || remedyOf(scope.failure) != retry:
		return isTrue(v1alpha1.ReasonReconciled, "The operator's last look at the account was complete")
	case !errors.As(scope.failure, &call):
		return isFalse(v1alpha1.ReasonReconcileFailed, "The operator cannot finish its work on the account: "+
			"it tries again, after pauses of up to five minutes; its log says why")
	}
	reason := v1alpha1.ReasonWriteFailed
	if call.reads {
		reason = v1alpha1.ReasonReadFailed
	}
	return isFalse(reason, fmt.Sprintf("The operator cannot %s: it tries again, after pauses of up to five minutes; "+
		"its log says why", call.call))
}

// pausedSentence says that the operator makes nothing of what the spec asks for.
const pausedSentence = "the operator leaves the gateway's objects alone until spec.operation is 'Active', while " +
	"prices, budgets, tokens, templates and a suspension reach the gateway"
