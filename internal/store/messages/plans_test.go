package messages

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/store/plantest"
)

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	plantest.Check(t, map[string]plantest.Statement{
		"message": {Text: SelectMessage, SQLite: "messages_id", PostgreSQL: "messages_id"},
		"by upstream id": {
			Text: selectMessageByUpstream, SQLite: "messages_upstream", PostgreSQL: "messages_upstream",
		},
		"by idempotency": {
			Text: selectMessageByKey, SQLite: "messages_idempotency", PostgreSQL: "messages_idempotency",
		},
		"customer's first": {Text: selectHeadOfCustomer, SQLite: "messages_active", PostgreSQL: "messages_active"},
		"customer's next":  {Text: selectNextOf, SQLite: "messages_active", PostgreSQL: "messages_active"},
		"lane promotion":   {Text: promoteLane, SQLite: "messages_active", PostgreSQL: "messages_active"},
		"ready":            {Text: selectReady, SQLite: "messages_ready"},
		"next ready":       {Text: selectNextReady, SQLite: "messages_ready", PostgreSQL: "messages_ready"},
		"expired":          {Text: selectExpired, SQLite: "messages_unsettled", PostgreSQL: "messages_unsettled"},
		"in a state":       {Text: selectActive, SQLite: "messages_under_way", PostgreSQL: "messages_under_way"},
		"outlived":         {Text: selectOutlived, SQLite: "messages_queued", PostgreSQL: "messages_queued"},
		"cut off":          {Text: selectCutOff, SQLite: "messages_under_way", PostgreSQL: "messages_under_way"},
		"unpriced":         {Text: selectUnpriced, SQLite: "messages_unpriced", PostgreSQL: "messages_unpriced"},
		"held messages":    {Text: releaseHeld, SQLite: "messages_held", PostgreSQL: "messages_held"},
		"reserved past":    {Text: selectReservedPast, SQLite: "messages_reserved", PostgreSQL: "messages_reserved"},
		"delivered to":     {Text: advanceRecipient, SQLite: "recipients_message", PostgreSQL: "recipients_message"},
		"read by":          {Text: deleteRead, SQLite: "recipients_message", PostgreSQL: "recipients_message"},
		"under way":        {Text: selectUnderWay, SQLite: "messages_active", PostgreSQL: "messages_active"},
		"heads of a line":  {Text: selectHeads, SQLite: "messages_active", PostgreSQL: "messages_active"},
		"a customer's kept": {
			Text: moveMessages + WhereBesideLine, SQLite: "messages_beside", PostgreSQL: "messages_beside",
		},
	})
}
