package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"

	"github.com/spf13/cobra"
)

// simulateOptions are the flags of simulate.
type simulateOptions struct {
	kubeContext, namespace, service, account string
	port                                     uint16
}

func newSimulate() *cobra.Command {
	var o simulateOptions
	command := &cobra.Command{
		Use:   "simulate [--account NAMESPACE/NAME]",
		Short: "Open the page of a simulator that runs in a cluster",
		Long: `Open the page of a simulator that runs in a cluster: phones and a business's desk side by side.

kubectl forwards a local port to the simulator until this command is interrupted. With --account, the
address that is printed ends with the account's API token, so that the desk can write and the account's
figures are shown. kubectl must be allowed to read the account and its Secret of API tokens:

  kubectl guichet simulate --account acme/acme`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return o.run(ctx, cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.kubeContext, "context", "", "context of the kubeconfig; the current one unless set")
	flags.StringVar(&o.namespace, "namespace", "guichet-simulator", "namespace of the simulator")
	flags.StringVar(&o.service, "service", "simulator", "Service of the simulator")
	flags.StringVar(&o.account, "account", "", "the BusinessAccount that the desk writes for, as NAMESPACE/NAME")
	flags.Uint16Var(&o.port, "port", 0, "local port; any free one unless set")
	return command
}

func (o *simulateOptions) run(ctx context.Context, stdout io.Writer) error {
	k, fragment := kubectl{o.kubeContext}, ""
	if o.account != "" {
		token, err := k.token(ctx, o.account)
		if err != nil {
			return err
		}
		fragment = "#token=" + token
	}
	local := ""
	if o.port != 0 {
		local = strconv.Itoa(int(o.port))
	}
	return k.forward(ctx, o.namespace, "service/"+o.service, local+":8090", func(port string) {
		fmt.Fprintf(stdout, "http://127.0.0.1:%s/%s\nInterrupt this command to end it.\n", port, fragment)
	})
}
