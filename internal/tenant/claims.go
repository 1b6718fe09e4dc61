package tenant

import (
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// Claims are what is applied of an account's claims about its prices and its budget.
type Claims struct {
	Exemptions                  []string
	InternationalAuthentication *v1alpha1.InternationalAuthenticationStatus
	// Budget is nil if there is no limit.
	Budget *config.Budget
	// Refused says of each claim that is not applied as it stands why, and who can change that.
	Refused []string
}

// ClaimsOf decides what is applied of an account's claims, by what its plan grants and in the
// plan's currency.
func ClaimsOf(spec *v1alpha1.BusinessAccountSpec, granted Entitlement, currency money.Currency) Claims {
	claims := Claims{}
	claims.exemptions(spec.Exemptions, granted)
	claims.international(spec.InternationalAuthentication, granted)
	claims.budget(spec.Budget, granted, currency)
	return claims
}

// ChannelClaimsOf decides what is applied of an account's claims about its prices in a channel that
// has a plan of its own. What that plan does not grant is just not applied: the account's plan may
// grant it.
func ChannelClaimsOf(spec *v1alpha1.BusinessAccountSpec, granted Entitlement) Claims {
	claims := Claims{}
	claims.exemptions(spec.Exemptions, granted)
	claims.international(spec.InternationalAuthentication, granted)
	claims.Refused = nil
	return claims
}

func (c *Claims) refuse(format string, args ...any) {
	c.Refused = append(c.Refused, fmt.Sprintf(format, args...))
}

func (c *Claims) exemptions(claimed []string, granted Entitlement) {
	for _, name := range slices.Sorted(slices.Values(claimed)) {
		if slices.Contains(granted.Exemptions, name) {
			c.Exemptions = append(c.Exemptions, name)
		} else {
			c.refuse("spec.exemptions: %q is not applied, as no spec.grants of PricingPlan %q grants it: "+
				"ask the platform team, or remove it", name, granted.Plan)
		}
	}
}

func (c *Claims) international(claimed *v1alpha1.InternationalAuthenticationStatus, granted Entitlement) {
	switch grant := granted.International; {
	case grant != nil && grant.StatedBy == v1alpha1.InternationalAuthenticationByPlan:
		claimed = grant.Status
	case claimed == nil:
		return
	case grant == nil:
		c.refuse("spec.internationalAuthentication is not applied, as no spec.grants of PricingPlan %q grants it: "+
			"ask the platform team, or remove it", granted.Plan)
		return
	}
	if country, known := knownCountries(claimed); !known {
		c.refuse("internationalAuthentication is not applied, as %q is no country of ISO 3166-1: correct it", country)
		return
	}
	c.InternationalAuthentication = claimed
}

// knownCountries names the first country that no gateway could read.
func knownCountries(status *v1alpha1.InternationalAuthenticationStatus) (unknown string, known bool) {
	var countries []string
	if status.BusinessCountry != "" {
		countries = append(countries, status.BusinessCountry)
	}
	for _, exception := range status.Exceptions {
		countries = append(countries, exception.Country)
	}
	for _, country := range countries {
		if _, err := market.ParseCountry(country); err != nil {
			return country, false
		}
	}
	return "", true
}

// budget applies one that cannot be read as one of nothing: a limit that is not understood must not
// become none.
func (c *Claims) budget(claimed *v1alpha1.Budget, granted Entitlement, currency money.Currency) {
	if claimed != nil {
		limit, err := Money(claimed.Limit)
		if err != nil || limit.Currency != currency {
			c.Budget = blocking(money.Money{Currency: currency})
			c.refuse(
				"spec.budget.limit is in %s and the plan is in %s, so that nothing which costs money is accepted: "+
					"give the limit in %s",
				claimed.Limit.Currency, currency, currency,
			)
			return
		}
		c.Budget = &config.Budget{
			Limit:         limit,
			Action:        orDefault(string(claimed.Action), string(v1alpha1.BudgetBlock)),
			WarnAtPercent: slices.Sorted(slices.Values(claimed.WarnAtPercent)),
		}
	}
	if granted.Cap != nil && granted.Cap.Unlimited != v1alpha1.UnlimitedAllowed {
		c.bound(granted, currency)
	}
}

// bound keeps the budget within the plan's cap.
func (c *Claims) bound(granted Entitlement, currency money.Currency) {
	where := fmt.Sprintf("spec.budgetCaps %q of PricingPlan %q", granted.Cap.Name, granted.Plan)
	most := money.Money{Currency: currency}
	amount, err := money.Parse(string(granted.Cap.Limit))
	if err == nil {
		most.Amount = amount
	}
	limited := err == nil
	switch {
	case c.Budget == nil && limited:
		c.Budget = blocking(most)
		return
	case c.Budget == nil:
		c.Budget = blocking(most)
		c.refuse("spec.budget is missing, and %s grants no account to be without one: nothing that costs money is "+
			"accepted until there is one", where)
		return
	case limited && c.Budget.Limit.Amount.Cmp(most.Amount) > 0:
		c.refuse("spec.budget.limit is %s, and %s grants %s: that is applied; ask the platform team for more",
			c.Budget.Limit, where, most)
		c.Budget.Limit = most
	}
	if c.Budget.Action != string(v1alpha1.BudgetBlock) {
		c.refuse(
			"spec.budget.action is %q, and %s grants no budget that does not block: it blocks", c.Budget.Action, where,
		)
		c.Budget.Action = string(v1alpha1.BudgetBlock)
	}
}

// blocking is a budget that blocks at a limit.
func blocking(limit money.Money) *config.Budget {
	return &config.Budget{Limit: limit, Action: string(v1alpha1.BudgetBlock)}
}
