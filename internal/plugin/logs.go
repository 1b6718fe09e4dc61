package plugin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

func (p *plugin) newLogs() *cobra.Command {
	options := corev1.PodLogOptions{Container: kube.ContainerName}
	var since time.Duration
	tail := int64(-1)
	command := &cobra.Command{
		Use:               "logs [ACCOUNT]",
		Short:             "Print the log of an account's gateway, of every pod",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			c, err := p.open()
			if err != nil {
				return err
			}
			account, err := c.Account(cmd.Context(), oneName(arguments))
			if err != nil {
				return err
			}
			if since > 0 {
				seconds := int64(since.Seconds())
				options.SinceSeconds = &seconds
			}
			if tail >= 0 {
				options.TailLines = &tail
			}
			pods, err := gatewayPods(cmd.Context(), c, account.Namespace, account.Name)
			if err != nil {
				return err
			}
			return printLogs(cmd.Context(), c, pods, &options, cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&options.Follow, "follow", "f", false, "go on printing what is logged")
	flags.BoolVarP(&options.Previous, "previous", "p", false, "the containers before, which have ended")
	flags.DurationVar(&since, "since", 0, "the lines of the last time, such as 10m")
	flags.Int64Var(&tail, "tail", tail, "so many lines of the end; all unless set")
	return command
}

// gatewayPods are the pods of an account's gateway.
func gatewayPods(ctx context.Context, c *cluster.Cluster, namespace, account string) ([]corev1.Pod, error) {
	pods := &corev1.PodList{}
	labels := client.MatchingLabels(tenant.SelectorLabels(account))
	if err := c.List(ctx, pods, client.InNamespace(namespace), labels); err != nil {
		return nil, err
	}
	if len(pods.Items) == 0 {
		return nil, fmt.Errorf("account %q has no pod: kubectl guichet doctor says why", account)
	}
	return pods.Items, nil
}

// printLogs prints the logs of pods at the same time. With several, each line begins with its pod.
func printLogs(
	ctx context.Context, c *cluster.Cluster, pods []corev1.Pod, options *corev1.PodLogOptions, out io.Writer,
) error {
	clientset, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	var mutex sync.Mutex
	ended := make(chan error, len(pods))
	for i := range pods {
		prefix := ""
		if len(pods) > 1 {
			prefix = pods[i].Name + " "
		}
		go func() {
			stream, err := clientset.CoreV1().Pods(pods[i].Namespace).GetLogs(pods[i].Name, options).Stream(ctx)
			if err != nil {
				ended <- fmt.Errorf("pod %s: %w", pods[i].Name, err)
				return
			}
			defer stream.Close()
			ended <- copyLines(&mutex, out, prefix, stream)
		}()
	}
	for range pods {
		if failed := <-ended; failed != nil {
			err = failed
		}
	}
	return err
}

// copyLines copies lines as they come, each as a whole.
func copyLines(mutex *sync.Mutex, out io.Writer, prefix string, from io.Reader) error {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			mutex.Lock()
			_, failed := io.WriteString(out, prefix+line)
			mutex.Unlock()
			if failed != nil {
				return failed
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
