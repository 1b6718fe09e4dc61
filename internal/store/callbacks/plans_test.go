package callbacks

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store/plantest"
)

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	plantest.Check(t, map[string]plantest.Statement{
		"callback due":      {Text: selectDue, SQLite: "callbacks_ready"},
		"next callback":     {Text: selectNextDue, SQLite: "callbacks_ready", PostgreSQL: "callbacks_ready"},
		"cut-off callback":  {Text: selectReleasable, SQLite: "callbacks_claimed", PostgreSQL: "callbacks_claimed"},
		"customer waits":    {Text: selectWaiting, SQLite: "callbacks_customer", PostgreSQL: "callbacks_customer"},
		"callback's next":   {Text: readyCallback, SQLite: "callbacks_customer"},
		"a customer's line": {Text: selectPayload, SQLite: "callbacks_customer"},
	})
}
