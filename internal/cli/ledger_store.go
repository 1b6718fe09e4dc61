package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	_ "modernc.org/sqlite" // the engine of a gateway's embedded store

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

// The tables that docs/ledger.md publishes.
const (
	selectLedger  = `SELECT ledger_id FROM owner`
	selectAccount = `SELECT account_uid FROM owner`
	selectEntries = `SELECT sequence, record, hash FROM ledger ORDER BY sequence`
	selectTotals  = `SELECT period, currency, category, messages, charged, billed, cost FROM totals`
)

// openStore opens a gateway's store for reading, in one snapshot. It creates, changes and locks no
// file.
func openStore(ctx context.Context, path string) (*ledgerSource, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		return nil, fmt.Errorf("%s: it is a directory: name the store's file in it", path)
	}
	atRest, err := isAtRest(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", storeURL(path, atRest))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: it cannot be read as a store: %w", path, err), db.Close())
	}
	source := &ledgerSource{
		name:         path,
		entries:      storedEntries(ctx, tx),
		storedTotals: func() (ledger.Totals, error) { return storedTotals(ctx, tx) },
	}
	source.end = sync.OnceValue(func() error {
		err := errors.Join(tx.Rollback(), db.Close())
		if still, statErr := isAtRest(path); atRest && !still {
			return errors.Join(
				err, statErr, fmt.Errorf("%s: a gateway began to use it in the meantime: run the command again", path),
			)
		}
		return err
	})
	if source.id, err = storedLedger(ctx, tx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: it cannot be read as a gateway's store: %w", path, err), source.Close())
	}
	return source, nil
}

// storedLedger is the id of the ledger in a store. An earlier gateway's store has none: there it is
// the account's UID.
func storedLedger(ctx context.Context, tx *sql.Tx) (id string, err error) {
	earlier := false
	if err := tx.QueryRowContext(
		ctx, `SELECT NOT EXISTS (SELECT 1 FROM pragma_table_info('owner') WHERE name = 'ledger_id')`,
	).Scan(&earlier); err != nil {
		return "", err
	}
	query := selectLedger
	if earlier {
		query = selectAccount
	}
	err = tx.QueryRowContext(ctx, query).Scan(&id)
	return id, err
}

// isAtRest reports whether no gateway uses the store: then there is no write-ahead log beside it.
// https://www.sqlite.org/wal.html#the_wal_file
func isAtRest(path string) (bool, error) {
	_, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return false, err
}

// storeURL returns the store's address for a reader. A store at rest is opened as immutable:
// otherwise SQLite would create a log for the reader, and fail where it may not.
// https://www.sqlite.org/uri.html#uriimmutable
func storeURL(path string, atRest bool) string {
	query := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)", "busy_timeout(5000)"}}
	if atRest {
		query.Set("immutable", "1")
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// storedEntries yields the records, with one in memory at a time.
func storedEntries(ctx context.Context, tx *sql.Tx) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		rows, err := tx.QueryContext(ctx, selectEntries)
		if err != nil {
			yield(ledger.Entry{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var entry ledger.Entry
			var hash []byte
			if err := rows.Scan(&entry.Sequence, &entry.Canonical, &hash); err != nil {
				yield(ledger.Entry{}, err)
				return
			}
			copy(entry.Hash[:], hash)
			if !yield(entry, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ledger.Entry{}, err)
		}
	}
}

func storedTotals(ctx context.Context, tx *sql.Tx) (ledger.Totals, error) {
	rows, err := tx.QueryContext(ctx, selectTotals)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	totals := ledger.Totals{}
	for rows.Next() {
		var t totalRow
		if err := rows.Scan(
			&t.period, &t.currency, &t.category, &t.messages, &t.charged, &t.billed, &t.cost,
		); err != nil {
			return nil, err
		}
		if err := t.addTo(totals); err != nil {
			return nil, err
		}
	}
	return totals, rows.Err()
}

// totalRow is a row of totals, as text.
type totalRow struct{ period, currency, category, messages, charged, billed, cost string }

// addTo parses the row and adds it to the totals.
func (t totalRow) addTo(totals ledger.Totals) error {
	var total ledger.Total
	var err error
	if total.Messages, err = strconv.ParseInt(t.messages, 10, 64); err != nil {
		return err
	}
	if total.Charged, err = strconv.ParseInt(t.charged, 10, 64); err != nil {
		return err
	}
	if total.Billed, err = money.Parse(t.billed); err != nil {
		return err
	}
	if total.Cost, err = money.Parse(t.cost); err != nil {
		return err
	}
	totals[ledger.TotalKey{Period: t.period, Currency: money.Currency(t.currency), Category: t.category}] = total
	return nil
}
