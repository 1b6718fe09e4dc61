package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

func (p *plugin) newCallbacks() *cobra.Command {
	command := &cobra.Command{
		Use:   "callbacks",
		Short: "List, replay or drop the callbacks that an endpoint does not take",
		Long: `List, replay or drop the callbacks that were set aside because the business's endpoint does not
take them (docs/business.md). Those of one channel: the account's first, or --channel.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var channel string
	command.PersistentFlags().StringVar(&channel, "channel", "", "name of the channel; the first one unless set")
	command.AddCommand(
		p.newCallbackList(&channel),
		p.newCallbackChange(
			&channel, "replay", "Deliver callbacks again, after what waits for their customers", "Replayed",
			(*gatewayclient.Client).ReplayCallbacks,
		),
		p.newCallbackChange(
			&channel, "drop", "Delete callbacks for good", "Dropped", (*gatewayclient.Client).DropCallbacks,
		),
	)
	return command
}

func (p *plugin) newCallbackList(channel *string) *cobra.Command {
	var as format
	command := &cobra.Command{
		Use: "list [ACCOUNT]", Short: "List what is set aside, oldest first", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := as.check(); err != nil {
				return err
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			desk, err := p.desk(cmd.Context(), c, oneName(arguments), *channel)
			if err != nil {
				return err
			}
			list, err := desk.RefusedCallbacks(cmd.Context(), desk.id())
			if err != nil {
				return err
			}
			return p.show(cmd, as, list, func(s *screen.Screen) { layOutCallbacks(s, list) })
		},
	}
	as.register(command)
	return command
}

func layOutCallbacks(s *screen.Screen, list []gatewayclient.RefusedCallback) {
	if len(list) == 0 {
		s.Line("No callback is set aside.")
		return
	}
	rows := make([][]screen.Cell, 0, len(list))
	for _, callback := range list {
		answer := "none"
		if callback.Status != 0 {
			answer = fmt.Sprint(callback.Status)
		}
		rows = append(rows, []screen.Cell{
			screen.Text(callback.ID), screen.Text(callback.QueuedAt.UTC().Format(time.RFC3339)),
			screen.Text(callback.SetAsideAt.UTC().Format(time.RFC3339)), screen.Text(answer),
			screen.Text(fmt.Sprint(callback.Bytes)),
		})
	}
	s.Table(0, []string{"ID", "QUEUED", "SET ASIDE", "ANSWER", "BYTES"}, rows)
}

func (p *plugin) newCallbackChange(
	channel *string, name, short, done string,
	change func(*gatewayclient.Client, context.Context, string, []string) (int, error),
) *cobra.Command {
	var chosen gatewayclient.Choice
	command := &cobra.Command{
		Use: name + " ACCOUNT [ID]...", Short: short, Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			c, err := p.open()
			if err != nil {
				return err
			}
			desk, err := p.desk(cmd.Context(), c, arguments[0], *channel)
			if err != nil {
				return err
			}
			chosen.IDs = arguments[1:]
			ids, err := desk.ChooseCallbacks(cmd.Context(), desk.id(), chosen, p.Now())
			if err != nil {
				return err
			}
			changed, err := change(desk.Client, cmd.Context(), desk.id(), ids)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", done, counted(int64(changed), "callback"))
			return err
		},
	}
	flags := command.Flags()
	flags.BoolVar(&chosen.All, "all", false, "all callbacks that are set aside now")
	flags.StringVar(
		&chosen.Since, "since", "",
		"those that were set aside since an instant, like 2026-11-29T10:00:00Z, or for a time, like 2h",
	)
	return command
}
