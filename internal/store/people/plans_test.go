package people

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store/plantest"
)

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	plantest.Check(t, map[string]plantest.Statement{
		"conversation": {
			Text: selectConversation, SQLite: "sqlite_autoindex_conversations_1", PostgreSQL: "conversations_pkey",
		},
		"open windows": {
			Text: countOpenWindows, SQLite: "COVERING INDEX conversations_window", PostgreSQL: "conversations_window",
		},
		"reach that is old": {Text: deleteReach, SQLite: "reach_at", PostgreSQL: "reach_at"},
		"learned address":   {Text: selectAddress, SQLite: "addresses_address", PostgreSQL: "addresses_address"},
		"a person's":        {Text: updateAddresses, SQLite: "addresses_person"},
		"pair":              {Text: selectPair, SQLite: "sqlite_autoindex_pairs_1"},
		"pairs at rest":     {Text: PurgePairs, SQLite: "pairs_full", PostgreSQL: "pairs_full"},
	})
}
