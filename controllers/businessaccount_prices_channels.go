package controllers

import (
	"slices"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// channelStopped is what a client is told of a channel whose own plan cannot be used.
const channelStopped = "This channel's price plan cannot be used, so that only messages which are surely free are " +
	"accepted. Ask the platform team."

// resolveChannels finds what prices the channels that name a plan of their own. One whose plan
// cannot be used is priced by what it had before, and accepts nothing that may cost something:
// another plan must not bill it unnoticed.
func (s *accountScope) resolveChannels(found *prices, operatorNamespace string) {
	found.channels = map[v1alpha1.ChannelIdentity]prices{}
	byPlan := map[string]prices{found.planName: *found}
	before := s.inputs.record
	var recorded []tenant.ChannelPrices
	for i := range s.account.Spec.Channels {
		channel := &s.account.Spec.Channels[i]
		if channel.PlanName == "" || channel.PlanName == s.account.Spec.PlanName {
			continue
		}
		wanted, unusable := s.channelPrices(channel.PlanName, found, byPlan, operatorNamespace)
		if unusable != nil {
			s.addPlanProblem(problem(unusable.Reason, "spec.channels[%d] (%q): %s. Until then the channel accepts "+
				"nothing that may cost something", i, channel.Name, unusable.Message))
			wanted = s.channelPricesBefore(before.PricesOf(channel.Identity()), found, byPlan, operatorNamespace)
			wanted.stopped = channelStopped
		}
		found.channels[channel.Identity()] = wanted
		recorded = append(recorded, tenant.ChannelPrices{
			Channel:  channel.Identity(),
			PricedBy: pricedBy(wanted.planName, wanted.plan, wanted.entitlement),
		})
	}
	if found.record != nil {
		found.record.Channels = recorded
	}
}

// channelPrices are those of a plan that a channel names, or why they cannot be used.
func (s *accountScope) channelPrices(
	name string, found *prices, byPlan map[string]prices, operatorNamespace string,
) (prices, *tenant.Problem) {
	if known, there := byPlan[name]; there {
		return known, nil
	}
	wanted := s.channelPlans[name]
	plan, unusable := wanted.usable(s)
	if unusable != nil {
		return prices{}, unusable
	}
	if plan.Currency != found.plan.Currency {
		return prices{}, problem(v1alpha1.ReasonCurrencyMismatch,
			"PricingPlan %q is in %s and the account's plan in %s: name a plan in %s",
			name, plan.Currency, found.plan.Currency, found.plan.Currency)
	}
	return s.channelPricesOf(wanted, plan, found, byPlan, operatorNamespace), nil
}

// channelPricesOf are those of a plan, with what has priced messages as it was.
func (s *accountScope) channelPricesOf(
	from candidate, plan pricing.Plan, found *prices, byPlan map[string]prices, operatorNamespace string,
) prices {
	var record tenant.PriceRecord
	if found.record != nil {
		record = *found.record
	}
	priced := s.withHistory(from, plan, record, operatorNamespace)
	if found.record != nil {
		found.record.Frozen = priced.record.Frozen
	}
	priced.record, priced.channels = nil, nil
	byPlan[from.name] = priced
	return priced
}

// channelPricesBefore are those that a channel had, as far as they are known; else the account's.
func (s *accountScope) channelPricesBefore(
	before tenant.PricedBy, found *prices, byPlan map[string]prices, operatorNamespace string,
) prices {
	if known, there := byPlan[before.Plan]; there {
		return known
	}
	from, there := s.channelPlans[before.Plan]
	if !there {
		from = s.inputs.plans[before.Plan]
	}
	if from.object != nil {
		if plan, unreadable := from.read(s); unreadable == nil && plan.Currency == found.plan.Currency {
			return s.channelPricesOf(from, plan, found, byPlan, operatorNamespace)
		}
	}
	revisions, missing := s.inputs.stored(before.Revisions)
	if len(missing) > 0 || len(revisions) == 0 || before.Currency != found.plan.Currency {
		return *found
	}
	kept := prices{
		planName: before.Plan, plan: pricing.Plan{Currency: before.Currency, Revisions: revisions},
		entitlement: before.Entitlement,
	}
	byPlan[before.Plan] = kept
	return kept
}

// sources are the prices of channels, as a configuration is compiled of them.
func (p *prices) sources(account *v1alpha1.BusinessAccount) map[v1alpha1.ChannelIdentity]tenant.ChannelSource {
	if len(p.channels) == 0 {
		return nil
	}
	sources := make(map[v1alpha1.ChannelIdentity]tenant.ChannelSource, len(p.channels))
	for channel, priced := range p.channels {
		sources[channel] = tenant.ChannelSource{
			PlanName: priced.planName, Plan: priced.plan, BillingStopped: priced.stopped,
			Claims: tenant.ChannelClaimsOf(&account.Spec, priced.entitlement),
		}
	}
	return sources
}

// ownPlans are the prices of plans that only channels have, by name, and the names of the channels
// that have them.
func (p *prices) ownPlans(account *v1alpha1.BusinessAccount) (plans map[string]prices, channels map[string][]string) {
	plans, channels = map[string]prices{}, map[string][]string{}
	for i := range account.Spec.Channels {
		channel := &account.Spec.Channels[i]
		priced, own := p.channels[channel.Identity()]
		if !own || priced.planName == p.planName {
			continue
		}
		plans[priced.planName] = priced
		channels[priced.planName] = append(channels[priced.planName], channel.Name)
	}
	return plans, channels
}

// all are the prices of all plans, each once: the account's first.
func (p *prices) all() []prices {
	all := []prices{*p}
	for _, priced := range p.channels {
		if !slices.ContainsFunc(all, func(known prices) bool { return known.planName == priced.planName }) {
			all = append(all, priced)
		}
	}
	return all
}
