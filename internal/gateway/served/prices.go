package served

import (
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Prices are what the messages of a channel are priced by.
type Prices struct {
	PlanName string
	Book     *pricing.Book
	// Payer is the account as pricing sees it under this plan.
	Payer *pricing.Account
	// BillingStopped is the sentence with which whatever may cost something is refused; empty if it
	// is not.
	BillingStopped string
}

// PricesOf returns what prices the messages of a channel: its own plan, or the account's. The
// latter also prices what a channel has left behind that the account has no more.
func (t *Tenant) PricesOf(channel string) *Prices {
	if c := t.channels[channel]; c != nil {
		return c.prices
	}
	return t.prices
}

// compilePlans makes the prices of the account's plan, and of the plans that channels have of their
// own.
func (t *Tenant) compilePlans() error {
	t.prices = &Prices{PlanName: t.PlanName, Book: t.Book, Payer: &t.Payer, BillingStopped: t.BillingStopped}
	t.plans = make(map[string]*Prices, len(t.Plans))
	for i := range t.Plans {
		p := &t.Plans[i]
		if p.Name == "" || p.Name == t.PlanName || t.plans[p.Name] != nil {
			return fmt.Errorf("plans[%d].name must be there, stand once and not be that of the account's plan", i)
		}
		book, err := pricing.Compile(p.Plan)
		if err != nil {
			return fmt.Errorf("plan %q: %w", p.Name, err)
		}
		if book.Currency() != t.Book.Currency() {
			return fmt.Errorf(
				"plan %q is in %s, and the account's plan in %s", p.Name, book.Currency(), t.Book.Currency(),
			)
		}
		granted := t.Account
		granted.Exemptions, granted.InternationalAuthentication = p.Exemptions, p.InternationalAuthentication
		payer, err := pricingAccount(granted, t.Zone)
		if err != nil {
			return fmt.Errorf("plan %q: %w", p.Name, err)
		}
		if payer.CountedBy = p.Name; p.CountedBy != nil {
			payer.CountedBy = *p.CountedBy
		}
		t.plans[p.Name] = &Prices{
			PlanName: p.Name, Book: book, Payer: &payer, BillingStopped: t.BillingStopped,
		}
	}
	t.Plans = nil // the books have all of it
	return nil
}

var errNoPlan = errors.New("planName is none of plans")

// pricesFor returns what a channel of the document is priced by.
func (t *Tenant) pricesFor(c *config.Channel) (*Prices, error) {
	found := t.prices
	if c.PlanName != "" {
		if found = t.plans[c.PlanName]; found == nil {
			return nil, errNoPlan
		}
	}
	if c.BillingStopped == "" {
		return found, nil
	}
	own := *found
	own.BillingStopped = c.BillingStopped
	return &own, nil
}
