package store_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
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
	t.Parallel()
	for _, e := range []engine{embedded, shared} {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

// place is where an account's store is; opening it again finds what was stored.
type place struct {
	path string // SQLite's file
	url  string // PostgreSQL's database
	uid  string // whose store it is; empty is accountUID
}

func (e engine) newPlace(tb testing.TB) place {
	tb.Helper()
	if e == shared {
		return place{url: postgrestest.Database(tb)}
	}
	return place{path: filepath.Join(tb.TempDir(), "guichet.db")}
}

// another is a place of another account beside this one: a file or a schema.
func (p place) another(n int) place {
	p.uid = fmt.Sprintf("%s-%d", accountUID, n)
	if p.path != "" {
		p.path += "." + strconv.Itoa(n)
	}
	return p
}

// schema is that of the account in PostgreSQL.
func (p place) schema() string {
	return "guichet_" + strings.ReplaceAll(strings.ToLower(cmp.Or(p.uid, accountUID)), "-", "_")
}

func (p place) options(keys *seal.Keys) store.Options {
	options := store.Options{Path: p.path, AccountUID: cmp.Or(p.uid, accountUID), Keys: keys}
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
