package served

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// pricingAccount is an account as pricing wants it.
func pricingAccount(a config.Account, zone *time.Location) (pricing.Account, error) {
	account := pricing.Account{Zone: zone, Portfolio: a.PortfolioID, Exemptions: a.Exemptions}
	if a.InternationalAuthentication == nil {
		return account, nil
	}
	eligible := a.InternationalAuthentication
	account.International.StartTime = eligible.Start.Unix()
	if eligible.BusinessCountry != "" {
		country, err := market.ParseCountry(eligible.BusinessCountry)
		if err != nil {
			return account, fmt.Errorf("account.internationalAuthentication.businessCountry: %w", err)
		}
		account.International.PrimaryLocation = country
	}
	account.International.Exceptions = make(map[market.Country]int64, len(eligible.Exceptions))
	for code, start := range eligible.Exceptions {
		country, err := market.ParseCountry(code)
		if err != nil {
			return account, fmt.Errorf("account.internationalAuthentication.exceptions: %w", err)
		}
		account.International.Exceptions[country] = start.Unix()
	}
	return account, nil
}
