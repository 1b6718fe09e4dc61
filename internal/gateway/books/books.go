// Package books shows a business what the gateway has recorded of it, once or as it changes.
package books

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
	// pause is how often the figures are read for somebody who follows them.
	pause = 250 * time.Millisecond
	// followed is how long one answer goes on. The follower asks again, and its token is
	// checked again.
	followed = time.Minute
	// write bounds how long a follower may take to read a part.
	write = 10 * time.Second
	// maxFollowers bounds those who follow the figures at once.
	maxFollowers = 16
)

// Books answer requests for an account's figures.
type Books struct {
	reporter *reporting.Reporter
	now      func() time.Time
	// followers bounds those who follow the figures; ending is closed at a shutdown, which would
	// wait for them.
	followers chan struct{}
	ending    <-chan struct{}
}

// New returns the books that a reporter reads.
func New(reporter *reporting.Reporter, now func() time.Time) *Books {
	return &Books{reporter: reporter, now: now, followers: make(chan struct{}, maxFollowers)}
}

// EndWith has answers that go on end once a channel is closed. It is called before any request.
func (b *Books) EndWith(ending <-chan struct{}) { b.ending = ending }

// Answer writes an account's figures and the latest records of its ledger, see reporting.Books;
// ?records= says how many, 20 unless set. A request that accepts text/event-stream gets them again
// whenever they have changed.
func (b *Books) Answer(w http.ResponseWriter, r *http.Request, t *served.Tenant) error {
	records := 20
	if given := r.URL.Query().Get("records"); given != "" {
		var err error
		if records, err = strconv.Atoi(given); err != nil || records < 0 || records > reporting.BooksRecords {
			return network.Refuse(network.Malformed,
				fmt.Sprintf("records must be a whole number from 0 to %d.", reporting.BooksRecords))
		}
	}
	if r.Header.Get("Accept") == "text/event-stream" {
		return b.follow(w, r, t, records)
	}
	books, err := b.reporter.Books(r.Context(), t, b.now(), records)
	if err != nil {
		return err
	}
	body, err := json.Marshal(books)
	if err != nil {
		return fmt.Errorf("encode the figures: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(body) // if the client has gone, nobody is left to tell
	return nil
}

// follow writes the figures as server-sent events.
func (b *Books) follow(w http.ResponseWriter, r *http.Request, t *served.Tenant, records int) error {
	select {
	case b.followers <- struct{}{}:
		defer func() { <-b.followers }()
	default:
		return &network.Refusal{
			Reason: network.Busy, After: followed,
			Details: "Too many requests follow the figures. Ask without text/event-stream, or later.",
		}
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	writer := http.NewResponseController(w)
	ticker, over := time.NewTicker(pause), time.NewTimer(followed)
	defer ticker.Stop()
	defer over.Stop()
	var last []byte
	for {
		books, err := b.reporter.Books(r.Context(), t, b.now(), records)
		if err == nil {
			last, err = tell(w, writer, books, last)
		}
		if err != nil {
			return nil // the answer has begun; the follower asks again, and hears why
		}
		select {
		case <-ticker.C:
		case <-over.C:
			return nil
		case <-b.ending:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// tell writes the figures unless they are the last ones, and returns what was told last.
func tell(w http.ResponseWriter, writer *http.ResponseController, books reporting.Books, last []byte) ([]byte, error) {
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
	if err := writer.SetWriteDeadline(time.Now().Add(write)); err != nil {
		return last, err
	}
	if _, err := fmt.Fprintf(w, "retry: 500\ndata: %s\n\n", told); err != nil {
		return last, err
	}
	return body, writer.Flush()
}
