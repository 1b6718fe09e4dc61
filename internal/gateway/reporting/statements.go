package reporting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/store"
)

// Bounds of what one request for a statement reads, so that a long ledger holds up nothing: the
// next request goes on.
const (
	statementPage  = 1000
	statementPages = 20
)

// statementsKept is how many statements are added up at a time: the month's, and that of the month
// before until it is closed; and one more.
const statementsKept = 3

// statements are those that are being added up, by their month. Each reads a record once. The
// gateway reads a month again after a start, and when the month is asked for in another way.
type statements struct {
	mutex  sync.Mutex
	months map[string]addedUp
}

// addedUp is a statement that is being added up, and what was asked: the query and the time zone.
type addedUp struct {
	asked   string
	builder *statement.Builder
}

// keep puts a statement in the place of the one of its month. The oldest of others makes room.
func (s *statements) keep(period string, added addedUp) {
	delete(s.months, period)
	if len(s.months) == statementsKept {
		delete(s.months, slices.Min(slices.Collect(maps.Keys(s.months))))
	}
	if s.months == nil {
		s.months = map[string]addedUp{}
	}
	s.months[period] = added
}

// errBehind says that a statement has not read the whole ledger yet.
var errBehind = errors.New("the ledger is not read to its end yet")

func (rep *Reporter) serveStatement(w http.ResponseWriter, r *http.Request) {
	query, err := report.ReadStatementQuery(r.URL.Query())
	if err == nil {
		_, err = civil.ParseMonth(query.Period)
	}
	if err != nil || query.From < 0 {
		http.Error(w, "Ask for a period such as 2026-11, and for from and lateAfter as whole numbers.",
			http.StatusBadRequest)
		return
	}
	t := rep.Config.Tenant()
	if t == nil || !rep.Store.IsOpen() {
		http.Error(w, "The ledger is not open yet.", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), figuresTimeout)
	defer cancel()
	content, err := rep.statement(ctx, t, query)
	switch {
	case errors.Is(err, errBehind) || errors.Is(err, context.DeadlineExceeded):
		w.WriteHeader(http.StatusAccepted)
		return
	case err != nil:
		if durable.WorthLogging(err) {
			rep.Log.Error("Statement failed", "error", err)
		}
		http.Error(w, "The statement cannot be made now.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if err := json.NewEncoder(w).Encode(content); err != nil { // the operator has gone; it asks again
		rep.Log.Debug("Statement not read to its end", "error", err)
	}
}

// statement adds what is new to a statement, and says what it comes to.
func (rep *Reporter) statement(
	ctx context.Context, t *served.Tenant, query report.StatementQuery,
) (statement.Content, error) {
	rep.statements.mutex.Lock()
	defer rep.statements.mutex.Unlock()
	asked := query.Encode() + " " + t.Zone.String()
	known := rep.statements.months[query.Period]
	builder := known.builder
	if known.asked != asked {
		from, err := rep.headAt(ctx, query.From)
		if err != nil {
			return statement.Content{}, err
		}
		builder = statement.NewBuilder(query.Period, from, query.LateAfter, t.Zone)
		rep.statements.keep(query.Period, addedUp{asked: asked, builder: builder})
	}
	depths, err := rep.addTo(ctx, builder)
	if err != nil {
		if !errors.Is(err, errBehind) && ctx.Err() == nil && !errors.Is(err, store.ErrUnavailable) {
			delete(rep.statements.months, query.Period) // what does not fit together is read again
		}
		return statement.Content{}, err
	}
	content, err := builder.Content(networkOf(t))
	content.Unpriced, content.InDoubt = depths.unpriced, depths.inDoubt
	return content, err
}

// addTo reads on, and says what waits in the same snapshot as the last of the records.
func (rep *Reporter) addTo(ctx context.Context, builder *statement.Builder) (d depths, err error) {
	for range statementPages {
		whole := false
		if err := rep.Store.View(ctx, func(tx *store.Tx) (err error) {
			after, read := builder.Head().Sequence, 0
			for entry, err := range tx.Ledger().Entries(after) {
				if err != nil {
					return err
				}
				if err := builder.Add(entry); err != nil {
					return err
				}
				if read++; read == statementPage {
					return nil
				}
			}
			whole = true
			if d.unpriced, err = tx.Depth(store.UnpricedMessages); err != nil {
				return err
			}
			d.inDoubt, err = tx.Depth(store.Doubts)
			return err
		}); err != nil {
			return d, err
		}
		if whole {
			return d, nil
		}
	}
	return d, errBehind
}

// headAt is the ledger's head when it had so many records.
func (rep *Reporter) headAt(ctx context.Context, sequence int64) (head ledger.Head, err error) {
	head.Sequence = sequence
	err = rep.Store.View(ctx, func(tx *store.Tx) error {
		if sequence == 0 {
			head.Hash = tx.Ledger().Genesis()
			return nil
		}
		hash, found, err := tx.Ledger().RecordHash(sequence)
		if err == nil && !found {
			err = fmt.Errorf("the ledger has no record %d", sequence)
		}
		head.Hash = hash
		return err
	})
	return head, err
}

// networkOf names the networks of the channels that are served.
func networkOf(t *served.Tenant) func(string) string {
	networks := map[string]string{}
	for _, c := range t.Channels {
		networks[c.ID] = string(c.Type)
	}
	return func(channel string) string { return networks[channel] }
}
