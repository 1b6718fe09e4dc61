package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// kubectl runs the program of that name, so that this one links no client of Kubernetes.
type kubectl struct {
	// context is one of the kubeconfig; the current one if it is empty.
	context string
}

func (k kubectl) command(ctx context.Context, arguments ...string) *exec.Cmd {
	if k.context != "" {
		arguments = append([]string{"--context", k.context}, arguments...)
	}
	return exec.CommandContext(ctx, "kubectl", arguments...) // #nosec G204 -- whoever runs it chooses
}

// get reads from an object what a template says; the other arguments name the object.
func (k kubectl) get(ctx context.Context, template string, arguments ...string) (string, error) {
	command := k.command(ctx, append(append([]string{"get"}, arguments...), "--output", "go-template="+template)...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl get: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(printed)), nil
}

// forward forwards a port of loopback until ctx is done or kubectl ends. Ports are LOCAL:REMOTE, of
// which the first may be missing. Ready is called with the local port.
func (k kubectl) forward(ctx context.Context, namespace, target, ports string, ready func(port string)) error {
	command := k.command(
		ctx, "port-forward", "--namespace", namespace, "--address", "127.0.0.1", target, ports,
	)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start kubectl, which must be in the PATH: %w", err)
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if port, found := forwardedPort(lines.Text()); found {
			ready(port)
		}
	}
	if err := command.Wait(); err != nil && ctx.Err() == nil {
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

// splitAccount reads NAMESPACE/NAME.
func splitAccount(text string) (namespace, name string, err error) {
	namespace, name, found := strings.Cut(text, "/")
	if !found || namespace == "" || name == "" {
		return "", "", errors.New("--account must be NAMESPACE/NAME, such as acme/acme")
	}
	return namespace, name, nil
}

// token reads the first of an account's API tokens.
func (k kubectl) token(ctx context.Context, account string) (string, error) {
	namespace, name, err := splitAccount(account)
	if err != nil {
		return "", err
	}
	secret, err := k.get(
		ctx, "{{.status.gateway.apiTokensSecretName}}", "--namespace", namespace, "businessaccount/"+name,
	)
	if err != nil {
		return "", err
	}
	const firstToken = "{{range $name, $token := .data}}{{$token | base64decode}}\n{{end}}"
	tokens, err := k.get(ctx, firstToken, "--namespace", namespace, "secret/"+secret)
	if err != nil {
		return "", err
	}
	token, _, _ := strings.Cut(tokens, "\n")
	if token == "" {
		return "", fmt.Errorf("the Secret %s/%s holds no API token", namespace, secret)
	}
	return token, nil
}
