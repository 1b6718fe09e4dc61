package story

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Door is a way to a Service from where the story runs.
type Door struct {
	// URL is the Service's base URL, without a trailing slash.
	URL string
	// Direct says that URL is the Service's own address, so that it stays good after the story has
	// ended.
	Direct bool

	close func()
}

// Close ends the port-forward, if there is one.
func (d Door) Close() {
	if d.close != nil {
		d.close()
	}
}

// dialTimeout is how long a Service may take until it answers.
const dialTimeout = 30 * time.Second

// Reach opens a door to a Service's port: its cluster address if the cluster runs on this host,
// else a kubectl port-forward.
func (s *Stage) Reach(ctx context.Context, namespace, service string, port int) (Door, error) {
	var svc corev1.Service
	if err := s.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: service}, &svc); err != nil {
		return Door{}, fmt.Errorf("find the Service: %w", err)
	}
	if !s.OnThisHost {
		return s.forward(ctx, namespace, service, port)
	}
	address := net.JoinHostPort(svc.Spec.ClusterIP, strconv.Itoa(port))
	// The node's rules for a new Service take a moment.
	err := wait.PollUntilContextTimeout(ctx, pollInterval, dialTimeout, true, func(ctx context.Context) (bool, error) {
		return answers(ctx, address), nil
	})
	if err != nil {
		return Door{}, fmt.Errorf("the Service %s/%s does not answer at %s: %w", namespace, service, address, err)
	}
	return Door{URL: "http://" + address, Direct: true}, nil
}

func answers(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// forward starts `kubectl port-forward` and waits until it says on which local port it listens.
func (s *Stage) forward(ctx context.Context, namespace, service string, port int) (Door, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := s.Kubectl.command(
		ctx, "port-forward", "--namespace", namespace, "--address", "127.0.0.1", "service/"+service,
		":"+strconv.Itoa(port),
	)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return Door{}, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return Door{}, fmt.Errorf("start kubectl port-forward: %w", err)
	}
	stop := func() { cancel(); _ = cmd.Wait() }
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if address, ok := forwardedAddress(lines.Text()); ok {
			return Door{URL: "http://" + address, close: stop}, nil
		}
	}
	stop()
	return Door{}, errors.Join(
		fmt.Errorf("kubectl port-forward to %s/%s ended before it listened", namespace, service), lines.Err(),
	)
}

// forwardedAddress reads kubectl's line "Forwarding from 127.0.0.1:40001 -> 8080".
func forwardedAddress(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "Forwarding from ")
	if !ok {
		return "", false
	}
	address, _, ok := strings.Cut(rest, " ")
	return address, ok
}
