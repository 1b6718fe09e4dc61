package postgres

import (
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// leases is the one table that the engine itself needs, with what it asks of the owner's.
var leases = engine.Schema{{Name: "leases", Statements: []string{
	`CREATE TABLE leases (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, expires_at BIGINT NOT NULL,
		batch BIGINT NOT NULL, taken SMALLINT NOT NULL)`,
	`ALTER TABLE owner ADD COLUMN ledger_id TEXT NOT NULL DEFAULT ''`,
}}}

// newWriter is a writer of a new database.
func newWriter(t *testing.T) engine.Writer {
	t.Helper()
	e, err := New(&Options{
		URL: postgrestest.Database(t), AccountUID: "uid", LedgerID: "uid", Clock: clock.New(nil),
	}, leases)
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// However many leases there were, a transaction finds its own through the index.
func TestLeaseIsRenewedThroughItsIndex(t *testing.T) {
	w := newWriter(t)
	if plan := explain(t, w, renewLease, 1, 1); !strings.Contains(plan, "leases_pkey") {
		t.Errorf("plan: %s; want it to use leases_pkey", plan)
	}
}

// A panic while a row is read costs its transaction and its connection, and not the process.
func TestPanicWhileARowIsReadLosesItsConnectionOnly(t *testing.T) {
	w := newWriter(t)
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = w.Query("SELECT generate_series(1, 1000)", nil, func(engine.Row) bool { panic("a bug") })
	}()
	if err := w.Commit(); err == nil {
		t.Error("the commit succeeded; want an error, because the answers before it were not read")
	}
	w.Rollback()
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	var n int64
	if found, err := engine.First(
		w, "SELECT 7::bigint", nil, func(v engine.Row) { n = v.Int(0) },
	); err != nil || !found || n != 7 {
		t.Errorf("afterwards a question was answered %v, %d, %v; want 7", found, n, err)
	}
	w.Rollback()
}

// Many rows that are changed at once are each looked up, however many others the table has.
func TestManyRowsAreChangedThroughTheirKey(t *testing.T) {
	w := newWriter(t)
	for _, text := range []string{
		"CREATE TABLE rows (seq BIGINT PRIMARY KEY, name TEXT, size BIGINT)",
		"INSERT INTO rows (seq) SELECT generate_series(1, 20000)",
		"ANALYZE rows",
	} {
		if err := w.ExecOnce(text); err != nil {
			t.Fatal(err)
		}
	}
	update := shapeOf(updateRow)
	text, possible := update.set([]uint32{textType, bigintType, bigintType})
	if !possible {
		t.Fatal("the update has no form for many rows")
	}
	if plan := explain(t, w, text, "{a,b,c}", "{1,2,3}", "{10,20,30}"); !strings.Contains(plan, "rows_pkey") {
		t.Errorf("plan: %s; want it to use rows_pkey", plan)
	}
}

// Statements that are alike are one for the server in every transaction. Rows of one statement have
// the same number within their transaction, and what one asks has the same instant.
func TestAlikeStatementsAreOneForTheServer(t *testing.T) {
	w := newWriter(t)
	if err := w.ExecOnce("CREATE TABLE rows (id BYTEA, name TEXT, round BIGINT)"); err != nil {
		t.Fatal(err)
	}
	for round := range int64(4) {
		if err := w.Begin(); err != nil {
			t.Fatal(err)
		}
		const alike = 10
		var asked [][]any
		for n := range int64(alike) {
			if err := w.Exec(
				"INSERT INTO rows (id, name, round) VALUES ($1, $2, $3)", []byte{1}, "a", round,
			); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, []any{n})
		}
		statements, instants := map[string]bool{}, map[string]bool{}
		if err := w.Query(
			"SELECT CAST(cmin AS TEXT) FROM rows WHERE round = $1", []any{round},
			func(v engine.Row) bool { statements[v.Text(0)] = true; return true },
		); err != nil {
			t.Fatal(err)
		}
		if err := w.Ask(engine.Question{
			Text: "SELECT CAST(statement_timestamp() AS TEXT) WHERE $1::bigint >= 0", Lists: asked,
			Scan: func(_ int, v engine.Row) { instants[v.Text(0)] = true },
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			continue // the server has yet to tell the types of the parameters
		}
		if len(statements) != 1 || len(instants) != 1 {
			t.Errorf(
				"transaction %d: %d rows were added by %d statements, and asked for by %d; want 1 and 1",
				round, alike, len(statements), len(instants),
			)
		}
	}
}

// explain is the plan of a statement in one line.
func explain(t *testing.T, w engine.Writer, text string, args ...any) string {
	t.Helper()
	var plan []string
	if err := w.Query("EXPLAIN "+text, args, func(row engine.Row) bool {
		plan = append(plan, strings.TrimSpace(row.Text(0)))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
