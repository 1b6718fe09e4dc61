package upkeep

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store/plantest"
)

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	plantest.Check(t, map[string]plantest.Statement{
		"retained content": {Text: purgeContent, SQLite: "messages_content", PostgreSQL: "messages_content"},
	})
}
