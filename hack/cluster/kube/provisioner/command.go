package provisioner

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// NewCommand returns the program's command, which serves claims until ctx is cancelled.
func NewCommand(ctx context.Context) *cobra.Command {
	var kubeconfig, root, node string
	command := &cobra.Command{
		Use:   "volume-provisioner",
		Short: "Make a folder of the node for each claim of the storage classes whose provisioner is " + Name,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return fmt.Errorf("read --kubeconfig %s: %w", kubeconfig, err)
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return fmt.Errorf("make a client from --kubeconfig %s: %w", kubeconfig, err)
			}
			ctx := klog.NewContext(ctx, klog.Background())
			controller.NewProvisionController(ctx, client, Name, &provisioner{root: root, node: node},
				controller.LeaderElection(false), controller.MetricsPort(0)).Run(ctx)
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&root, "root", "", "folder of the node in which volumes are made")
	flags.StringVar(&node, "node", "", "name of the node")
	for _, name := range []string{"kubeconfig", "root", "node"} {
		cobra.CheckErr(command.MarkFlagRequired(name))
	}
	return command
}
