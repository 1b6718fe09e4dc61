package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/reporting"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
)

const (
	// booksPause is how often the figures are read for somebody who follows them.
	booksPause = 250 * time.Millisecond
	// booksFollowed is how long one answer goes on. The follower asks again, and its token is
	// checked again.
	booksFollowed = time.Minute
	// booksWrite bounds how long a follower may take to read a part.
	booksWrite = 10 * time.Second
	// maxFollowers bounds those who follow the figures at once.
	maxFollowers = 16
)

// getBooks answers with the account's figures and the latest records of its ledger, see
// reporting.Books; ?records= says how many, 20 unless set. A request that accepts text/event-stream
// gets them again whenever they have changed.
func (g *Gateway) getBooks(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	records := 20
	if given := r.URL.Query().Get("records"); given != "" {
		if records, err = strconv.Atoi(given); err != nil || records < 0 || records > reporting.BooksRecords {
			return network.Refuse(network.Malformed,
				fmt.Sprintf("records must be a whole number from 0 to %d.", reporting.BooksRecords))
		}
	}
	if r.Header.Get("Accept") == "text/event-stream" {
		return g.followBooks(w, r, from.tenant, records)
	}
	books, err := g.reporter.Books(r.Context(), from.tenant, g.store.Now(), records)
	if err != nil {
		return err
	}
	return writeJSON(w, books)
}

// followBooks writes the figures as server-sent events.
func (g *Gateway) followBooks(w http.ResponseWriter, r *http.Request, t *served.Tenant, records int) error {
	select {
	case g.followers <- struct{}{}:
		defer func() { <-g.followers }()
	default:
		return busy()
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	writer := http.NewResponseController(w)
	ticker, over := time.NewTicker(booksPause), time.NewTimer(booksFollowed)
	defer ticker.Stop()
	defer over.Stop()
	var last []byte
	for {
		books, err := g.reporter.Books(r.Context(), t, g.store.Now(), records)
		if err == nil {
			last, err = tellBooks(w, writer, books, last)
		}
		if err != nil {
			return nil //nolint:nilerr // the answer has begun; the follower asks again, and hears why
		}
		select {
		case <-ticker.C:
		case <-over.C:
			return nil
		case <-g.ending:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// tellBooks writes the figures unless they are the last ones, and returns what was told last.
func tellBooks(w http.ResponseWriter, writer *http.ResponseController, books reporting.Books, last []byte) ([]byte, error) {
	now := books.AsOf
	books.AsOf = time.Time{}
	body, err := json.Marshal(books)
	if err != nil || bytes.Equal(body, last) {
		return last, err
	}
	books.AsOf = now
	told, err := json.Marshal(books)
	if err != nil {
		return last, err
	}
	if err := writer.SetWriteDeadline(time.Now().Add(booksWrite)); err != nil {
		return last, err
	}
	if _, err := fmt.Fprintf(w, "retry: 500\ndata: %s\n\n", told); err != nil {
		return last, err
	}
	return body, writer.Flush()
}
