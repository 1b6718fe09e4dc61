package store

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/postgrestest"
)

// newPostgresWriter is a writer of a new store.
func newPostgresWriter(t *testing.T) writer {
	t.Helper()
	engine, err := newPostgreSQL(&Options{AccountUID: "uid", Shared: &Shared{URL: postgrestest.Database(t)}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := engine.writer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.close() })
	return w
}

// A statement must find its rows through an index on PostgreSQL too, however many there are, and be
// given them in order.
func TestStatementsReadThroughIndexesOnPostgreSQL(t *testing.T) {
	w := newPostgresWriter(t)
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
		"lease":             {renewLease, "leases_pkey"},
	}
	parameters := regexp.MustCompile(`\$\d+`)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			arguments := make([]any, len(parameters.FindAllString(tc.text, -1)))
			for i := range arguments {
				arguments[i] = "1"
			}
			var plan []string
			if err := w.query("EXPLAIN "+tc.text, arguments, func(v values) bool {
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
