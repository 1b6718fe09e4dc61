// Package cli has the commands of the guichet program, which is also the kubectl plugin
// kubectl-guichet. Each command has a file.
package cli

import (
	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/version"
)

// New returns the program's root command, under the name by which the program was called.
func New(name string) *cobra.Command {
	root := &cobra.Command{
		Use:           name,
		Short:         "Price, check and account for business messages",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version.Number(),
	}
	root.SetVersionTemplate(version.Line("guichet") + "\n")
	if name == "kubectl-guichet" {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl guichet"}
	}
	root.AddCommand(
		newDev(), newRate(), newPlan(), newLedger(), newExplain(), newStatement(), newKeysCommand(),
		newCallbacksCommand(), newTrigger(), newTemplateCommand(), newSimulate(), newVersion(),
	)
	return root
}
