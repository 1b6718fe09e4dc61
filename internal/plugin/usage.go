package plugin

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// usageView is a month of an account.
type usageView struct {
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	Period      string `json:"period"`
	TimeZone    string `json:"timeZone"`
	// State is that of the month's statement; empty if there is none, and the figures are the
	// status's.
	State    string          `json:"state,omitempty"`
	AsOf     metav1.Time     `json:"asOfTime"`
	Messages *int64          `json:"messages,omitempty"`
	Billed   *v1alpha1.Money `json:"billed,omitempty"`
	// Days and Categories have amounts in one currency each.
	Days       []usageRow    `json:"days,omitempty"`
	Categories []usageRow    `json:"categories,omitempty"`
	History    []periodTotal `json:"history,omitempty"`
}

type usageRow struct {
	Name     string         `json:"name"`
	Messages int64          `json:"messages"`
	Billed   v1alpha1.Money `json:"billed"`
}

type periodTotal struct {
	Period   string          `json:"period"`
	Messages *int64          `json:"messages,omitempty"`
	Billed   *v1alpha1.Money `json:"billed,omitempty"`
}

func (p *plugin) newUsage() *cobra.Command {
	var as format
	var period string
	command := &cobra.Command{
		Use:   "usage [ACCOUNT]",
		Short: "Show what a month was billed, by day and by category",
		Long: `Show what a month was billed, by day and by category, from its UsageStatement; without one, what the
account's status says of the month.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := as.check(); err != nil {
				return err
			}
			if _, err := time.Parse("2006-01", period); err != nil && period != "" {
				return fmt.Errorf("--period %.40q must be a month like 2026-11", period)
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			account, err := c.Account(cmd.Context(), oneName(arguments))
			if err != nil {
				return err
			}
			if usage := account.Status.Usage; period == "" && usage != nil {
				period = usage.Period
			}
			if period == "" {
				return fmt.Errorf("the gateway of account %q has reported nothing yet", account.Name)
			}
			statement := &v1alpha1.UsageStatement{}
			err = c.Get(cmd.Context(), types.NamespacedName{
				Namespace: account.Namespace, Name: account.Name + "-" + period,
			}, statement)
			if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
				return err
			}
			if err != nil {
				statement = nil
			}
			view, err := viewUsage(account, statement, period)
			if err != nil {
				return err
			}
			return p.show(cmd, as, view, func(s *screen.Screen) { view.layOut(s, p.now(c)) })
		},
	}
	as.register(command)
	command.Flags().StringVar(&period, "period", "", "the month, like 2026-11; the current one unless set")
	return command
}

// viewUsage makes the view of a month, of its statement if there is one.
func viewUsage(
	account *v1alpha1.BusinessAccount, statement *v1alpha1.UsageStatement, period string,
) (*usageView, error) {
	view := &usageView{
		Namespace: account.Namespace, Name: account.Name, DisplayName: account.Spec.DisplayName, Period: period,
		TimeZone: account.Spec.TimeZone,
	}
	for _, total := range account.Status.History {
		view.History = append(view.History, periodTotal{total.Period, total.Messages, total.Billed})
	}
	if statement != nil {
		return view, view.readStatement(statement)
	}
	usage := account.Status.Usage
	if usage == nil || usage.Period != period {
		return nil, fmt.Errorf("there is no UsageStatement of %s, and the status is not of that month", period)
	}
	view.AsOf, view.Messages, view.Billed = usage.AsOfTime, usage.Messages, usage.Billed
	for _, category := range usage.Categories {
		if category.Billed == nil || category.Messages == nil {
			continue
		}
		view.Categories = append(view.Categories, usageRow{category.Category, *category.Messages, *category.Billed})
	}
	return view, nil
}

// readStatement takes the figures of a statement: exact sums by day, and by category.
func (v *usageView) readStatement(statement *v1alpha1.UsageStatement) error {
	spec := &statement.Spec
	v.State, v.AsOf, v.TimeZone = string(spec.State), spec.AsOfTime, spec.TimeZone
	if len(spec.Totals) == 1 {
		total := spec.Totals[0]
		v.Messages = total.Messages
		v.Billed = &v1alpha1.Money{Amount: string(total.Billed), Currency: total.Currency}
	}
	days, categories := sums{}, sums{}
	for _, day := range spec.Days {
		for _, add := range []struct {
			to   sums
			name string
		}{{days, day.Date}, {categories, day.Category}} {
			if err := add.to.add(add.name, day.Currency, day.Messages, string(day.Billed)); err != nil {
				return fmt.Errorf("UsageStatement %s: day %s: %w", statement.Name, day.Date, err)
			}
		}
	}
	v.Days, v.Categories = days.rows(), categories.rows()
	return nil
}

// sums are exact sums by name and currency.
type sums map[[2]string]*usageSum

type usageSum struct {
	messages int64
	billed   money.Decimal
}

func (s sums) add(name, currency string, messages *int64, billed string) error {
	amount, err := money.Parse(billed)
	if err != nil {
		return err
	}
	key := [2]string{name, currency}
	if s[key] == nil {
		s[key] = &usageSum{}
	}
	if messages != nil {
		s[key].messages += *messages
	}
	s[key].billed, err = s[key].billed.Add(amount)
	return err
}

func (s sums) rows() []usageRow {
	rows := make([]usageRow, 0, len(s))
	for key, sum := range s {
		rows = append(rows, usageRow{key[0], sum.messages, v1alpha1.Money{
			Amount: sum.billed.String(), Currency: key[1],
		}})
	}
	slices.SortFunc(rows, func(a, b usageRow) int {
		return strings.Compare(a.Name+a.Billed.Currency, b.Name+b.Billed.Currency)
	})
	return rows
}

func (v *usageView) layOut(s *screen.Screen, now time.Time) {
	state := "as the account's status says"
	if v.State != "" {
		state = "statement " + v.State
	}
	s.Line(s.Paint(screen.Bold, screen.Fit(screen.Clean(v.DisplayName), 40)+"  "+screen.Clean(v.Namespace+"/"+v.Name)) +
		"   " + v.Period)
	s.Paragraph("", screen.Dim, fmt.Sprintf("%s, %s, %s", state, ago(v.AsOf.Time, now), v.TimeZone))
	s.Line(fmt.Sprintf("%s for %s settled messages", amount(v.Billed), number(v.Messages)))
	layOutBars(s, "BY DAY", v.Days)
	layOutBars(s, "BY CATEGORY", v.Categories)
	if len(v.History) > 0 {
		s.Title("EARLIER MONTHS")
		rows := make([][]screen.Cell, 0, len(v.History))
		for _, total := range v.History {
			rows = append(rows, []screen.Cell{
				screen.Text(total.Period), screen.Number(amount(total.Billed)), screen.Number(number(total.Messages)),
				screen.Text(""),
			})
		}
		s.Table(2, []string{"MONTH", "BILLED", "MESSAGES", ""}, rows)
	}
}

// layOutBars draws a bar for each row, as long as its part of the greatest amount.
func layOutBars(s *screen.Screen, title string, rows []usageRow) {
	if len(rows) == 0 {
		return
	}
	const columns = 40
	greatest := new(big.Rat)
	for i := range rows {
		if amount := ratOf(rows[i].Billed.Amount); amount.Cmp(greatest) > 0 {
			greatest = amount
		}
	}
	s.Title(title)
	cells := make([][]screen.Cell, 0, len(rows))
	for i := range rows {
		share := 0.0
		if greatest.Sign() > 0 {
			share, _ = new(big.Rat).Quo(ratOf(rows[i].Billed.Amount), greatest).Float64()
		}
		cells = append(cells, []screen.Cell{
			screen.Text(rows[i].Name), screen.Styled(screen.Accent, screen.Bar(share, columns)),
			screen.Number(
				rows[i].Billed.Amount + " " + rows[i].Billed.Currency,
			), screen.Number(fmt.Sprint(rows[i].Messages)),
			screen.Text(""),
		})
	}
	s.Table(2, []string{"", "", "BILLED", "MESSAGES", ""}, cells)
}

// ratOf is an amount for a bar; what is none is nothing.
func ratOf(amount string) *big.Rat {
	if value, good := new(big.Rat).SetString(amount); good {
		return value
	}
	return new(big.Rat)
}
