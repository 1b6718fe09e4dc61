package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/version"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which release this program is of",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), version.Line("guichet"))
			return err
		},
	}
}
