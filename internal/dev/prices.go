package dev

import (
	"fmt"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// prices are what an account is billed by.
type prices struct {
	plan   pricing.Plan
	claims tenant.Claims
	// channels are the prices of those that have a plan of their own.
	channels map[v1alpha1.ChannelIdentity]tenant.ChannelSource
}

// pricesOf reads the plans that an account and its channels name. On a cluster, what is refused
// here is a condition, and nothing that costs money leaves.
func pricesOf(m *Manifests) (prices, error) {
	found := prices{channels: map[v1alpha1.ChannelIdentity]tenant.ChannelSource{}}
	spec := &m.Account.Spec
	var err error
	if found.plan, err = planOf(m.Plan); err != nil {
		return found, err
	}
	found.claims = tenant.ClaimsOf(spec, tenant.EntitlementOf(m.Plan, m.Account, nil), found.plan.Currency)
	for i := range spec.Channels {
		channel := &spec.Channels[i]
		if channel.PlanName == "" || channel.PlanName == spec.PlanName {
			continue
		}
		own := m.plan(channel.PlanName)
		if own == nil {
			return found, fmt.Errorf(
				"no PricingPlan %q, which channel %q names: give a folder of plans with --plan", channel.PlanName,
				channel.Name,
			)
		}
		plan, err := planOf(own)
		if err != nil {
			return found, err
		}
		if plan.Currency != found.plan.Currency {
			return found, fmt.Errorf(
				"PricingPlan %q of channel %q is in %s and the account's plan in %s: name a plan in %s", own.Name,
				channel.Name, plan.Currency, found.plan.Currency, found.plan.Currency,
			)
		}
		found.channels[channel.Identity()] = tenant.ChannelSource{
			PlanName: own.Name, Plan: plan,
			Claims: tenant.ChannelClaimsOf(spec, tenant.EntitlementOf(own, m.Account, nil)),
		}
	}
	return found, nil
}

// planOf checks a plan as the operator does.
func planOf(p *v1alpha1.PricingPlan) (pricing.Plan, error) {
	if err := tenant.CheckSelectors(&p.Spec); err != nil {
		return pricing.Plan{}, fmt.Errorf("PricingPlan %q: %w", p.Name, err)
	}
	plan, err := tenant.Plan(&p.Spec)
	if err != nil {
		return pricing.Plan{}, fmt.Errorf("PricingPlan %q: %w", p.Name, err)
	}
	return plan, nil
}
