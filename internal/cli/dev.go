package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/dev"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// defaultDevDirectory is where guichet dev keeps its account.
const defaultDevDirectory = ".guichet-dev"

// devOptions are the flags of guichet dev.
type devOptions struct {
	dev.Options
	account, plan, templates string
	level                    slog.Level
}

func newDev() *cobra.Command {
	var o devOptions
	command := &cobra.Command{
		Use:   "dev",
		Short: "Run a gateway, a simulator in Meta's place and a page with phones, in one process",
		Long: `Run a gateway, a simulator in Meta's place and a page with phones, in one process.

It needs no cluster, no account at Meta and no Docker, and asks nobody but itself. The account, its
plan and its templates are those of config/samples, or your own manifests: what works here works on a
cluster. Callbacks go to the page, or to your endpoint with --callback.

Keys, store and time stay in a folder; the next start goes on with them. The phones are forgotten.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return o.run(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.Directory, "dir", defaultDevDirectory, "folder of the account's keys and store")
	flags.StringVar(&o.account, "account", "", "file of a BusinessAccount and, if you like, its Secrets")
	flags.StringVar(&o.plan, "plan", "", "file of the PricingPlan that the account names")
	flags.StringVar(&o.templates, "templates", "", "file or folder of MessageTemplates")
	flags.StringVar(&o.GatewayAddress, "listen", "127.0.0.1:8080", "address of the gateway's API")
	flags.StringVar(&o.SimulatorAddress, "listen-page", "127.0.0.1:8090", "address of the simulator and its page")
	flags.StringVar(&o.CallbackURL, "callback", "", "URL of your endpoint for callbacks (default: the page)")
	flags.StringVar(&o.PostgresURL, "postgres", "", "URL of a PostgreSQL server that keeps the store")
	flags.TextVar(&o.level, "log-level", slog.LevelWarn, "lowest level to log: DEBUG, INFO, WARN or ERROR")
	command.AddCommand(newDevClock())
	return command
}

func (o *devOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	began := time.Now()
	var err error
	if o.Manifests, err = dev.ReadManifests(o.account, o.plan, o.templates); err != nil {
		return err
	}
	o.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: o.level}))
	o.Delivery = simulator.Delivery{
		SentAfter:      simulator.Duration(100 * time.Millisecond),
		DeliveredAfter: simulator.Duration(400 * time.Millisecond),
		ReadAfter:      simulator.Duration(2 * time.Second),
	}
	process, err := dev.Start(ctx, o.Options)
	if err != nil {
		return err
	}
	o.tell(stdout, process, time.Since(began))
	return process.Wait()
}

// tell says where everything is, with a first request that works as printed.
func (o *devOptions) tell(out io.Writer, p *dev.Process, took time.Duration) {
	for _, note := range p.Notes {
		fmt.Fprintln(out, "note:", note)
	}
	fmt.Fprintf(out, `Guichet is ready after %.1f s: the account %q with the plan %q.

  page      %s
  base URL  %s      (in place of https://graph.facebook.com)
  token     %s
`, took.Seconds(), o.Manifests.Account.Name, o.Manifests.Plan.Name, p.PageURL, p.GatewayURL, p.Token)
	for _, channel := range p.Channels {
		fmt.Fprintf(out, "  %-9s %s\n", channel.Type, channel.ID)
	}
	fmt.Fprintf(out, `  store     %s

The page has the phones. Or write as a customer, and answer as the business:

`, p.StorePath())
	tellOfWriting(out, p, p.Channels[0])
	fmt.Fprint(out, "\nTomorrow is one command away: guichet dev clock advance 25h. Ctrl-C ends it.\n")
}

// tellOfWriting prints how a customer writes to a channel, and how the business answers.
func tellOfWriting(out io.Writer, p *dev.Process, to v1alpha1.ChannelIdentity) {
	path, person := "/control/phones/33612345678/messages", `"messaging_product":"whatsapp","to":"+33612345678"`
	content := `"type":"text","text":{"body":"On its way."}`
	if to.Type != v1alpha1.ChannelWhatsApp {
		path, person = "/control/people/7301982645501234", `"recipient":{"id":"7301982645501234"}`
		content = `"messaging_type":"RESPONSE","message":{"text":"On its way."}`
	}
	fmt.Fprintf(out, `  curl -s %s%s -d '{"to":"%s","text":"Where is my parcel?"}'
  curl -s %s/v26.0/%s/messages -H 'Authorization: Bearer %s' \
    -H 'Content-Type: application/json' -d '{%s,%s}'
`, p.SimulatorURL(), path, to.ID, p.GatewayURL, to.ID, p.Token, person, content)
}
