package store

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestP1EverySyncIsFull(t *testing.T) {
	e, err := newSQLite(filepath.Join(t.TempDir(), "guichet.db"), "uid")
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.connect(writing)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var mode string
	if _, err := first(c, "PRAGMA journal_mode", nil, func(v values) { mode = v.Text(0) }); err != nil {
		t.Fatal(err)
	}
	var synchronous int64
	if _, err := first(c, "PRAGMA synchronous", nil, func(v values) { synchronous = v.Int(0) }); err != nil {
		t.Fatal(err)
	}
	const full = 2 // https://www.sqlite.org/pragma.html#pragma_synchronous
	if mode != "wal" || synchronous != full {
		t.Errorf("journal_mode = %s, synchronous = %d; want wal, %d", mode, synchronous, full)
	}
}

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many messages there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	e, err := newSQLite(filepath.Join(t.TempDir(), "guichet.db"), "uid")
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.connect(writing)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := migrate(c); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ text, index string }{
		"conversation":      {selectConversation, "sqlite_autoindex_conversations_1"},
		"open windows":      {countOpenWindows, "COVERING INDEX conversations_window"},
		"message":           {selectMessage, "messages_id"},
		"by upstream id":    {selectMessageByUpstream, "messages_upstream"},
		"by idempotency":    {selectMessageByKey, "messages_idempotency"},
		"customer's first":  {selectHeadOfCustomer, "messages_active"},
		"customer's next":   {selectNextOf, "messages_active"},
		"lane promotion":    {promoteLane, "messages_active"},
		"ready":             {selectReady, "messages_ready"},
		"next ready":        {selectNextReady, "messages_ready"},
		"expired":           {selectExpired, "messages_unsettled"},
		"in a state":        {selectActive, "messages_under_way"},
		"outlived":          {selectOutlived, "messages_queued"},
		"cut off":           {selectCutOff, "messages_under_way"},
		"unpriced":          {selectUnpriced, "messages_unpriced"},
		"held messages":     {releaseHeld, "messages_held"},
		"reserved past":     {selectReservedPast, "messages_reserved"},
		"retained content":  {purgeContent, "messages_content"},
		"callback due":      {selectDue, "callbacks_ready"},
		"next callback":     {selectNextDue, "callbacks_ready"},
		"cut-off callback":  {selectReleasable, "callbacks_claimed"},
		"customer waits":    {selectWaiting, "callbacks_customer"},
		"callback's next":   {readyCallback, "callbacks_customer"},
		"early statuses":    {selectEarly, "early_statuses_upstream"},
		"settlement":        {selectSettlement, "ledger_one_settlement"},
		"ledger page":       {selectRecords, "INTEGER PRIMARY KEY"},
		"reach that is old": {deleteReach, "reach_at"},
		"learned address":   {selectAddress, "addresses_address"},
		"a person's":        {updateAddresses, "addresses_person"},
		"heads of a line":   {selectHeads, "messages_active"},
		"a customer's kept": {moveMessages + besideLine, "messages_beside"},
		"a customer's line": {selectPayload, "callbacks_customer"},
		"pair":              {selectPair, "sqlite_autoindex_pairs_1"},
		"pairs at rest":     {purgePairs, "pairs_full"},
		"total":             {selectTotal, "sqlite_autoindex_totals_1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var plan []string
			arguments := make([]any, strings.Count(sqliteDialect(tc.text), "?"))
			if err := c.query("EXPLAIN QUERY PLAN "+tc.text, arguments, func(v values) bool {
				plan = append(plan, v.Text(3))
				return true
			}); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "; ")
			if !strings.Contains(text, tc.index) {
				t.Errorf("plan: %s; want it to use %s", text, tc.index)
			}
			if strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("plan: %s; want no sorting", text)
			}
		})
	}
}
