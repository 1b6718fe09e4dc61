package doctor

import (
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
)

// mild are the conditions that are no part of Ready: the account works without them, for now.
var mild = map[string]bool{
	v1alpha1.ConditionPlanPublished: true, v1alpha1.ConditionStorageSufficient: true,
	v1alpha1.ConditionBillingAgrees: true, v1alpha1.ConditionAccessTokensCurrent: true,
	v1alpha1.ConditionPaymentMethodPresent: true, v1alpha1.ConditionCategoryMatches: true,
	v1alpha1.ConditionProfileApplied: true, v1alpha1.ConditionStatementsCurrent: true,
}

// passing are reasons that are over within seconds or hours by themselves, or that somebody has
// asked for.
var passing = map[string]bool{
	v1alpha1.ReasonGatewayProgressing: true, v1alpha1.ReasonConfigPropagating: true,
	v1alpha1.ReasonBudgetWarning: true, v1alpha1.ReasonUpstreamFailing: true, v1alpha1.ReasonInReview: true,
	v1alpha1.ReasonSubmissionDelayed: true, v1alpha1.ReasonAwaitingApproval: true, v1alpha1.ReasonPaused: true,
	v1alpha1.ReasonSuspended: true, v1alpha1.ReasonHibernated: true,
}

// always are the conditions that every account has, once the operator has looked at it.
var always = map[string]bool{
	v1alpha1.ConditionPlanResolved: true, v1alpha1.ConditionPlanPublished: true, v1alpha1.ConditionClaimsGranted: true,
	v1alpha1.ConditionCredentialsValid: true, v1alpha1.ConditionChannelsHeld: true, v1alpha1.ConditionHostHeld: true,
	v1alpha1.ConditionTemplatesServed: true, v1alpha1.ConditionGatewayAvailable: true,
	v1alpha1.ConditionStoreWritable: true, v1alpha1.ConditionConfigSynced: true,
	v1alpha1.ConditionUpstreamAccepts: true, v1alpha1.ConditionWebhooksArrive: true,
	v1alpha1.ConditionUsageCurrent: true, v1alpha1.ConditionReconciled: true,
	v1alpha1.ConditionDeliveriesPriced: true, v1alpha1.ConditionWithinBudget: true,
	v1alpha1.ConditionBillingAgrees: true,
}

// ofConditions are the findings of those of the account's conditions that are not True.
func (o *Observation) ofConditions(types ...string) (found []Finding) {
	for _, kind := range types {
		condition := apimeta.FindStatusCondition(o.Account.Status.Conditions, kind)
		switch {
		case condition == nil && always[kind]:
			found = append(found, notKnown(o.account(), kind+": the operator has not said yet"))
		case condition != nil && condition.Status != metav1.ConditionTrue:
			found = append(found, ofCondition(o.account(), condition))
		}
	}
	return found
}

// ofCondition is the finding of a condition that is not True.
func ofCondition(where string, condition *metav1.Condition) Finding {
	found := Finding{
		Level: Failure, Where: where, Do: advice.For(condition.Reason),
		What: fmt.Sprintf("%s is %s, %s: %s", condition.Type, condition.Status, condition.Reason, condition.Message),
	}
	switch {
	case condition.Reason == v1alpha1.ReasonReportUnavailable && condition.Type != v1alpha1.ConditionUsageCurrent,
		condition.Status == metav1.ConditionUnknown && condition.Reason == v1alpha1.ReasonHibernated,
		condition.Status == metav1.ConditionUnknown && condition.Reason == v1alpha1.ReasonPending:
		return notKnown(where, found.What) // what it waits for is said elsewhere
	case condition.Status == metav1.ConditionUnknown:
		found.Level = Unknown
	case mild[condition.Type] || passing[condition.Reason]:
		found.Level = Warning
	}
	return found
}

// failed tells whether there is a failure among findings.
func failed(findings []Finding) bool {
	for i := range findings {
		if findings[i].Level == Failure {
			return true
		}
	}
	return false
}
