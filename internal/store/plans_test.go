package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// newWriter is a writer of a new store.
func newWriter(t *testing.T, options *Options) engine.Writer {
	t.Helper()
	e, err := newEngine(options)
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// Every statement that an operation or a start-up runs must find its rows through an index, however
// many messages there are.
func TestStatementsReadThroughIndexes(t *testing.T) {
	w := newWriter(t, &Options{Path: filepath.Join(t.TempDir(), "guichet.db"), AccountUID: "uid", Clock: clock.New(nil)})
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
			arguments := make([]any, strings.Count(tc.text, "$"))
			if err := w.Query("EXPLAIN QUERY PLAN "+tc.text, arguments, func(v engine.Row) bool {
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

// A statement must find its rows through an index on PostgreSQL too, however many there are, and be
// given them in order.
func TestStatementsReadThroughIndexesOnPostgreSQL(t *testing.T) {
	w := newWriter(t, &Options{AccountUID: "uid", Clock: clock.New(nil), Shared: &Shared{URL: postgrestest.Database(t)}})
	tests := map[string]struct{ text, index string }{
		"conversation":      {selectConversation, "conversations_pkey"},
		"open windows":      {countOpenWindows, "conversations_window"},
		"message":           {selectMessage, "messages_id"},
		"by upstream id":    {selectMessageByUpstream, "messages_upstream"},
		"by idempotency":    {selectMessageByKey, "messages_idempotency"},
		"customer's first":  {selectHeadOfCustomer, "messages_active"},
		"customer's next":   {selectNextOf, "messages_active"},
		"lane promotion":    {promoteLane, "messages_active"},
		"next ready":        {selectNextReady, "messages_ready"},
		"expired":           {selectExpired, "messages_unsettled"},
		"in a state":        {selectActive, "messages_under_way"},
		"outlived":          {selectOutlived, "messages_queued"},
		"cut off":           {selectCutOff, "messages_under_way"},
		"unpriced":          {selectUnpriced, "messages_unpriced"},
		"held messages":     {releaseHeld, "messages_held"},
		"reserved past":     {selectReservedPast, "messages_reserved"},
		"retained content":  {purgeContent, "messages_content"},
		"next callback":     {selectNextDue, "callbacks_ready"},
		"cut-off callback":  {selectReleasable, "callbacks_claimed"},
		"customer waits":    {selectWaiting, "callbacks_customer"},
		"early statuses":    {selectEarly, "early_statuses_upstream"},
		"settlement":        {selectSettlement, "ledger_one_settlement"},
		"ledger page":       {selectRecords, "ledger_pkey"},
		"ledger's head":     {selectHead, "ledger_pkey"},
		"old reach":         {deleteReach, "reach_at"},
		"learned address":   {selectAddress, "addresses_address"},
		"heads of a line":   {selectHeads, "messages_active"},
		"a customer's kept": {moveMessages + besideLine, "messages_beside"},
		"pairs at rest":     {purgePairs, "pairs_full"},
		"total":             {selectTotal, "totals_pkey"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			arguments := make([]any, strings.Count(tc.text, "$"))
			for i := range arguments {
				arguments[i] = "1"
			}
			var plan []string
			if err := w.Query("EXPLAIN "+tc.text, arguments, func(v engine.Row) bool {
				plan = append(plan, strings.TrimSpace(v.Text(0)))
				return true
			}); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(plan, "; ")
			if !strings.Contains(text, tc.index) {
				t.Errorf("plan: %s; want it to use %s", text, tc.index)
			}
		})
	}
}
