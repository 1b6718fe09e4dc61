package books

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store/plantest"
)

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	plantest.Check(t, map[string]plantest.Statement{
		"settlement":    {Text: selectSettlement, SQLite: "ledger_one_settlement", PostgreSQL: "ledger_one_settlement"},
		"ledger page":   {Text: selectRecords, SQLite: "INTEGER PRIMARY KEY", PostgreSQL: "ledger_pkey"},
		"total":         {Text: selectTotal, SQLite: "sqlite_autoindex_totals_1", PostgreSQL: "totals_pkey"},
		"ledger's head": {Text: selectHead, PostgreSQL: "ledger_pkey"},
	})
}
