package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"

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
	fragment := ""
	if o.account != "" {
		token, err := o.token(ctx)
		if err != nil {
			return err
		}
		fragment = "#token=" + token
	}
	local := ""
	if o.port != 0 {
		local = strconv.Itoa(int(o.port))
	}
	forward := o.kubectl(
		ctx, "port-forward", "--namespace", o.namespace, "--address", "127.0.0.1", "service/"+o.service, local+":8090",
	)
	var complaint bytes.Buffer
	forward.Stderr = &complaint
	output, err := forward.StdoutPipe()
	if err != nil {
		return err
	}
	if err := forward.Start(); err != nil {
		return fmt.Errorf("start kubectl, which must be in the PATH: %w", err)
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if port, found := forwardedPort(lines.Text()); found {
			fmt.Fprintf(stdout, "http://127.0.0.1:%s/%s\nInterrupt this command to end it.\n", port, fragment)
		}
	}
	if err := forward.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("kubectl port-forward: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

// forwardedPort reads the local port from what kubectl port-forward prints.
func forwardedPort(line string) (port string, found bool) {
	rest, found := strings.CutPrefix(line, "Forwarding from 127.0.0.1:")
	if !found {
		return "", false
	}
	port, _, found = strings.Cut(rest, " ")
	return port, found
}

// token reads the first of the account's API tokens.
func (o *simulateOptions) token(ctx context.Context) (string, error) {
	namespace, name, found := strings.Cut(o.account, "/")
	if !found || namespace == "" || name == "" {
		return "", errors.New("--account must be NAMESPACE/NAME, such as acme/acme")
	}
	secret, err := o.read(
		ctx, "--namespace", namespace, "businessaccount/"+name, "{{.status.gateway.apiTokensSecretName}}",
	)
	if err != nil {
		return "", err
	}
	const firstToken = "{{range $name, $token := .data}}{{$token | base64decode}}\n{{end}}"
	tokens, err := o.read(ctx, "--namespace", namespace, "secret/"+secret, firstToken)
	if err != nil {
		return "", err
	}
	token, _, _ := strings.Cut(tokens, "\n")
	if token == "" {
		return "", fmt.Errorf("the Secret %s/%s holds no API token", namespace, secret)
	}
	return token, nil
}

// read gets an object by kubectl; the last argument is the template of what is wanted.
func (o *simulateOptions) read(ctx context.Context, arguments ...string) (string, error) {
	last := len(arguments) - 1
	get := append([]string{"get"}, arguments[:last]...)
	command := o.kubectl(ctx, append(get, "--output", "go-template="+arguments[last])...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl get: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(printed)), nil
}

func (o *simulateOptions) kubectl(ctx context.Context, arguments ...string) *exec.Cmd {
	if o.kubeContext != "" {
		arguments = append([]string{"--context", o.kubeContext}, arguments...)
	}
	return exec.CommandContext(ctx, "kubectl", arguments...) // #nosec G204 -- whoever runs it chooses
}
