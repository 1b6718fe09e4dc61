package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/ledger"
)

func newExplain() *cobra.Command {
	var flags ledgerFlags
	command := &cobra.Command{
		Use:   "explain MESSAGE {--store FILE | --jsonl FILE}",
		Short: "Say in sentences what a message costs, and why",
		Long: `Say in sentences what the ledger has of a message: when it was sent, which revision priced it, at
which rate, why nothing is owed if that is so, and what was doubted or corrected.

MESSAGE is the id that the business got for it. The ledger is read, and not verified.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) (err error) {
			source, err := flags.open(cmd.Context(), cmd.InOrStdin())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, source.Close()) }()
			sentences, err := ledger.Explain(arguments[0], source.entries)
			if err != nil {
				return fmt.Errorf("%s: %w", source.name, err)
			}
			if len(sentences) == 0 {
				return fmt.Errorf(
					"%s: it has no record of the message: it is not settled yet, or another account's", source.name,
				)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(sentences, "\n"))
			return err
		},
	}
	flags.register(command)
	return command
}
