// Package plantest checks for tests how the engines would execute a statement.
package plantest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/migrations"
	"github.com/guichet-dev/guichet/internal/store/postgres"
	"github.com/guichet-dev/guichet/internal/store/sqlite"
)

// Statement is one with the index through which it must find its rows on each engine. Where that is
// empty, the engine's plan depends on how many rows there are.
type Statement struct {
	Text               string
	SQLite, PostgreSQL string
}

// Check has both engines plan the statements for an empty store.
func Check(t *testing.T, statements map[string]Statement) {
	t.Helper()
	embedded, err := sqlite.New(
		filepath.Join(t.TempDir(), "guichet.db"), "uid", "uid", clock.New(nil), migrations.Schema(),
	)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := postgres.New(
		&postgres.Options{
			URL: postgrestest.Database(t), AccountUID: "uid", LedgerID: "uid", Clock: clock.New(nil),
		},
		migrations.Schema(),
	)
	if err != nil {
		t.Fatal(err)
	}
	lite, server := newWriter(t, embedded), newWriter(t, shared)
	for name, statement := range statements {
		t.Run(name, func(t *testing.T) {
			if statement.SQLite != "" {
				arguments := make([]any, strings.Count(statement.Text, "$"))
				plan := explain(t, lite, "EXPLAIN QUERY PLAN "+statement.Text, arguments, 3)
				if !strings.Contains(plan, statement.SQLite) {
					t.Errorf("SQLite's plan: %s; want it to use %s", plan, statement.SQLite)
				}
				if strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("SQLite's plan: %s; want no sorting", plan)
				}
			}
			if statement.PostgreSQL != "" {
				arguments := make([]any, strings.Count(statement.Text, "$"))
				for i := range arguments {
					arguments[i] = "1"
				}
				plan := explain(t, server, "EXPLAIN "+statement.Text, arguments, 0)
				if !strings.Contains(plan, statement.PostgreSQL) {
					t.Errorf("PostgreSQL's plan: %s; want it to use %s", plan, statement.PostgreSQL)
				}
			}
		})
	}
}

// newWriter is a writer of a new store.
func newWriter(t *testing.T, e engine.Engine) engine.Writer {
	t.Helper()
	w, err := e.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// explain is a plan in one line; its steps are in the given column.
func explain(t *testing.T, w engine.Writer, text string, arguments []any, column int) string {
	t.Helper()
	var plan []string
	if err := w.Query(text, arguments, func(v engine.Row) bool {
		plan = append(plan, strings.TrimSpace(v.Text(column)))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
