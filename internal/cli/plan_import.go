package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/ratecard"
)

// importOptions are the flags of plan import.
type importOptions struct {
	plan, rates, tiers, name, effectiveDate string
}

func newPlanImport() *cobra.Command {
	var o importOptions
	command := &cobra.Command{
		Use:   "import --plan FILE --base-rates FILE [--tiers FILE] --effective-date YYYY-MM-DD",
		Short: "Turn Meta's published rate card into a revision of a PricingPlan",
		Long: `Turn Meta's published rate card into a revision of a PricingPlan.

The card is two CSV files, the base rates and the volume tiers of one currency, as they are offered on
https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing

The revision is printed as YAML; add it under spec.revisions. It has the rates and tiers of the
card, and the rules of the plan's revision that is in force on the day before.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			revision, notes, err := o.revision()
			if err != nil {
				return err
			}
			for _, note := range notes {
				if _, err := fmt.Fprintln(cmd.ErrOrStderr(), "note:", note); err != nil {
					return err
				}
			}
			text, err := yaml.Marshal([]pricing.Revision{revision})
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.plan, "plan", "", "file of the PricingPlan whose rules the revision keeps")
	flags.StringVar(&o.rates, "base-rates", "", "CSV file of the base rates")
	flags.StringVar(&o.tiers, "tiers", "", "CSV file of the volume tiers")
	flags.StringVar(&o.name, "name", "", `name of the revision (default "rates-" and the date)`)
	flags.StringVar(&o.effectiveDate, "effective-date", "", "first day on which the card is in force, YYYY-MM-DD")
	for _, name := range []string{"plan", "base-rates", "effective-date"} {
		if err := command.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return command
}

// revision builds the revision and checks it as a part of the plan. The notes say what its reader
// may have overlooked.
func (o importOptions) revision() (revision pricing.Revision, notes []string, err error) {
	plan, err := readPlan(o.plan)
	if err != nil {
		return revision, nil, err
	}
	card, err := ratecard.ReadFiles(o.rates, o.tiers)
	if err != nil {
		return revision, nil, err
	}
	if card.Currency != plan.Currency {
		return revision, nil, fmt.Errorf(
			"the card is in %s and the plan in %s: amounts are never converted, take the card of the plan's currency",
			card.Currency, plan.Currency,
		)
	}
	like, err := before(plan, o.effectiveDate)
	if err != nil {
		return revision, nil, err
	}
	if o.name == "" {
		o.name = "rates-" + o.effectiveDate
	}
	revision = card.Revision(like, o.name, o.effectiveDate)
	plan.Revisions = append(slices.Clone(plan.Revisions), revision)
	if _, err := pricing.Compile(plan); err != nil {
		return revision, nil, fmt.Errorf("the plan cannot be used with the revision:\n%w", err)
	}
	if len(like.Tiers) > 0 && len(revision.Tiers) == 0 {
		notes = append(
			notes,
			like.Name+" has volume tiers and this revision has none, for want of --tiers: "+
				"messages cost the list rate whatever their number",
		)
	}
	if len(card.Empty) > 0 {
		notes = append(
			notes,
			"the card has empty cells, which are unknown rates and not 0; such messages are unpriced: "+strings.Join(
				card.Empty, ", ",
			),
		)
	}
	return revision, append(append(notes, otherMarkets(card, revision)...), unusedRates(revision)...), nil
}

// otherMarkets returns notes on markets of that day without a row in the card, and on rows of
// markets before their day.
func otherMarkets(card *ratecard.Card, revision pricing.Revision) []string {
	date, err := civil.ParseDate(revision.EffectiveDate)
	if err != nil {
		return nil // Compile has said so
	}
	var lacking, early []string
	listed := market.Listed(date)
	has := func(name string) bool {
		return slices.ContainsFunc(card.Rates, func(r pricing.MarketRates) bool { return r.Market == name })
	}
	for _, m := range listed {
		if !has(m.String()) {
			lacking = append(lacking, m.String())
		}
	}
	for _, r := range card.Rates {
		if m, err := market.Parse(r.Market); err == nil && !slices.Contains(listed, m) {
			early = append(early, r.Market)
		}
	}
	var notes []string
	if len(lacking) > 0 {
		notes = append(
			notes, "the card has no rates for these markets, whose messages are unpriced: "+strings.Join(lacking, ", "),
		)
	}
	if len(early) > 0 {
		notes = append(notes, fmt.Sprintf(
			"these markets are not in the published list of %s, so their rates are not used: %s",
			revision.EffectiveDate, strings.Join(early, ", "),
		))
	}
	return notes
}

// unusedRates returns notes on markets that have a rate for international authentication although
// the revision lists none of their countries.
func unusedRates(revision pricing.Revision) []string {
	date, err := civil.ParseDate(revision.EffectiveDate)
	if err != nil {
		return nil // Compile has said so
	}
	var listed []string
	if revision.InternationalAuthentication != nil {
		listed = revision.InternationalAuthentication.Countries
	}
	var notes []string
	for _, rates := range revision.Rates {
		abroad := slices.ContainsFunc(
			rates.Prices, func(p pricing.Price) bool { return p.Category == "AuthenticationInternational" },
		)
		of := market.CountriesOf(rates.Market, date)
		used := slices.ContainsFunc(of, func(code string) bool { return slices.Contains(listed, code) })
		if abroad && len(of) > 0 && !used {
			notes = append(
				notes,
				fmt.Sprintf(
					"the card has a rate for AuthenticationInternational in %s, but "+
						"internationalAuthentication.countries has no country of it: add %s, or the rate is never used",
					rates.Market, strings.Join(of, " or "),
				),
			)
		}
	}
	return notes
}

// before returns the plan's latest revision before a day.
func before(plan pricing.Plan, day string) (pricing.Revision, error) {
	var found *pricing.Revision
	for i := range plan.Revisions {
		if r := &plan.Revisions[i]; r.EffectiveDate < day && (found == nil || r.EffectiveDate > found.EffectiveDate) {
			found = r
		}
	}
	if found == nil {
		return pricing.Revision{}, errors.New(
			"the plan must have a revision before the effective date: the new one keeps its rules",
		)
	}
	return *found, nil
}
