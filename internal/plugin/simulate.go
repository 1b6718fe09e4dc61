package plugin

import (
	"fmt"

	"github.com/spf13/cobra"
)

// simulatorPort is the port of the simulator's container.
const simulatorPort = 8090

func (p *plugin) newSimulate() *cobra.Command {
	namespace := "guichet-simulator"
	var port int
	command := &cobra.Command{
		Use:   "simulate [ACCOUNT]",
		Short: "Open the page of a simulator that runs in the cluster",
		Long: `Open the page of a simulator that runs in the cluster: phones and a business's desk side by side.

A local port is forwarded to the simulator until this command is interrupted. With ACCOUNT, the
address that is printed ends with the account's API token, so that the desk can write and the
account's figures are shown.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			ctx := cmd.Context()
			c, err := p.open()
			if err != nil {
				return err
			}
			fragment := ""
			if len(arguments) == 1 {
				account, err := c.Account(ctx, arguments[0])
				if err != nil {
					return err
				}
				token, err := firstToken(ctx, c, account)
				if err != nil {
					return err
				}
				fragment = "#token=" + token
			}
			chosen := map[string]string{"app.kubernetes.io/name": "simulator"}
			address, ended, err := p.reach(ctx, c, namespace, chosen, port, simulatorPort)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s/%s\nInterrupt this command to end it.\n", address, fragment)
			if err != nil {
				return err
			}
			if err := <-ended; err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&namespace, "simulator-namespace", namespace, "namespace of the simulator")
	flags.IntVar(&port, "port", 0, "local port; any free one unless set")
	return command
}
