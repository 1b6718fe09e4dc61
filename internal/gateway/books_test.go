package gateway

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/reporting"
	"github.com/guichet-dev/guichet/internal/ledger"
)

const (
	booksPath = "/v26.0/" + phoneID + "/books"
	// newUID is that of an account which was created anew.
	newUID = "8a0e6f1c-62bb-4b5f-9d4b-3a1f5f9f0002"
)

// booksOf reads the account's figures as the business does.
func (w *world) booksOf(path string) (books reporting.Books) {
	w.t.Helper()
	got := w.do(http.MethodGet, path, "")
	if got.status != http.StatusOK {
		w.t.Fatalf("got %d %s", got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &books); err != nil {
		w.t.Fatal(err)
	}
	return books
}

func TestP5BooksAreThoseOfTheLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if empty := w.booksOf(booksPath); empty.Sequence != 0 || len(empty.Records) != 0 || empty.Period.Name == "" {
			t.Fatalf("before the first message: got %+v", empty)
		}
		var ids []string
		for n := range int64(3) {
			ids = append(ids, w.accepted(templateTo(ana, "parcel_ready")))
			w.settled(n + 1)
		}
		reported, books := w.settled(3), w.booksOf(booksPath)
		if books.Sequence != reported.Ledger.Sequence || books.Hash != reported.Ledger.Hash {
			t.Errorf("the head is %d %s, want %+v", books.Sequence, books.Hash, reported.Ledger)
		}
		if got := books.Period.Billed.String(); got != "0.09" || got != reported.Period.Billed.Amount.String() {
			t.Errorf("billed %s, want 0.09 as in the report", got)
		}
		for i, record := range books.Records {
			if want := ids[2-i]; record.MessageID != want {
				t.Errorf("record %d is about %s, want %s: the newest is the first", i, record.MessageID, want)
			}
			if i > 0 && record.Hash != books.Records[i-1].PreviousHash {
				t.Errorf(
					"record %d has hash %s, and the one after it follows another: %+v", i, record.Hash, books.Records,
				)
			}
		}
		// The first of a part follows the record before it, which is not shown.
		part, whole := w.booksOf(booksPath+"?records=1").Records, books.Records[0]
		if len(part) != 1 || part[0].Hash != whole.Hash || part[0].PreviousHash != whole.PreviousHash {
			t.Errorf("one record: got %+v, want %+v", part, whole)
		}
	})
}

// An account that goes on with another one's ledger shows its chain from that ledger's beginning.
func TestP5BooksBeginWithTheLedgerThatWasTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) { d.Account.UID, d.Account.LedgerID = newUID, d.Account.UID })
		first := ledger.Genesis(gatewaytest.AccountUID).String()
		w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		records := w.booksOf(booksPath).Records
		if n := len(records); n != 2 || records[n-1].PreviousHash != first { // the adoption and the settlement
			t.Errorf("the records are %+v, want two that follow %s", records, first)
		}
	})
}

func TestBooksNeedTheAccountsToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := w.do(http.MethodGet, booksPath, "", "Authorization", "Bearer other")
		if other.status != http.StatusUnauthorized {
			t.Errorf("another token: got %d %s", other.status, other.body)
		}
		for _, records := range []string{"-1", "101", "many"} {
			if got := w.do(http.MethodGet, booksPath+"?records="+records, ""); got.status != http.StatusBadRequest {
				t.Errorf("records=%s: got %d", records, got.status)
			}
		}
		if got := w.do(http.MethodPost, booksPath, "{}"); got.status != http.StatusMethodNotAllowed {
			t.Errorf("POST: got %d %s", got.status, got.body)
		}
	})
}

// Nothing that a business reads says what the upstream charges the platform, or who its customers
// are.
func TestBooksHideCostsAndCustomers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		body := w.do(http.MethodGet, booksPath, "").body
		for _, hidden := range []string{`"cost"`, `"customer"`, ana} {
			if strings.Contains(body, hidden) {
				t.Errorf("the books have %s: %s", hidden, body)
			}
		}
	})
}

func TestBooksAreToldWhenTheyChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		request, err := http.NewRequest(http.MethodGet, w.api+booksPath+"?access_token="+apiKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
			t.Fatalf("got %d %s", response.StatusCode, kind)
		}
		lines := bufio.NewScanner(response.Body)
		next := func() (books reporting.Books) {
			t.Helper()
			for lines.Scan() {
				if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
					if err := json.Unmarshal([]byte(data), &books); err != nil {
						t.Fatal(err)
					}
					return books
				}
			}
			t.Fatal("the stream has ended")
			return books
		}
		if first := next(); first.Sequence != 0 {
			t.Fatalf("at first: got %+v", first)
		}
		w.accepted(templateTo(ana, "parcel_ready"))
		told := next()
		for told.Sequence == 0 { // the reservation comes first
			told = next()
		}
		if told.Period.Messages != 1 || len(told.Records) != 1 {
			t.Errorf("after a message: got %+v", told)
		}
		for lines.Scan() { // an answer ends, so that the token is checked again
		}
	})
}
