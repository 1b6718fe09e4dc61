package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/gatewayclient"
)

// gatewayPods selects the pods of an account's gateway. Each replica tells what it was told itself.
const gatewayPods = "app.kubernetes.io/name=guichet-gateway,guichet.dev/account="

// followCluster follows every replica of an account's gateway, also those that come later.
func (l *listening) followCluster(ctx context.Context) error {
	const lookAgain = 5 * time.Second
	k := kubectl{l.kubeContext}
	namespace, name, err := splitAccount(l.account)
	if err != nil {
		return err
	}
	token, err := k.token(ctx, l.account)
	if err != nil {
		return err
	}
	pods := &followedPods{followed: map[string]bool{}}
	defer pods.wait.Wait()
	for first := true; ; first = false {
		running, err := k.runningPods(ctx, namespace, gatewayPods+name)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		case err != nil:
			_, _ = fmt.Fprintln(l.stderr, err.Error())
		case len(running) == 0 && first:
			return fmt.Errorf("no replica of the gateway of %s runs", l.account)
		}
		for _, pod := range running {
			pods.follow(pod, func() {
				if err := l.followPod(ctx, k, namespace, pod, token); err != nil {
					_, _ = fmt.Fprintf(l.stderr, "%s: %v\n", pod, err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookAgain):
		}
	}
}

// runningPods are the names of the pods of a selector that run.
func (k kubectl) runningPods(ctx context.Context, namespace, selector string) ([]string, error) {
	const names = `{{range .items}}{{if eq .status.phase "Running"}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}`
	listed, err := k.get(ctx, names, "--namespace", namespace, "pods", "--selector", selector)
	return strings.Fields(listed), err
}

// followPod follows a replica through a forwarded port, until either ends.
func (l *listening) followPod(ctx context.Context, k kubectl, namespace, pod, token string) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var following sync.WaitGroup
	var failed error
	err := k.forward(ctx, namespace, "pod/"+pod, ":8080", func(port string) {
		following.Go(func() {
			defer end() // the port is of no more use
			client := &gatewayclient.Client{Base: "http://127.0.0.1:" + port, Token: token}
			failed = l.follow(ctx, client, "Listening to "+pod+".")
		})
	})
	end()
	following.Wait()
	return errors.Join(err, failed)
}

// followedPods are those that are followed now.
type followedPods struct {
	wait sync.WaitGroup

	mu       sync.Mutex
	followed map[string]bool
}

// follow runs a function for a pod, unless one runs already.
func (f *followedPods) follow(pod string, run func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followed[pod] {
		return
	}
	f.followed[pod] = true
	f.wait.Go(func() {
		run()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.followed, pod)
	})
}
