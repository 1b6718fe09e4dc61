package controllers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// prices are what an account's messages are priced by.
type prices struct {
	planName    string
	plan        pricing.Plan
	entitlement tenant.Entitlement
	// stopped is the sentence with which the gateway refuses whatever may cost something; empty if
	// it refuses nothing.
	stopped string
	// counts are what the counts of plans are kept under, see tenant.PriceRecord.
	counts map[string]string
	// channels are the prices of channels that these do not price.
	channels map[v1alpha1.ChannelIdentity]prices
	// record must be stored before a gateway has the prices; nil if they must not be recorded.
	record *tenant.PriceRecord
}

// billingStopped is what a client is told whose namespace may not use its plan any more, or whose
// plan is not known.
const billingStopped = "This business may not use its price plan any more, so that only messages which are surely " +
	"free are accepted. Ask the platform team."

// resolvePrices finds what the account is priced by: its plan, or while that cannot be used the one
// before, as it is now or at least as it was. Nothing of it comes from the account's namespace that
// the operator cannot prove to be its own. known is false while there is nothing. What is wrong
// stands in the decision.
func (s *accountScope) resolvePrices() (found prices, known bool) {
	if s.decision.plan = zoneProblem(s.account.Spec.TimeZone); s.decision.plan != nil {
		return prices{}, false
	}
	record := s.inputs.record.Freeze(s.pricedRevisions(), s.now)
	wanted := candidate{name: s.account.Spec.PlanName, object: s.plan, allowed: s.planAllowed}
	plan, unusable := wanted.usable(s)
	if unusable == nil {
		found = s.withHistory(wanted, plan, record)
	} else {
		s.decision.plan = unusable
		found = s.pricesBefore(wanted, record)
	}
	if found.planName == "" {
		return prices{}, false
	}
	s.resolveChannels(&found)
	if unusable == nil {
		s.decision.plan = firstProblem(s.decision.plan, exemptionProblem(s.account, wanted.name, found))
	}
	return found, true
}

// zoneProblem says that a time zone is none, or nil.
func zoneProblem(zone string) *tenant.Problem {
	if _, err := time.LoadLocation(zone); err != nil {
		return problem(v1alpha1.ReasonTimeZoneUnknown,
			"spec.timeZone %q is not in the IANA time zone database: make the account anew with one that is", zone)
	}
	return nil
}

func firstProblem(first, second *tenant.Problem) *tenant.Problem {
	if first != nil {
		return first
	}
	return second
}

// pricesBefore are what the account was priced by before it named a plan that cannot be used. Of
// another plan than the wanted one it is that plan as it is now: who pays must not keep old prices
// by naming a plan that is not there.
func (s *accountScope) pricesBefore(wanted candidate, record tenant.PriceRecord) prices {
	if record.Plan == "" {
		return prices{}
	}
	unusable, before := s.decision.plan, wanted
	if record.Plan != wanted.name {
		before = s.inputs.standing
		var plan pricing.Plan
		if plan, unusable = before.usable(s); unusable == nil {
			found := s.withHistory(before, plan, record)
			s.addToPlanProblem("Until then PricingPlan %q prices the account's messages", before.name)
			return found
		}
	}
	if len(record.Revisions) == 0 {
		return s.pricesWithoutRecord(before, record)
	}
	revisions, missing := s.inputs.stored(record.Revisions)
	if len(missing) > 0 {
		s.addToPlanProblem("What the plan was before is lost (%s), and the gateway keeps the configuration that it has",
			strings.Join(missing, "; "))
		return prices{}
	}
	plan := pricing.Plan{Currency: record.Currency, Revisions: revisions}
	found := recordedPrices(record, record.Plan, plan, record.Entitlement)
	if unusable.Reason == v1alpha1.ReasonPlanNotAllowed {
		return s.stop(found)
	}
	s.addToPlanProblem("Until then PricingPlan %q prices the account's messages as it was", record.Plan)
	return found
}

// recordedPrices are prices that are written into the account's record.
func recordedPrices(
	record tenant.PriceRecord, planName string, plan pricing.Plan, entitlement tenant.Entitlement,
) prices {
	record.PricedBy = pricedBy(planName, plan, entitlement)
	return prices{planName: planName, plan: plan, entitlement: entitlement, record: &record}
}

func pricedBy(planName string, plan pricing.Plan, entitlement tenant.Entitlement) tenant.PricedBy {
	return tenant.PricedBy{
		Plan: planName, Currency: plan.Currency, Entitlement: entitlement,
		Revisions: tenant.Refs(planName, plan.Revisions),
	}
}

// stop refuses whatever may cost something, and settles the rest by the prices.
func (s *accountScope) stop(found prices) prices {
	found.stopped = billingStopped
	s.addToPlanProblem("Until then the gateway accepts nothing that may cost something, and settles what is under way")
	return found
}

// addToPlanProblem adds a sentence to what is wrong with the plan.
func (s *accountScope) addToPlanProblem(format string, args ...any) {
	s.decision.plan.Message += ". " + fmt.Sprintf(format, args...)
}

// exemptionProblem names the account's exemptions that no revision of a plan has: they would free
// nothing, and nobody would know.
func exemptionProblem(account *v1alpha1.BusinessAccount, planName string, found prices) *tenant.Problem {
	known := map[string]bool{}
	for _, priced := range append(slices.Collect(maps.Values(found.channels)), found) {
		for _, revision := range priced.plan.Revisions {
			for _, exemption := range revision.Exemptions {
				known[exemption.Name] = true
			}
		}
	}
	var missing []string
	for _, name := range slices.Sorted(slices.Values(account.Spec.Exemptions)) {
		if !known[name] {
			missing = append(missing, strconv.Quote(name))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return problem(v1alpha1.ReasonExemptionUnknown,
		"spec.exemptions names %s, which no revision of PricingPlan %q has: remove it, or add it to the plan",
		strings.Join(missing, ", "), planName)
}
