package plugin

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// windowsView counts the open windows of an account, or tells of one customer's.
type windowsView struct {
	Namespace string       `json:"namespace"`
	Name      string       `json:"name"`
	Open      *int64       `json:"open,omitempty"`
	AsOf      *metav1.Time `json:"asOfTime,omitempty"`
	Customer  *windowView  `json:"customer,omitempty"`
}

// windowView is whether a text may go out to one customer now, and until when. The customer is not
// named.
type windowView struct {
	MayAnswer bool   `json:"mayAnswer"`
	Closes    string `json:"closes,omitempty"`
	Says      string `json:"says"`
}

func (p *plugin) newWindows() *cobra.Command {
	var as format
	var m message
	command := &cobra.Command{
		Use:   "windows [ACCOUNT] [--to NUMBER]",
		Short: "Count the open windows of an account, or tell whether one customer's is open",
		Long: `Count the customers who can be answered with any message now, as the account's status says. With
--to, ask the gateway whether a text may go out to one customer now, and until when: a dry run,
which keeps and sends nothing.`,
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
			view := windowsView{Namespace: account.Namespace, Name: account.Name}
			if usage := account.Status.Usage; usage != nil {
				view.Open, view.AsOf = usage.OpenWindows, &usage.AsOfTime
			}
			if m.to != "" {
				desk, err := p.desk(cmd.Context(), c, account.Name, m.channel)
				if err != nil {
					return err
				}
				if view.Customer, err = desk.window(cmd, &m); err != nil {
					return err
				}
			}
			return p.show(cmd, as, view, func(s *screen.Screen) { view.layOut(s, p.now(c)) })
		},
	}
	as.register(command)
	command.Flags().StringVar(&m.to, "to", "", "a customer's number, or id on a page")
	command.Flags().StringVar(&m.channel, "channel", "", "name of the channel for --to; the first one unless set")
	return command
}

// window asks whether a text may go out to a customer.
func (d *desk) window(cmd *cobra.Command, m *message) (*windowView, error) {
	m.text = "?"
	answer, err := d.send(cmd, m, true)
	refused, is := errors.AsType[*gatewayclient.RefusedError](err)
	switch {
	case is && refused.Code != 0 && refused.Status < http.StatusInternalServerError &&
		refused.Status != http.StatusUnauthorized:
		return &windowView{Says: refused.Reason}, nil
	case err != nil:
		return nil, err
	}
	return &windowView{MayAnswer: true, Closes: answer.WindowCloses, Says: answer.Sentence}, nil
}

func (v *windowsView) layOut(s *screen.Screen, now time.Time) {
	if v.Customer == nil {
		line := "open windows: " + number(v.Open)
		if v.AsOf != nil {
			line += ", as the gateway said " + ago(v.AsOf.Time, now)
		}
		s.Line(line)
		return
	}
	if v.Customer.MayAnswer {
		line := s.Paint(screen.Good, "A text may go out now")
		if v.Customer.Closes != "" {
			line += fmt.Sprintf(", until %s", screen.Clean(v.Customer.Closes))
		}
		s.Line(line + ".")
	} else {
		s.Line(s.Paint(screen.Bad, "No text may go out now."))
	}
	s.Paragraph("  ", screen.Plain, v.Customer.Says)
}
