package intake

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store/plantest"
)

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	plantest.Check(t, map[string]plantest.Statement{
		"early statuses": {Text: selectEarly, SQLite: "early_statuses_upstream", PostgreSQL: "early_statuses_upstream"},
	})
}
