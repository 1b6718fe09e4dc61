package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// engine is one of the two that every test of the store's promises runs on.
type engine string

const (
	embedded engine = "SQLite"
	shared   engine = "PostgreSQL"
)

func forEachEngine(t *testing.T, test func(*testing.T, engine)) {
	t.Helper()
	for _, e := range []engine{embedded, shared} {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

// place is where an account's store is; opening it again finds what was stored.
type place struct {
	path, url string
}

func (e engine) newPlace(tb testing.TB) place {
	tb.Helper()
	if e == shared {
		return place{url: postgrestest.Database(tb)}
	}
	return place{path: filepath.Join(tb.TempDir(), "guichet.db")}
}

func (p place) options(keys *seal.Keys) store.Options {
	options := store.Options{Path: p.path, AccountUID: accountUID, Keys: keys}
	if p.url != "" {
		options.Shared = &store.Shared{URL: p.url}
	}
	return options
}

func (p place) open(tb testing.TB, keys *seal.Keys) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), p.options(keys))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func (e engine) newStore(tb testing.TB) *store.Store {
	tb.Helper()
	return e.newPlace(tb).open(tb, newKeys(tb))
}
