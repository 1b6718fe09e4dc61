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

// channelPricing finds what prices an account's channels.
type channelPricing struct {
	scope *accountScope
	// account are the account's prices. Their record collects those of the channels.
	account *prices
	// byPlan are the prices of each plan that was resolved.
	byPlan map[string]prices
}

// resolveChannels finds what prices the channels that name a plan of their own. One whose plan
// cannot be used is priced by what it had before, and accepts nothing that may cost something:
// another plan must not bill it unnoticed.
func (s *accountScope) resolveChannels(found *prices) {
	found.channels = map[v1alpha1.ChannelIdentity]prices{}
	channels := channelPricing{s, found, map[string]prices{found.planName: *found}}
	var recorded []tenant.ChannelPrices
	for i := range s.account.Spec.Channels {
		channel := &s.account.Spec.Channels[i]
		if channel.PlanName == "" || channel.PlanName == s.account.Spec.PlanName {
			continue
		}
		wanted, unusable := channels.by(channel.PlanName)
		if unusable != nil {
			s.addPlanProblem(problem(unusable.Reason, "spec.channels[%d] (%q): %s. Until then the channel accepts "+
				"nothing that may cost something", i, channel.Name, unusable.Message))
			wanted = channels.before(s.inputs.record.PricesOf(channel.Identity()))
			wanted.stopped = channelStopped
		}
		found.channels[channel.Identity()] = wanted
		recorded = append(recorded, tenant.ChannelPrices{
			Channel:  channel.Identity(),
			PricedBy: pricedBy(wanted.planName, wanted.plan, wanted.entitlement),
		})
	}
	plans := make([]string, 0, len(recorded))
	for i := range recorded {
		plans = append(plans, recorded[i].Plan)
	}
	found.counts = s.inputs.record.Counting(found.planName, plans)
	if found.record != nil {
		found.record.Channels, found.record.Counts = recorded, found.counts
	}
}

// by are the prices of a plan that a channel names, or why they cannot be used.
func (p channelPricing) by(name string) (prices, *tenant.Problem) {
	if known, there := p.byPlan[name]; there {
		return known, nil
	}
	wanted := p.scope.channelPlans[name]
	plan, unusable := wanted.usable(p.scope)
	if unusable != nil {
		return prices{}, unusable
	}
	if currency := p.account.plan.Currency; plan.Currency != currency {
		return prices{}, problem(v1alpha1.ReasonCurrencyMismatch,
			"PricingPlan %q is in %s and the account's plan in %s: name a plan in %s",
			name, plan.Currency, currency, currency)
	}
	return p.withHistory(wanted, plan), nil
}

// withHistory are the prices of a plan, with its revisions that have priced messages as they were.
func (p channelPricing) withHistory(from candidate, plan pricing.Plan) prices {
	var record tenant.PriceRecord
	if p.account.record != nil {
		record = *p.account.record
	}
	priced := p.scope.withHistory(from, plan, record)
	if p.account.record != nil {
		p.account.record.Frozen = priced.record.Frozen
	}
	priced.record, priced.channels = nil, nil
	p.byPlan[from.name] = priced
	return priced
}

// before are the prices that a channel had, as far as they are known; else the account's.
func (p channelPricing) before(recorded tenant.PricedBy) prices {
	if known, there := p.byPlan[recorded.Plan]; there {
		return known
	}
	if from := p.scope.channelPlans[recorded.Plan]; from.object != nil {
		if plan, unreadable := from.read(p.scope); unreadable == nil && plan.Currency == p.account.plan.Currency {
			return p.withHistory(from, plan)
		}
	}
	revisions, missing := p.scope.inputs.stored(recorded.Revisions)
	if len(missing) > 0 || len(revisions) == 0 || recorded.Currency != p.account.plan.Currency {
		return *p.account
	}
	kept := prices{
		planName: recorded.Plan, plan: pricing.Plan{Currency: recorded.Currency, Revisions: revisions},
		entitlement: recorded.Entitlement,
	}
	p.byPlan[recorded.Plan] = kept
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
