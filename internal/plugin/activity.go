package plugin

import (
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

func (p *plugin) newSuspend() *cobra.Command {
	return p.newActivity("suspend", "Have an account send nothing; webhooks, windows and callbacks go on",
		v1alpha1.ActivitySuspended, "sends nothing, and receives everything")
}

func (p *plugin) newHibernate() *cobra.Command {
	return p.newActivity(
		"hibernate", "Have an account run no pod; its data stays, and webhooks are not taken",
		v1alpha1.ActivityHibernated,
		"runs no gateway: Meta gives a webhook up after 7 days, one of a page after 36 hours",
	)
}

func (p *plugin) newResume() *cobra.Command {
	return p.newActivity("resume", "Have an account send and receive again", v1alpha1.ActivityActive,
		"sends and receives, unless its plan suspends it")
}

// newActivity is a command that sets spec.activity of an account.
func (p *plugin) newActivity(name, short string, activity v1alpha1.Activity, means string) *cobra.Command {
	return &cobra.Command{
		Use: name + " ACCOUNT", Short: short, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			c, err := p.open()
			if err != nil {
				return err
			}
			account, err := c.Account(cmd.Context(), arguments[0])
			if err != nil {
				return err
			}
			before := account.DeepCopy()
			account.Spec.Activity = activity
			if err := c.Patch(cmd.Context(), account, client.MergeFrom(before)); err != nil {
				return err
			}
			_, err = fmt.Fprintf(
				cmd.OutOrStdout(), "%s/%s is %s: it %s\n", account.Namespace, account.Name, activity, means,
			)
			return err
		},
	}
}
