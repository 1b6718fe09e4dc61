package plugin

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

func (p *plugin) newStatus() *cobra.Command {
	var as format
	var everywhere bool
	command := &cobra.Command{
		Use:   "status [ACCOUNT]",
		Short: "Show an account on one screen, or all accounts in a table",
		Long: `Show an account on one screen: its numbers, money, windows and queue, the conditions that are not
True, and what to do about them. Without ACCOUNT, show the accounts of the namespace in a table.`,
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
			if len(arguments) == 1 {
				account, err := c.Account(cmd.Context(), arguments[0])
				if err != nil {
					return err
				}
				view := viewStatus(account, p.now(c))
				return p.show(cmd, as, view, func(s *screen.Screen) { view.layOut(s, p.now(c)) })
			}
			accounts, err := c.Accounts(cmd.Context(), everywhere)
			if err != nil {
				return err
			}
			views := make([]statusView, 0, len(accounts))
			for i := range accounts {
				views = append(views, viewStatus(&accounts[i], p.now(c)))
			}
			return p.show(cmd, as, views, func(s *screen.Screen) { layOutAccounts(s, views) })
		},
	}
	as.register(command)
	command.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "the accounts of all namespaces")
	return command
}

// layOutAccounts writes a row for each account.
func layOutAccounts(s *screen.Screen, views []statusView) {
	if len(views) == 0 {
		s.Line("There is no BusinessAccount.")
		return
	}
	rows := make([][]screen.Cell, 0, len(views))
	for i := range views {
		view := &views[i]
		billed, left := unknown, "no budget"
		if view.Money != nil {
			billed = amount(view.Money.Billed)
			if view.Money.Limit != nil {
				left = amount(view.Money.Left)
			}
		}
		rows = append(rows, []screen.Cell{
			screen.Text(view.Namespace), screen.Text(view.Name), screen.Styled(styleOf(view.Ready), string(view.Ready)),
			screen.Text(view.Plan), screen.Number(number(view.OpenWindows)), screen.Number(view.queued()),
			screen.Number(billed), screen.Number(left), screen.Text(view.Reason),
		})
	}
	s.Table(0, []string{"NAMESPACE", "NAME", "READY", "PLAN", "WINDOWS", "QUEUED", "BILLED", "LEFT", "REASON"}, rows)
}

// queued says how many messages wait. That nothing does is known only while the figures are
// current.
func (v *statusView) queued() string {
	if v.Queue.Messages == 0 && !v.Current {
		return unknown
	}
	return fmt.Sprint(v.Queue.Messages)
}

// layOut writes an account on one screen.
func (v *statusView) layOut(s *screen.Screen, now time.Time) {
	title := screen.Clean(v.DisplayName) + "  " + screen.Clean(v.Namespace+"/"+v.Name)
	states := []string{"Ready"}
	if v.Ready != metav1.ConditionTrue {
		states[0] = "not Ready: " + v.Reason
	}
	for _, asked := range []string{v.Activity, v.Operation} {
		if asked != "" {
			states = append(states, screen.Clean(asked))
		}
	}
	state := strings.Join(states, ", ")
	title = screen.Fit(title, screen.Columns-screen.Width(state)-gapOfTitle)
	s.Line(s.Paint(screen.Bold, title) + strings.Repeat(" ", gapOfTitle) + s.Paint(styleOf(v.Ready), state))
	s.Paragraph("", screen.Dim, v.setting())

	s.Title("NUMBERS")
	rows := make([][]screen.Cell, 0, len(v.Channels))
	for _, channel := range v.Channels {
		rows = append(rows, []screen.Cell{
			screen.Text(channel.Name), screen.Text(channel.Network), screen.Text(channel.ID),
			screen.Styled(styleOf(channel.Sends), yesOrNo(channel.Sends)),
			screen.Styled(styleOf(channel.Receives), yesOrNo(channel.Receives)), screen.Text(channel.Why),
		})
	}
	s.Table(2, []string{"CHANNEL", "NETWORK", "ID", "SENDS", "RECEIVES", "WHY"}, rows)
	v.layOutMoney(s, now)
	v.layOutFigures(s, now)
	v.layOutConditions(s, now)
}

const gapOfTitle = 3

// setting is the line below the title.
func (v *statusView) setting() string {
	gateway := "no gateway yet"
	if v.Gateway.Image != "" {
		gateway = fmt.Sprintf("gateway %s, %d of %d ready", v.Gateway.Image, v.Gateway.Ready, v.Gateway.Replicas)
	}
	return fmt.Sprintf("plan %s, %s, %s", v.Plan, v.TimeZone, gateway)
}

func (v *statusView) layOutMoney(s *screen.Screen, now time.Time) {
	if v.Money == nil {
		s.Title("MONEY")
		s.Line("  The gateway has reported nothing yet.")
		return
	}
	s.Title("MONEY")
	line := fmt.Sprintf("%s, as the gateway said %s", v.Money.Period, ago(v.Money.AsOf.Time, now))
	if v.Current {
		line = v.Money.Period + ", current"
	}
	s.Line("  " + line)
	rows := [][]screen.Cell{
		{screen.Text(
			"billed",
		), screen.Text(amount(v.Money.Billed) + " for " + number(v.Money.Messages) + " settled messages")},
		{screen.Text("reserved"), screen.Text(amount(v.Money.Reserved) + " at most for messages under way")},
	}
	if v.Money.Unpriced != nil && *v.Money.Unpriced > 0 {
		rows = append(rows, []screen.Cell{
			screen.Text(
				"unpriced",
			), screen.Styled(screen.Bad, counted(*v.Money.Unpriced, "delivered message")+": the plan has no rate"),
		})
	}
	for _, row := range rows {
		s.Paragraph("  "+screen.Pad(row[0].Text, 10), row[1].Style, row[1].Text)
	}
	if v.Money.Limit == nil {
		s.Line("  budget    none")
		return
	}
	share, known := v.Money.spent()
	if !known {
		s.Line("  budget    " + amount(v.Money.Limit) + ", left: " + amount(v.Money.Left))
		return
	}
	const bar = 30
	s.Line("  budget    " + s.Paint(styleOfShare(share), screen.Bar(share, bar)) +
		fmt.Sprintf("  %s of %s taken, %s left", percent(share), amount(v.Money.Limit), amount(v.Money.Left)))
}

// layOutFigures writes windows and queue, in lines.
func (v *statusView) layOutFigures(s *screen.Screen, now time.Time) {
	s.Title("WINDOWS AND QUEUE")
	windows := "unknown"
	if v.OpenWindows != nil {
		windows = counted(*v.OpenWindows, "customer") + " can be answered with any message"
	}
	s.Line("  windows   " + windows)
	switch {
	case v.Queue.Messages > 0:
		s.Line(fmt.Sprintf("  queue     %s for the upstream, the oldest accepted %s",
			waits(v.Queue.Messages), ago(v.Queue.Oldest.Time, now)))
		for _, waiting := range v.Queue.Waiting {
			s.Paragraph("            ", screen.Warn, fmt.Sprintf(
				"%d at %s: %s", waiting.Messages, orNone(waiting.Channel), waiting.Reason,
			))
		}
	case v.Current:
		s.Line("  queue     nothing waits for more than ten seconds")
	default:
		s.Line("  queue     unknown")
	}
}

func waits(n int64) string {
	if n == 1 {
		return "1 message waits"
	}
	return fmt.Sprintf("%d messages wait", n)
}

func orNone(channel string) string {
	if channel == "" {
		return "removed channels"
	}
	return channel
}

func (v *statusView) layOutConditions(s *screen.Screen, now time.Time) {
	s.Title("CONDITIONS")
	switch {
	case len(v.NotTrue) == 0 && v.True == 0:
		s.Line("  The operator has said nothing yet.")
	case len(v.NotTrue) == 0:
		s.Line(fmt.Sprintf("  All %d are True.", v.True))
	default:
		rows := make([][]screen.Cell, 0, len(v.NotTrue))
		for _, condition := range v.NotTrue {
			rows = append(rows, []screen.Cell{
				screen.Styled(styleOf(condition.Status), condition.Type), screen.Text(condition.Reason),
				screen.Text(ago(condition.Since.Time, now)), screen.Text(condition.Message),
			})
		}
		s.Table(2, []string{"NOT TRUE", "REASON", "SINCE", "MESSAGE"}, rows)
		s.Line(fmt.Sprintf("  The other %d are True.", v.True))
	}
	if len(v.ToDo) > 0 {
		s.Title("WHAT TO DO")
		for _, text := range v.ToDo {
			s.Paragraph("  - ", screen.Plain, text)
		}
	}
}

func styleOf(status metav1.ConditionStatus) screen.Style {
	switch status {
	case metav1.ConditionTrue:
		return screen.Good
	case metav1.ConditionFalse:
		return screen.Bad
	}
	return screen.Warn
}

func styleOfShare(share float64) screen.Style {
	const high, all = 0.8, 1
	switch {
	case share >= all:
		return screen.Bad
	case share >= high:
		return screen.Warn
	}
	return screen.Good
}

func yesOrNo(status metav1.ConditionStatus) string {
	switch status {
	case metav1.ConditionTrue:
		return "yes"
	case metav1.ConditionFalse:
		return "no"
	}
	return unknown
}
