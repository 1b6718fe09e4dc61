package plugin

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// planView is what an account pays: of the plan as the operator shows it to the business.
type planView struct {
	Plan       string           `json:"plan"`
	Currency   string           `json:"currency"`
	TimeZone   string           `json:"timeZone"`
	Budget     *v1alpha1.Budget `json:"budget,omitempty"`
	Exemptions []string         `json:"exemptions,omitempty"`
	Revisions  []planRevision   `json:"revisions"`
}

type planRevision struct {
	State         string                 `json:"state"`
	Name          string                 `json:"name"`
	EffectiveDate string                 `json:"effectiveDate"`
	Allowances    []planAllowance        `json:"allowances,omitempty"`
	Rates         []v1alpha1.MarketRates `json:"rates"`
}

type planAllowance struct {
	Name   string   `json:"name"`
	Count  int64    `json:"count"`
	Of     []string `json:"of"`
	Per    string   `json:"per"`
	Period string   `json:"period"`
}

func (p *plugin) newPlan() *cobra.Command {
	var as format
	var market string
	command := &cobra.Command{
		Use:   "plan [ACCOUNT]",
		Short: "Show what an account pays: the revision in force, and those to come",
		Long: `Show what an account pays, mark-ups included: the revision in force, and those to come, from the
ConfigMap that the operator keeps for the business. guichet plan checks and imports a PricingPlan.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := as.check(); err != nil {
				return err
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			account, err := c.Account(cmd.Context(), oneName(arguments))
			if err != nil {
				return err
			}
			shown := &corev1.ConfigMap{}
			name := tenant.PlanViewName(account.Name)
			err = c.Get(cmd.Context(), types.NamespacedName{Namespace: account.Namespace, Name: name}, shown)
			if apierrors.IsNotFound(err) {
				return fmt.Errorf("ConfigMap %q is not there: kubectl guichet doctor says why", name)
			}
			if err != nil {
				return err
			}
			var view planView
			if err := yaml.Unmarshal([]byte(shown.Data[tenant.PlanViewKey]), &view); err != nil {
				return fmt.Errorf("ConfigMap %q: %w", name, err)
			}
			view.choose(market)
			return p.show(cmd, as, view, view.layOut)
		},
	}
	as.register(command)
	command.Flags().StringVar(&market, "market", "", "the rates of one market alone, such as Brazil")
	return command
}

// choose leaves out the rates of other markets than one.
func (v *planView) choose(market string) {
	if market == "" {
		return
	}
	for i := range v.Revisions {
		v.Revisions[i].Rates = slices.DeleteFunc(v.Revisions[i].Rates, func(rates v1alpha1.MarketRates) bool {
			return string(rates.Market) != market
		})
	}
}

func (v *planView) layOut(s *screen.Screen) {
	s.Line(s.Paint(screen.Bold, "PricingPlan "+screen.Clean(v.Plan)) + ", in " + screen.Clean(v.Currency) +
		" a message, by dates of " + screen.Clean(v.TimeZone))
	if v.Budget != nil {
		s.Line(fmt.Sprintf("budget %s a month, then %s", amount(&v.Budget.Limit), v.Budget.Action))
	}
	for i := range v.Revisions {
		revision := &v.Revisions[i]
		s.Title(screen.Clean(fmt.Sprintf("%s, from %s on (%s)", revision.Name, revision.EffectiveDate, revision.State)))
		for _, allowance := range revision.Allowances {
			s.Paragraph("  ", screen.Plain, fmt.Sprintf(
				"free: %d of %v for each %s and %s (%s)", allowance.Count, allowance.Of, allowance.Per,
				allowance.Period, allowance.Name,
			))
		}
		revision.layOutRates(s)
	}
}

// layOutRates writes a row for each market and a column for each category.
func (r *planRevision) layOutRates(s *screen.Screen) {
	var categories []string
	for _, rates := range r.Rates {
		for _, price := range rates.Prices {
			if !slices.Contains(categories, string(price.Category)) {
				categories = append(categories, string(price.Category))
			}
		}
	}
	slices.Sort(categories)
	rows := make([][]screen.Cell, 0, len(r.Rates))
	for _, rates := range r.Rates {
		row := []screen.Cell{screen.Text(string(rates.Market))}
		for _, category := range categories {
			price := ""
			for _, known := range rates.Prices {
				if string(known.Category) == category {
					price = string(known.Amount)
				}
			}
			row = append(row, screen.Number(price))
		}
		rows = append(rows, append(row, screen.Text("")))
	}
	s.Table(2, append(append([]string{"MARKET"}, categories...), ""), rows)
}
