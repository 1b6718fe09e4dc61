package store_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// The size is that of the files as the file system has them, and what is free is less than the
// whole.
func TestSpaceOfAnEmbeddedStore(t *testing.T) {
	where := embedded.newPlace(t)
	s := where.open(t, newKeys(t))
	space, err := s.Space()
	if runtime.GOOS != "linux" {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("got %+v, %v; want that it is unsupported", space, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, file := range []string{where.path, where.path + "-wal"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if space.Size != size || space.Size == 0 {
		t.Errorf("the store takes %d bytes, its files %d", space.Size, size)
	}
	if space.Free <= 0 || space.Volume < space.Free || space.Volume < space.Size {
		t.Errorf("%d of %d bytes are free beside a store of %d", space.Free, space.Volume, space.Size)
	}
}

// A shared store's room is the server's: unknown, not zero.
func TestP11SpaceOfASharedStoreIsUnknown(t *testing.T) {
	if space, err := shared.newStore(t).Space(); !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("got %+v, %v; want that it is unsupported", space, err)
	}
}

func TestRecordsSinceAnInstant(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		s := e.newStore(t)
		since := func(from time.Time) (records int64, first time.Time) {
			t.Helper()
			view(t, s, func(tx *store.Tx) (err error) {
				records, first, err = tx.Ledger().RecordsSince(from)
				return err
			})
			return records, first
		}
		if records, first := since(noon); records != 0 || !first.IsZero() {
			t.Fatalf("an empty ledger has %d records, the first of %s", records, first)
		}
		update(t, s, func(tx *store.Tx) error {
			for n := range 10 {
				m := newMessage(fmt.Sprintf("m%d", n), customer(n))
				m.AcceptedAt = noon.Add(time.Duration(n) * time.Hour)
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
				if _, err := settle(tx, m.ID); err != nil { // 3 s later
					return err
				}
			}
			return nil
		})
		made := func(n int) time.Time { return noon.Add(time.Duration(n)*time.Hour + 3*time.Second) }
		for _, tc := range []struct {
			from    time.Time
			records int64
			first   time.Time
		}{
			{noon.Add(-time.Hour), 10, made(0)},
			{made(0), 10, made(0)},
			{made(0).Add(time.Second), 9, made(1)},
			{made(5), 5, made(5)},
			{made(9), 1, made(9)},
			{made(9).Add(time.Second), 0, time.Time{}},
		} {
			if records, first := since(tc.from); records != tc.records || !first.Equal(tc.first) {
				t.Errorf(
					"since %s there are %d records, the first of %s; want %d and %s", tc.from, records, first,
					tc.records, tc.first,
				)
			}
		}
	})
}
