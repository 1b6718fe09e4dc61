package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/statement"
)

func newLedgerReceipt() *cobra.Command {
	var flags ledgerFlags
	var path string
	command := &cobra.Command{
		Use:   "receipt MESSAGE --statement FILE {--store FILE | --jsonl FILE}",
		Short: "Prove that a message's records are in a closed statement",
		Long: `Print a receipt for each record of a message in a closed statement: the record, the statement, and the
hashes by which the record leads to the root that the platform has signed. "guichet statement verify" checks it
with the platform's public key alone. It names no customer: it stays good when the customer is erased.

MESSAGE is the id that the business got for it. The statement is what "kubectl get usagestatement NAME -o yaml"
prints.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			text, err := readFile(path, cmd.InOrStdin())
			if err != nil {
				return err
			}
			spec, document, err := parseStatement(text)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if document.Signature == nil {
				return fmt.Errorf("%s: it is not signed: only a closed statement is", path)
			}
			flags.id = document.Ledger.ID
			// The ledger is read twice, so an export cannot come from the standard input.
			read := func(yield func(ledger.Entry, error) bool) {
				source, err := flags.open(cmd.Context(), cmd.InOrStdin())
				if err != nil {
					yield(ledger.Entry{}, err)
					return
				}
				for entry, err := range source.entries {
					if !yield(entry, err) {
						_ = source.Close()
						return
					}
				}
				if err := source.Close(); err != nil {
					yield(ledger.Entry{}, err)
				}
			}
			receipts, err := statement.Receipts(spec, arguments[0], read)
			if err != nil {
				return err
			}
			if len(receipts) == 0 {
				return errors.New(
					"the statement covers no record of the message: it is one of another month, or another account's",
				)
			}
			for i := range receipts {
				line, err := receipts[i].Encode()
				if err != nil {
					return err
				}
				if _, err := cmd.OutOrStdout().Write(line); err != nil {
					return err
				}
			}
			return nil
		},
	}
	flags.register(command)
	command.Flags().StringVar(&path, "statement", "", "file of the UsageStatement")
	if err := command.MarkFlagRequired("statement"); err != nil {
		panic(err)
	}
	return command
}
