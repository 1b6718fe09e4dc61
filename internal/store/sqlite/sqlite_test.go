package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

func TestP1EverySyncIsFull(t *testing.T) {
	e, err := New(filepath.Join(t.TempDir(), "guichet.db"), "uid", "uid", clock.New(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.connect(writing)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var mode string
	if _, err := engine.First(c, "PRAGMA journal_mode", nil, func(v engine.Row) { mode = v.Text(0) }); err != nil {
		t.Fatal(err)
	}
	var synchronous int64
	if _, err := engine.First(c, "PRAGMA synchronous", nil, func(v engine.Row) { synchronous = v.Int(0) }); err != nil {
		t.Fatal(err)
	}
	const full = 2 // https://www.sqlite.org/pragma.html#pragma_synchronous
	if mode != "wal" || synchronous != full {
		t.Errorf("journal_mode = %s, synchronous = %d; want wal, %d", mode, synchronous, full)
	}
}
