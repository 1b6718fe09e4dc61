package controllers

import (
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// withHistory is a plan in which every revision that has priced messages of the account is as it
// was then, but for prices that it lacked and the plan has by now. What is not known to be so
// stands in the decision.
func (s *accountScope) withHistory(from candidate, plan pricing.Plan, record tenant.PriceRecord) prices {
	record, found, nowhere := record.Recover(s.pricedRevisions(), tenant.PriceSources{
		PlanName: from.name, Plan: plan, Served: s.inputs.served, Genuine: s.servedGenuine(),
	}, s.now)
	for i, ref := range tenant.Refs(from.name, found) {
		s.inputs.revisions[tenant.RevisionName(ref)] = storedRevision{revision: found[i]}
	}
	frozen, missing := s.inputs.stored(record.FrozenOf(from.name))
	kept, changed := pricing.KeepHistory(plan, frozen)
	if len(changed) > 0 {
		s.decision.history = append(s.decision.history, changedHistory{planName: from.name, findings: changed})
	}
	record = record.Extend(from.name, frozen, kept.Revisions)
	doubtful := record.Doubtful(from.name, plan, s.today())
	s.sayLost(from.name, missing, append(doubtSentences(doubtful), nowhereSentences(nowhere)...))
	return recordedPrices(record, from.name, kept, tenant.EntitlementOf(from.object, s.account, s.namespaceLabels))
}

// pricesWithoutRecord are those of an account whose record was lost and whose plan cannot be used:
// what restricts must get through. Nothing that may cost something is accepted, and what is under
// way is settled by the plan as it is, or else as the operator gave it to the gateway. Of the
// latter nothing is recorded, as nobody knows what that plan granted.
func (s *accountScope) pricesWithoutRecord(before candidate, record tenant.PriceRecord) prices {
	if plan, unreadable := before.read(s); unreadable == nil {
		return s.stop(s.withHistory(before, plan, record))
	}
	if served := s.inputs.served; s.servedGenuine() && served.PlanName == record.Plan {
		entitlement := tenant.Entitlement{Plan: served.PlanName}
		return s.stop(prices{planName: served.PlanName, plan: served.Plan, entitlement: entitlement})
	}
	s.addToPlanProblem("What the plan was before is lost, and the gateway keeps the configuration that it has")
	return prices{}
}

// servedGenuine tells whether the configuration in the account's namespace is the one that the
// operator has written last: the status has its digest, and no tenant can write that.
func (s *accountScope) servedGenuine() bool {
	gateway := s.account.Status.Gateway
	return s.inputs.served != nil && gateway != nil && s.inputs.servedDigest == gateway.ConfigDigest
}

// today is the date in the account's time zone.
func (s *accountScope) today() string {
	zone, err := time.LoadLocation(s.account.Spec.TimeZone)
	if err != nil { // resolvePrices has said so
		zone = time.UTC
	}
	return s.now.In(zone).Format(time.DateOnly)
}

// sayLost says what is not known of the revisions of a plan that have priced messages.
func (s *accountScope) sayLost(planName string, missing, unrecorded []string) {
	if len(missing) > 0 {
		s.addPlanProblem(problem(v1alpha1.ReasonHistoryLost,
			"PricingPlan %q: what has priced messages of the account is not stored as it was, and the plan prices "+
				"as it is now: %s: restore the ControllerRevisions in namespace %q",
			planName, strings.Join(missing, "; "), s.operatorNamespace))
	}
	if len(unrecorded) > 0 {
		s.addPlanProblem(problem(v1alpha1.ReasonHistoryLost,
			"PricingPlan %q: the record of what has priced messages of the account was lost, and the plan was "+
				"changed: %s: restore ConfigMap %q in namespace %q, put the plan back as it was, or add a revision "+
				"with a later effectiveDate",
			planName, strings.Join(unrecorded, "; "), tenant.RecordName(s.account), s.operatorNamespace))
	}
}

// addPlanProblem says of one more thing that it is wrong with the plan. The first gives the reason.
func (s *accountScope) addPlanProblem(more *tenant.Problem) {
	if s.decision.plan == nil {
		s.decision.plan = more
		return
	}
	s.addToPlanProblem("%s", more.Message)
}

func doubtSentences(refs []tenant.RevisionRef) (sentences []string) {
	for _, ref := range refs {
		how := "prices as the plan had it when that was found"
		if ref.Found == tenant.FoundServed {
			how = "prices as in the gateway's configuration"
		}
		sentences = append(sentences, "revision "+strconv.Quote(ref.Name)+" "+how)
	}
	return sentences
}

func nowhereSentences(names []string) (sentences []string) {
	for _, name := range names {
		sentences = append(sentences, "revision "+strconv.Quote(name)+" is not in the plan any more")
	}
	return sentences
}
