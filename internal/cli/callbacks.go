package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/gatewayclient"
)

// tokenVariable is the environment variable with the API token of the account.
const tokenVariable = "GUICHET_TOKEN"

func newCallbacksCommand() *cobra.Command {
	var to refusedCallbacks
	command := &cobra.Command{
		Use:   "callbacks",
		Short: "List, replay or drop the callbacks that an endpoint does not take",
		Long: `List, replay or drop the callbacks that an account's endpoint does not take.

A callback is set aside when it has failed for a quarter of an hour while the endpoint took others,
whatever the endpoint answers, and when it has failed for seven days. Those behind it go on. It is
kept for 30 days.

The environment variable ` + tokenVariable + ` must have one of the account's API tokens:

  kubectl -n acme port-forward service/acme-gateway 8080 &
  export GUICHET_TOKEN=$(kubectl -n acme get secret acme-api-tokens -o jsonpath='{.data.default}' | base64 -d)
  guichet callbacks list --phone-number-id 106540352242922
  guichet callbacks replay --phone-number-id 106540352242922 --since 2h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := command.PersistentFlags()
	flags.StringVar(&to.gateway, "gateway", "http://127.0.0.1:8080", "base URL of the gateway's API")
	flags.StringVar(&to.phoneNumberID, "phone-number-id", "", "id of the number that the callbacks are about")
	list := &cobra.Command{
		Use: "list", Short: "List what is set aside, oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return to.list(cmd.Context(), cmd.OutOrStdout()) },
	}
	command.AddCommand(list,
		to.change(
			"replay", "Deliver callbacks again, after what waits for their customers", "Replayed",
			(*gatewayclient.Client).ReplayCallbacks,
		),
		to.change("drop", "Delete callbacks for good", "Dropped", (*gatewayclient.Client).DropCallbacks),
	)
	return command
}

// refusedCallbacks reaches a gateway's list of a number's refused callbacks.
type refusedCallbacks struct{ gateway, phoneNumberID string }

// client is a client of the gateway.
func (c *refusedCallbacks) client() (*gatewayclient.Client, error) {
	token := os.Getenv(tokenVariable)
	if token == "" || c.phoneNumberID == "" {
		return nil, fmt.Errorf("give --phone-number-id, and one of the account's API tokens in %s", tokenVariable)
	}
	return &gatewayclient.Client{Base: c.gateway, Token: token}, nil
}

// change returns a command that changes the named callbacks, or those of a time.
func (c *refusedCallbacks) change(
	name, short, done string,
	change func(*gatewayclient.Client, context.Context, string, []string) (int, error),
) *cobra.Command {
	var chosen gatewayclient.Choice
	command := &cobra.Command{
		Use: name + " [ID]...", Short: short,
		RunE: func(cmd *cobra.Command, ids []string) error {
			client, err := c.client()
			if err != nil {
				return err
			}
			chosen.IDs = ids
			if ids, err = client.ChooseCallbacks(cmd.Context(), c.phoneNumberID, chosen, time.Now()); err != nil {
				return err
			}
			changed, err := change(client, cmd.Context(), c.phoneNumberID, ids)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %d callbacks\n", done, changed)
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

func (c *refusedCallbacks) list(ctx context.Context, out io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := client.RefusedCallbacks(ctx, c.phoneNumberID)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tQUEUED\tSET ASIDE\tANSWER\tBYTES") // Flush returns any error
	for _, callback := range list {
		answer := strconv.Itoa(callback.Status)
		if callback.Status == 0 {
			answer = "none"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", callback.ID, callback.QueuedAt.UTC().Format(time.RFC3339),
			callback.SetAsideAt.UTC().Format(time.RFC3339), answer, callback.Bytes)
	}
	return table.Flush()
}
