package controllers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Bounds of what a plan's status lists; the schema has the same, or more.
const (
	maxPlanAccounts = 50
	maxPlanFindings = 5
)

// planStatus is the status that a pass has come to.
//
// Ready asks whether the plan prices messages and keeps its history. Complete is not a part of it:
// a rate that is not known is better absent than wrong.
func planStatus(scope *planScope) v1alpha1.PricingPlanStatus {
	status := *scope.plan.Status.DeepCopy()
	status.ObservedGeneration = scope.plan.Generation
	showAccounts(scope, &status)
	if scope.compiled != nil {
		showRevisions(scope, &status)
	}
	j := judgement{conditions: &status.Conditions, generation: scope.plan.Generation, now: scope.now}
	j.set(v1alpha1.PricingPlanAccepted, acceptedPlan(scope))
	j.set(v1alpha1.PricingPlanComplete, completePlan(scope))
	j.set(v1alpha1.PricingPlanHistoryKept, historyKept(scope, status.Revisions))
	j.summarise(v1alpha1.PricingPlanAccepted, v1alpha1.PricingPlanHistoryKept)
	return status
}

func showAccounts(scope *planScope, status *v1alpha1.PricingPlanStatus) {
	count := int32(min(len(scope.accounts), 1<<31-1)) //nolint:gosec // bounded in the same line
	status.AccountCount, status.Accounts = &count, nil
	for _, account := range scope.accounts[:min(len(scope.accounts), maxPlanAccounts)] {
		status.Accounts = append(
			status.Accounts, v1alpha1.PlanAccount{Namespace: account.Namespace, Name: account.Name},
		)
	}
}

// showRevisions lists the revisions of the spec, and those removed from it that have priced
// something, by their dates. What has priced something keeps the digest that it had when the
// operator learned of it, unless only prices were added that it lacked.
func showRevisions(scope *planScope, status *v1alpha1.PricingPlanStatus) {
	used := usedRevisions(scope)
	before := map[string]v1alpha1.PricingRevisionStatus{}
	for _, known := range status.Revisions {
		before[known.Name] = known
	}
	status.Revisions, status.CurrentRevision = nil, ""
	for _, standing := range scope.compiled.Standings(civil.DateAt(scope.now.Unix(), time.UTC)) {
		shown := v1alpha1.PricingRevisionStatus{
			Name:          standing.Name,
			EffectiveDate: v1alpha1.CivilDate(standing.EffectiveDate.String()),
			InForce:       inForceOf(standing.InForce),
			Digest:        standing.Digest,
		}
		known := before[standing.Name]
		delete(before, standing.Name)
		switch {
		case known.FirstPricedTime != nil:
			shown.FirstPricedTime = known.FirstPricedTime
			if !scope.kept[standing.Name] {
				shown.Digest = known.Digest
			}
		case used[standing.Name]:
			now := metav1.NewTime(scope.now.UTC().Truncate(time.Second))
			shown.FirstPricedTime = &now
		}
		if standing.InForce == pricing.Current {
			status.CurrentRevision = standing.Name
		}
		status.Revisions = append(status.Revisions, shown)
	}
	for _, name := range sortedKeys(before) {
		if before[name].FirstPricedTime != nil {
			status.Revisions = append(status.Revisions, before[name])
		}
	}
	slices.SortStableFunc(status.Revisions, func(a, b v1alpha1.PricingRevisionStatus) int {
		return strings.Compare(string(a.EffectiveDate), string(b.EffectiveDate))
	})
}

// usedRevisions are the plan's revisions that have priced messages of some account.
func usedRevisions(scope *planScope) map[string]bool {
	used := map[string]bool{}
	for i := range scope.priced {
		for _, priced := range scope.priced[i].Status.PricedRevisions {
			if priced.Plan != scope.plan.Name {
				continue
			}
			for _, name := range priced.Revisions {
				used[name] = true
			}
		}
	}
	return used
}

func inForceOf(standing pricing.InForce) v1alpha1.RevisionInForce {
	switch standing {
	case pricing.Current:
		return v1alpha1.RevisionCurrent
	case pricing.Future:
		return v1alpha1.RevisionFuture
	default:
		return v1alpha1.RevisionPast
	}
}

func acceptedPlan(scope *planScope) assessment {
	if scope.invalid != nil {
		return isFalse(v1alpha1.ReasonPlanInvalid, scope.invalid.Error())
	}
	return isTrue(v1alpha1.ReasonPlanValid, "The plan can price messages")
}

func completePlan(scope *planScope) assessment {
	if scope.compiled == nil {
		return unknown(v1alpha1.ReasonPlanInvalid, "The plan must be valid first")
	}
	gaps, _ := scope.compiled.Check(civil.DateAt(scope.now.Unix(), time.UTC))
	if len(gaps) == 0 {
		return isTrue(v1alpha1.ReasonRatesComplete, "The plan has a rate for every market")
	}
	sentences := make([]string, 0, maxPlanFindings)
	for _, gap := range gaps[:min(len(gaps), maxPlanFindings)] {
		sentences = append(sentences, gap.String())
	}
	message := strings.Join(sentences, "; ")
	if more := len(gaps) - maxPlanFindings; more > 0 {
		message += fmt.Sprintf("; and %d more", more)
	}
	return isFalse(v1alpha1.ReasonRatesMissing, message)
}

// historyKept says whether every revision that has priced something is still there and unchanged.
func historyKept(scope *planScope, revisions []v1alpha1.PricingRevisionStatus) assessment {
	if scope.compiled == nil {
		return unknown(v1alpha1.ReasonPlanInvalid, "The plan must be valid first")
	}
	current := map[string]string{}
	for _, standing := range scope.compiled.Standings(civil.DateAt(scope.now.Unix(), time.UTC)) {
		current[standing.Name] = standing.Digest
	}
	var sentences []string
	for _, known := range revisions {
		digest, there := current[known.Name]
		switch {
		case known.FirstPricedTime == nil:
		case !there:
			sentences = append(
				sentences,
				fmt.Sprintf("revision %q has priced messages and was removed: put it back as it was", known.Name),
			)
		case digest != known.Digest:
			sentences = append(
				sentences,
				fmt.Sprintf(
					"revision %q has priced messages and was changed: restore it, and add a revision with a later "+
						"effectiveDate",
					known.Name,
				),
			)
		}
	}
	if len(sentences) == 0 {
		return isTrue(v1alpha1.ReasonHistoryUnchanged, "Every revision that has priced messages is as it was")
	}
	return isFalse(
		v1alpha1.ReasonHistoryChanged, "The gateways keep what has priced messages: "+strings.Join(sentences, "; "),
	)
}
