package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
)

// askStatement asks the gateway for a statement.
func (w *world) askStatement(authorization, query string) (status int, content statement.Content) {
	w.t.Helper()
	plain := w.reportURL
	defer func() { w.reportURL = plain }()
	w.reportURL = strings.TrimSuffix(plain, report.Path) + report.StatementPath + "?" + query
	status, body, _ := w.fetchReport(authorization, "")
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &content); err != nil {
			w.t.Fatal(err)
		}
	}
	return status, content
}

// The statement of the month says what the report says, before and after the gateway has read more,
// and again after a start; what is behind its beginning is not in it.
func TestP5TheStatementIsWhatTheReportSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		query := report.StatementQuery{Period: w.report().Period.Name, LateAfter: new(int64(0))}
		check := func(messages int64) {
			t.Helper()
			r := w.settled(messages)
			status, content := w.askStatement("Bearer "+w.token, query.Encode())
			if status != http.StatusOK || len(content.Totals) != 1 || len(content.Channels) != 1 {
				t.Fatalf("got %d and %+v", status, content)
			}
			total := content.Totals[0]
			if total.Messages != messages || total.Charged != r.Period.Charged ||
				total.Due.Cmp(r.Period.Billed.Amount) != 0 || total.Cost.Cmp(r.Period.Cost.Amount) != 0 {
				t.Errorf("the statement's total is %+v, and the report has %+v", total, r.Period)
			}
			if content.Ledger.Sequence != r.Ledger.Sequence || content.Ledger.Head != r.Ledger.Hash ||
				content.Ledger.Records != messages || content.Channels[0].Network != "WhatsApp" {
				t.Errorf("the statement is %+v of %+v, and the ledger %+v", content.Ledger, content.Channels, r.Ledger)
			}
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		check(1)
		w.accepted(templateTo(ana, "parcel_ready"))
		check(2)
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		w.listenAgain()
		w.start()
		check(2)

		_, before := w.askStatement("Bearer "+w.token, query.Encode())
		if got := w.do(
			http.MethodPost, "/v26.0/"+phoneID+"/erase",
			`{"messaging_product":"whatsapp","users":[{"user":"+33612345678"}]}`,
		); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		_, after := w.askStatement("Bearer "+w.token, query.Encode())
		if after.Ledger.Root != before.Ledger.Root || after.Ledger.Head != before.Ledger.Head {
			t.Errorf("erasure leaves every receipt valid: the root was %s and is %s",
				before.Ledger.Root, after.Ledger.Root)
		}

		query.From, query.LateAfter = 1, nil
		if status, content := w.askStatement("Bearer "+w.token, query.Encode()); status != http.StatusOK ||
			content.Ledger.From != 1 || content.Ledger.Records != 1 || content.Ledger.LateAfter != nil {
			t.Errorf("behind the first record it got %d and %+v", status, content.Ledger)
		}
		query.From = 4711
		if status, _ := w.askStatement("Bearer "+w.token, query.Encode()); status != http.StatusServiceUnavailable {
			t.Errorf("behind a record that is not there it got %d", status)
		}
		for _, bad := range []string{
			"", "period=2026&from=0", "period=2026-11&from=-1", "period=2026-11&from=0&lateAfter=x",
		} {
			if status, _ := w.askStatement("Bearer "+w.token, bad); status != http.StatusBadRequest {
				t.Errorf("%q got %d", bad, status)
			}
		}
		if status, _ := w.askStatement("Bearer "+apiKey, query.Encode()); status != http.StatusUnauthorized {
			t.Errorf("with another token it got %d", status)
		}
	})
}

// A channel that comes in the middle of the month has its network in the month's statement, without
// a start in between.
func TestTheStatementNamesTheNetworkOfANewChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		both := w.document.Channels
		w.document.Channels = both[:1]
		w.writeDocument()
		w.until("the second channel is gone", func() bool { return len(w.report().Channels) == 1 })
		w.accepted(templateTo(ana, "parcel_ready"))
		query := report.StatementQuery{Period: w.settled(1).Period.Name, LateAfter: new(int64(0))}
		if status, _ := w.askStatement("Bearer "+w.token, query.Encode()); status != http.StatusOK {
			t.Fatalf("got %d", status)
		}
		w.document.Channels = both
		w.writeDocument()
		w.until("the second channel is there", func() bool { return len(w.report().Channels) == 2 })
		if got := w.sendFrom(secondPhone, templateTo(ana, "parcel_ready")); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.settled(2)
		_, content := w.askStatement("Bearer "+w.token, query.Encode())
		if len(content.Channels) != 2 || content.Channels[0].Network != content.Channels[1].Network {
			t.Errorf("the channels are %+v; want two of WhatsApp", content.Channels)
		}
	})
}
