package plugin

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completionTimeout is how long a shell may wait for names.
const completionTimeout = 3 * time.Second

// completeAccounts offers the accounts of the namespace for the first argument.
func (p *plugin) completeAccounts(
	cmd *cobra.Command, arguments []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(arguments) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(commandContext(cmd), completionTimeout)
	defer cancel()
	c, err := p.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	accounts, err := c.Accounts(ctx, false)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := make([]cobra.Completion, 0, len(accounts))
	for i := range accounts {
		names = append(names, cobra.CompletionWithDesc(accounts[i].Name, accounts[i].Spec.DisplayName))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeTemplates offers the MessageTemplates of the namespace for the first argument.
func (p *plugin) completeTemplates(
	cmd *cobra.Command, arguments []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(arguments) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(commandContext(cmd), completionTimeout)
	defer cancel()
	c, err := p.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	templates, err := c.Templates(ctx, false)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := make([]cobra.Completion, 0, len(templates))
	for i := range templates {
		names = append(names, cobra.CompletionWithDesc(templates[i].Name, templates[i].Spec.Language))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// commandContext is a command's context. One that is completed may have none.
func commandContext(cmd *cobra.Command) context.Context {
	if ctx := cmd.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}
