package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// as are the options of an account that goes on with the ledger of the place.
func (p place) as(uid string, keys *seal.Keys) store.Options {
	options := p.options(keys)
	options.LedgerID = options.AccountUID
	options.AccountUID, options.AccountName = uid, "shops/acme"
	options.Clock = clock.New(func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) })
	return options
}

func (p place) openAs(t *testing.T, uid string, keys *seal.Keys) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), p.as(uid, keys))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestP14AnotherAccountGoesOnInOneChain opens a store as one account after the other.
func TestP14AnotherAccountGoesOnInOneChain(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		t.Parallel()
		where, keys := e.newPlace(t), newKeys(t)
		first := where.open(t, keys)
		settleMany(t, first, 2)
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // opening it again takes nothing over
			second := where.openAs(t, "second", keys)
			if err := second.Close(); err != nil {
				t.Fatal(err)
			}
		}
		third := where.openAs(t, "third", keys)
		defer third.Close()
		head, err := third.Audit(t.Context())
		if err != nil || head.Sequence != 4 {
			t.Fatalf("the ledger ends in %d, %v; want one chain of 4 records", head.Sequence, err)
		}
		var changes []ledger.OwnerChange
		for entry, err := range third.Entries(t.Context(), 2) {
			if err != nil {
				t.Fatal(err)
			}
			record, err := ledger.ParseCanonical(entry.Canonical)
			if err != nil || record.Change == nil {
				t.Fatalf("record %d is %s, %v; want an adoption", entry.Sequence, entry.Canonical, err)
			}
			changes = append(changes, *record.Change)
		}
		if len(changes) != 2 || changes[0].FormerOwner != accountUID || changes[0].Owner != "second" ||
			changes[0].OwnerName != "shops/acme" || changes[0].From.Sequence != 2 ||
			changes[1].FormerOwner != "second" || changes[1].Owner != "third" {
			t.Errorf("the owners changed as %+v", changes)
		}
	})
}

// A gateway of the account before, restarted by something that was left over, does not take the
// ledger back.
func TestP14AFormerOwnerDoesNotGetTheLedgerBack(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		t.Parallel()
		where, keys := e.newPlace(t), newKeys(t)
		where.open(t, keys).Close()
		where.openAs(t, "second", keys).Close()
		_, err := store.Open(context.Background(), where.options(keys))
		const want = "the ledger went on to the account with UID second: the one with UID " + accountUID +
			" cannot have it back"
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("it is opened with %v; want %s, and for good", err, want)
		}
		third := where.openAs(t, "third", keys)
		defer third.Close()
		if head, err := third.Audit(t.Context()); err != nil || head.Sequence != 2 {
			t.Errorf("the ledger ends in %d, %v", head.Sequence, err)
		}
	})
}

func TestP14AnotherLedgerIsNotOpened(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		t.Parallel()
		where, keys := e.newPlace(t), newKeys(t)
		where.open(t, keys).Close()
		options := where.as("second", keys)
		options.LedgerID = strings.ToUpper(accountUID) // the same schema in PostgreSQL
		if _, err := store.Open(context.Background(), options); err == nil ||
			!strings.Contains(err.Error(), "it holds ledger "+accountUID+", not "+options.LedgerID) {
			t.Errorf("it is opened with %v", err)
		}
	})
}

// A store from before ledgers had ids keeps its ledger, whose id is the UID of its account.
func TestP14AnEarlierStoreKeepsItsLedger(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		t.Parallel()
		where, keys := e.newPlace(t), newKeys(t)
		before := where.open(t, keys)
		settleMany(t, before, 1)
		before.Close()
		tamper(t, where, `DROP INDEX ledger_adoptions; ALTER TABLE owner DROP COLUMN ledger_id;
			DROP TABLE template_requests; DROP TABLE upstream_counts;
			DELETE FROM schema_migrations WHERE version >= 19`)
		after := where.open(t, keys)
		if head, err := after.Audit(t.Context()); err != nil || head.Sequence != 1 {
			t.Errorf("the ledger ends in %d, %v", head.Sequence, err)
		}
	})
}
