package plugin

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// completionTimeout is how long a shell may wait for names.
const completionTimeout = 3 * time.Second

// completeAccounts offers the accounts of the namespace for the first argument.
func (p *plugin) completeAccounts(
	cmd *cobra.Command, arguments []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	return p.complete(cmd, arguments, func(
		ctx context.Context, c *cluster.Cluster,
	) (names []cobra.Completion, err error) {
		accounts, err := c.Accounts(ctx, false)
		for i := range accounts {
			names = append(names, described(accounts[i].Name, accounts[i].Spec.DisplayName))
		}
		return names, err
	})
}

// completeTemplates offers the MessageTemplates of the namespace for the first argument.
func (p *plugin) completeTemplates(
	cmd *cobra.Command, arguments []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	return p.complete(cmd, arguments, func(
		ctx context.Context, c *cluster.Cluster,
	) (names []cobra.Completion, err error) {
		templates, err := c.Templates(ctx, false)
		for i := range templates {
			names = append(names, described(templates[i].Name, templates[i].Spec.Language))
		}
		return names, err
	})
}

// completeStatements offers the UsageStatements of the namespace for the first argument.
func (p *plugin) completeStatements(
	cmd *cobra.Command, arguments []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	return p.complete(cmd, arguments, func(
		ctx context.Context, c *cluster.Cluster,
	) (names []cobra.Completion, err error) {
		list := &v1alpha1.UsageStatementList{}
		err = c.List(ctx, list, client.InNamespace(c.Namespace))
		for i := range list.Items {
			names = append(names, described(list.Items[i].Name, string(list.Items[i].Spec.State)))
		}
		return names, err
	})
}

// complete offers what is listed for the first argument. A shell waits for it.
func (p *plugin) complete(
	cmd *cobra.Command, arguments []string,
	list func(context.Context, *cluster.Cluster) ([]cobra.Completion, error),
) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(arguments) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx := cmd.Context()
	if ctx == nil { // cobra gives none to a command that is only completed
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	c, err := p.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names, err := list(ctx, c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// described is a name with what a shell shows beside it, in which nothing steers the terminal.
func described(name, description string) cobra.Completion {
	return cobra.CompletionWithDesc(name, screen.Clean(description))
}
