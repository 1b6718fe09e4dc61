package cli

import (
	"github.com/spf13/cobra"
)

func newLedger() *cobra.Command {
	command := &cobra.Command{
		Use:   "ledger",
		Short: "Verify, sum and export what was billed, offline",
		Long: `Verify, sum and export what was billed, offline.

A ledger is read from a gateway's store (a SQLite file or a schema of a PostgreSQL database) or from
an export of it in JSON Lines. It is not encrypted, so no key is needed. Nothing is written, so a
store may be read while its gateway runs.`,
	}
	command.AddCommand(
		newLedgerVerify(), newLedgerTotals(), newLedgerExport(), newLedgerReconcile(), newLedgerReceipt(),
	)
	return command
}
