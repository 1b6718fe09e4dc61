package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to tamper with a store beside its own connections

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// settleMany settles messages to as many customers.
func settleMany(t *testing.T, s *store.Store, messages int) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error {
		for n := range messages {
			id := strconv.Itoa(n)
			if err := tx.Queue().Accept(newMessage(id, customer(n))); err != nil {
				return err
			}
			if _, err := settle(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// tamper changes the database behind the store's back.
func tamper(t *testing.T, where place, statement string) {
	t.Helper()
	changed := tamperSQLite
	if where.url != "" {
		changed = func(where place, statement string) (int64, error) {
			return postgrestest.Changed(where.url, "SET search_path TO "+schema+"; "+statement)
		}
	}
	if n, err := changed(where, statement); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func tamperSQLite(where place, statement string) (int64, error) {
	db, err := sql.Open("sqlite", where.path)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	result, err := db.ExecContext(context.Background(), statement)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func TestP5AuditFindsWhatWasChanged(t *testing.T) {
	const records = 2500 // more than two pages
	type statements map[engine]string
	both := func(statement string) statements { return statements{embedded: statement, shared: statement} }
	tests := map[string]struct {
		statement statements
		sequence  int64 // of the bad record; 0 for a bad total
	}{
		"a record's amount": {statements{
			embedded: `UPDATE ledger SET record = CAST(replace(CAST(record AS TEXT), '"charge":"0.03"',
		'"charge":"0.02"') AS BLOB) WHERE sequence = 1700`,
			shared: `UPDATE ledger SET record = convert_to(replace(convert_from(record, 'UTF8'), '"charge":"0.03"',
		'"charge":"0.02"'), 'UTF8') WHERE sequence = 1700`,
		}, 1700},
		"a record's hash": {statements{
			embedded: `UPDATE ledger SET hash = zeroblob(32) WHERE sequence = 2500`,
			shared:   `UPDATE ledger SET hash = decode(repeat('00', 32), 'hex') WHERE sequence = 2500`,
		}, 2500},
		"a record removed": {both(`DELETE FROM ledger WHERE sequence = 3`), 3},
		"a total":          {both(`UPDATE totals SET billed = '75.01' WHERE category = ''`), 0},
		"a total removed":  {both(`DELETE FROM totals WHERE category = 'utility'`), 0},
	}
	forEachEngine(t, func(t *testing.T, e engine) {
		for name, tc := range tests {
			t.Run(name, func(t *testing.T) {
				where := e.newPlace(t)
				s := where.open(t, newKeys(t))
				settleMany(t, s, records)
				if head, err := s.Audit(t.Context()); err != nil || head.Sequence != records {
					t.Fatalf("Audit before = sequence %d, %v; want %d and no error", head.Sequence, err, records)
				}
				tamper(t, where, tc.statement[e])
				_, err := s.Audit(t.Context())
				var badRecord *ledger.VerifyError
				var badTotal *store.TotalError
				switch {
				case tc.sequence > 0 && (!errors.As(err, &badRecord) || badRecord.Sequence != tc.sequence):
					t.Errorf("Audit = %v; want record %d to be named", err, tc.sequence)
				case tc.sequence == 0 && !errors.As(err, &badTotal):
					t.Errorf("Audit = %v; want a *TotalError", err)
				}
			})
		}
	})
}

func TestEntriesArePagedWithoutHoldingUpTheWriter(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		settleMany(t, s, 2500)
		read := int64(0)
		for entry, err := range s.Entries(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if read++; entry.Sequence != read {
				t.Fatalf("sequence %d follows %d", entry.Sequence, read-1)
			}
			if read == 1200 { // a record that is made meanwhile is read as well
				update(t, s, func(tx *store.Tx) error {
					if err := tx.Queue().Accept(newMessage("meanwhile", customer(9999))); err != nil {
						return err
					}
					_, err := settle(tx, "meanwhile")
					return err
				})
			}
		}
		if read != 2501 {
			t.Errorf("read %d entries; want 2501", read)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cancel()
		for _, err := range s.Entries(ctx, 0) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error = %v; want context.Canceled", err)
			}
		}
	})
}
