package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// listenOptions are the flags of listen.
type listenOptions struct {
	directory, gateway, account, kubeContext string
	forwardTo, secretFile                    string
	showBody                                 bool
}

func newListen() *cobra.Command {
	var o listenOptions
	command := &cobra.Command{
		Use:   "listen [--forward-to URL]",
		Short: "Print an account's callbacks, and forward them to your own machine",
		Long: `Print an account's callbacks as they come, and forward them to an endpoint on your own machine.

You get a copy: the account's own endpoint is told all the same, and an account without one can be
listened to as well. Nothing is stored, so what happens while nobody listens is not told later.

The gateway is that of a running guichet dev, or that of an account on a cluster with --account, or
any other with --gateway and one of the account's API tokens in ` + tokenVariable + `. On a cluster, kubectl
forwards a port to each of the account's replicas; it must be allowed to read the account and its
Secret of API tokens.

What is forwarded is byte for byte what the gateway posts, and signed the same way, with a secret
that is printed once; --secret-file or ` + secretVariable + ` has one of yours. An endpoint that
fails is not tried again, and redirects are not followed. No phone number and no content is printed
unless --show-body is given.`,
		Example: `  guichet listen --forward-to http://localhost:3000/webhook
  guichet listen --account acme/acme --forward-to http://localhost:3000/webhook
  GUICHET_TOKEN=… guichet listen --gateway https://acme.example.com`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.run(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.forwardTo, "forward-to", "", "your endpoint, such as http://localhost:3000/webhook")
	flags.StringVar(&o.secretFile, "secret-file", "", "file with the secret that signs what is forwarded")
	flags.StringVar(&o.account, "account", "", "a BusinessAccount on a cluster, as NAMESPACE/NAME")
	flags.StringVar(&o.kubeContext, "context", "", "context of the kubeconfig; the current one unless set")
	flags.StringVar(&o.gateway, "gateway", "", "base URL of a gateway's API")
	flags.StringVar(&o.directory, "dir", defaultDevDirectory, "folder of guichet dev")
	flags.BoolVar(&o.showBody, "show-body", false, "print the callbacks themselves, with what customers have written")
	command.MarkFlagsMutuallyExclusive("account", "gateway")
	return command
}

// listening is a listen at work.
type listening struct {
	*listenOptions
	forward        *url.URL
	secret         string
	stdout, stderr io.Writer
	// one callback is printed and forwarded at a time, whichever replica it came from.
	one sync.Mutex
}

func (o *listenOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	l := &listening{listenOptions: o, stdout: stdout, stderr: stderr}
	if err := l.prepareForwarding(); err != nil {
		return err
	}
	if o.account != "" {
		return l.followCluster(ctx)
	}
	client, err := o.client(ctx)
	if err != nil {
		return err
	}
	return l.follow(ctx, client, "Listening.")
}

// prepareForwarding reads where callbacks go, and finds or makes the secret.
func (l *listening) prepareForwarding() (err error) {
	if l.forwardTo == "" {
		return nil
	}
	if l.forward, err = endpointURL("--forward-to", l.forwardTo); err != nil {
		return err
	}
	if l.secret, err = givenSecret(l.secretFile); err != nil || l.secret != "" {
		return err
	}
	l.secret = rand.Text()
	_, err = fmt.Fprintf(l.stdout, "Callbacks are signed with the secret %s\n", l.secret)
	return err
}

// client is a client of the gateway that is meant.
func (o *listenOptions) client(ctx context.Context) (*gatewayclient.Client, error) {
	if o.gateway != "" {
		token := os.Getenv(tokenVariable)
		if token == "" {
			return nil, fmt.Errorf("give one of the account's API tokens in %s", tokenVariable)
		}
		return &gatewayclient.Client{Base: o.gateway, Token: token}, nil
	}
	process, err := findDevProcess(ctx, o.directory)
	if err != nil {
		return nil, err
	}
	if process == nil {
		return nil, fmt.Errorf(
			"no guichet dev runs in %s: start it, name its folder with --dir, or give --account or --gateway",
			o.directory,
		)
	}
	return &gatewayclient.Client{Base: process.state.Gateway, Token: process.state.Token}, nil
}

// follow prints and forwards a gateway's callbacks until ctx is done. It goes on after the
// connection has broken off, but not after a refusal.
func (l *listening) follow(ctx context.Context, client *gatewayclient.Client, greeting string) error {
	const pause = time.Second
	began := false
	for {
		err := client.Listen(ctx, func() {
			said := greeting
			if began {
				said = "Listening again. What came meanwhile was not told."
			}
			began = true
			_, _ = fmt.Fprintln(l.stdout, said)
		}, func(told gatewayclient.Callback) { l.take(ctx, told) })
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		refused, ok := errors.AsType[*gatewayclient.RefusedError](err)
		if !began || ok && refused.Status < http.StatusInternalServerError {
			return err
		}
		_, _ = fmt.Fprintln(l.stderr, err.Error())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// take prints a callback in a line, and forwards it.
func (l *listening) take(ctx context.Context, told gatewayclient.Callback) {
	l.one.Lock()
	defer l.one.Unlock()
	line := fmt.Sprintf("%s  %-28s %-18s %6d bytes", told.At.Local().Format(time.TimeOnly),
		fixtures.Describe([]byte(told.Body)), told.Channel, len(told.Body))
	if l.forward != nil {
		answered, err := postSigned(ctx, l.forward, []byte(told.Body), l.secret, "guichet-listen")
		if err != nil {
			line += "  → " + err.Error()
		} else {
			line += "  → " + answered.String()
		}
	}
	_, _ = fmt.Fprintln(l.stdout, strings.TrimRight(line, " "))
	if l.showBody {
		_, _ = fmt.Fprintln(l.stdout, told.Body)
	}
}
