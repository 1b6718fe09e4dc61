// Package cli has the commands of the guichet program. Each command has a file.
package cli

import (
	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/version"
)

// New returns the program's root command.
func New() *cobra.Command {
	root := &cobra.Command{
		Use:           "guichet",
		Short:         "Price, check and account for business messages",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version.Number(),
	}
	root.SetVersionTemplate(version.Line("guichet") + "\n")
	root.AddCommand(
		newDev(), newRate(), newPlan(), newLedger(), newExplain(), newStatement(), newKeysCommand(),
		newCallbacksCommand(), newTrigger(), newListen(), newTemplateCommand(), newVersion(),
	)
	return root
}
