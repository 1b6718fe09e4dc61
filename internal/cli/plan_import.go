package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

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

The revision is printed as YAML, to be added under spec.revisions. Its rules are those of the plan's revision that is in force on
the day before; its rates and tiers are the card's.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			revision, err := o.revision()
			if err != nil {
				return err
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
	flags.StringVar(&o.plan, "plan", "", "file of the PricingPlan whose rules the revision goes on with")
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

// revision makes the revision, and checks it as a part of the plan.
func (o importOptions) revision() (pricing.Revision, error) {
	plan, err := readPlan(o.plan)
	if err != nil {
		return pricing.Revision{}, err
	}
	card, err := readCardFile(o.rates, ratecard.ReadRates)
	if err != nil {
		return pricing.Revision{}, err
	}
	if o.tiers != "" {
		tiers, err := readCardFile(o.tiers, ratecard.ReadTiers)
		if err != nil {
			return pricing.Revision{}, err
		}
		if card, err = ratecard.Merge(card, tiers); err != nil {
			return pricing.Revision{}, err
		}
	}
	if card.Currency != plan.Currency {
		return pricing.Revision{}, fmt.Errorf("the card is in %s and the plan in %s: amounts are never converted, take the card of the plan's currency", card.Currency, plan.Currency)
	}
	like, err := before(plan, o.effectiveDate)
	if err != nil {
		return pricing.Revision{}, err
	}
	if o.name == "" {
		o.name = "rates-" + o.effectiveDate
	}
	revision := card.Revision(like, o.name, o.effectiveDate)
	plan.Revisions = append(slices.Clone(plan.Revisions), revision)
	if _, err := pricing.Compile(plan); err != nil {
		return pricing.Revision{}, fmt.Errorf("the plan cannot be used with the revision:\n%w", err)
	}
	return revision, nil
}

// before is the plan's revision with the latest day before the given one.
func before(plan pricing.Plan, day string) (pricing.Revision, error) {
	var found *pricing.Revision
	for i := range plan.Revisions {
		if r := &plan.Revisions[i]; r.EffectiveDate < day && (found == nil || r.EffectiveDate > found.EffectiveDate) {
			found = r
		}
	}
	if found == nil {
		return pricing.Revision{}, errors.New("the plan must have a revision before the effective date: the new one takes over its rules")
	}
	return *found, nil
}

// readCardFile reads one of the two CSV files; an error names the file.
func readCardFile(path string, read func(io.Reader) (*ratecard.Card, error)) (*ratecard.Card, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	card, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return card, nil
}
