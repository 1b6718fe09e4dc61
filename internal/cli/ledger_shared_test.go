package cli

import (
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// sharedLedger returns a database in which an account's store has records, and another account's
// has one.
func sharedLedger(t *testing.T, records ...ledger.Record) string {
	t.Helper()
	address := postgrestest.Database(t)
	fill(t, address, records)
	return address
}

// fill makes the stores of two accounts in a database.
func fill(t *testing.T, address string, records []ledger.Record) {
	t.Helper()
	for account, list := range map[string][]ledger.Record{ledgerAccount: records, "another": sample()[:1]} {
		s, err := store.Open(
			t.Context(), store.Options{Shared: &store.Shared{URL: address}, AccountUID: account, Keys: newKeys(t)},
		)
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, list...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func tamperShared(t *testing.T, address, statement string) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	results, err := conn.Exec(
		t.Context(), "SET search_path = guichet_5f0c5d8e_6c1f_4a0e_9d3a_0a4b6f1c2d3e; "+statement,
	).ReadAll()
	if err != nil || results[len(results)-1].CommandTag.RowsAffected() == 0 {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestP5ASharedStoreSaysTheSame(t *testing.T) {
	address, file := sharedLedger(t, sample()...), ledgerFile(t, sample()...)
	for _, arguments := range [][]string{
		{"verify", "--published", sampleHash},
		{"totals"},
		{"totals", "-o", "json"},
		{"export", "--format", "jsonl"},
		{"export", "--format", "focus", "--time-zone", "UTC", "--account-name", "Acme"},
	} {
		arguments = append([]string{"ledger"}, arguments...)
		want, err := run(t, append(arguments, "--store", file)...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := run(
			t, append(arguments, "--store", address, "--ledger", ledgerAccount)...,
		); err != nil || got != want {
			t.Errorf("%s: got %v\n%s\nwant\n%s", arguments, err, got, want)
		}
	}
}

// A pooler takes no settings at the connection's start: the ledger is read through one all the
// same.
func TestP5ASharedStoreIsReadThroughAPooler(t *testing.T) {
	server := postgrestest.Start(t)
	address := server.Database(t)
	fill(t, address, sample())
	through := server.Pooler(t, "session").At(address)
	arguments := []string{"ledger", "totals"}
	want, err := run(t, append(arguments, "--store", ledgerFile(t, sample()...))...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(t, append(arguments, "--store", through, "--ledger", ledgerAccount)...)
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestP5ASharedStoresFirstBadRecordIsNamed(t *testing.T) {
	tests := map[string]struct{ statement, want string }{
		"an amount": {
			`UPDATE ledger SET record = convert_to(
				replace(convert_from(record, 'UTF8'), '"charge":"0.03"', '"charge":"0.02"'), 'UTF8'
			) WHERE sequence = 3`,
			"record 3: its hash is not",
		},
		"a record removed": {`DELETE FROM ledger WHERE sequence = 2`, "record 2: is missing"},
		"a total": {
			`UPDATE totals SET messages = 9 WHERE category = '' AND period = '2026-11'`,
			"period 2026-11, category all, is 9 messages",
		},
	}
	for name, tc := range tests {
		address := sharedLedger(t, sample()...)
		tamperShared(t, address, tc.statement)
		_, err := run(t, "ledger", "verify", "--store", address, "--ledger", ledgerAccount)
		if err == nil || !strings.HasPrefix(err.Error(), "the shared store: ") ||
			!strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v; want the shared store: …%s…", name, err, tc.want)
		}
	}
}

func TestP7ASharedStoresRefusalsHoldNoPassword(t *testing.T) {
	address := sharedLedger(t)
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	password, has := parsed.User.Password()
	if !has {
		t.Fatal("the test's server wants no password")
	}
	wrong := "guichet:" + password + "@"
	tests := map[string]struct {
		arguments []string
		want      string
	}{
		"no account": {[]string{"--store", address}, "give --ledger"},
		"another account": {
			[]string{"--store", address, "--ledger", "none"}, `the shared store: it holds no readable ledger "none"`,
		},
		"no URL": {
			[]string{"--store", "postgres://" + wrong + "host:port/database", "--ledger", ledgerAccount},
			"--store must be a file, or a URL such as",
		},
		"nobody there": {
			[]string{"--store", "postgres://" + wrong + "127.0.0.1:1/database", "--ledger", ledgerAccount},
			"the shared store: failed to connect",
		},
	}
	for name, tc := range tests {
		_, err := run(t, append([]string{"ledger", "verify"}, tc.arguments...)...)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: got %v; want %s, and no password", name, err, tc.want)
		}
	}
}

// applySQL runs a script as sqlite3 and psql do.
func applySQL(t *testing.T, where, script string) {
	t.Helper()
	if isShared(where) {
		conn, err := pgconn.Connect(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if _, err := conn.Exec(t.Context(), script).ReadAll(); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		return
	}
	db, err := sql.Open("sqlite", where)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), script)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

func TestP5TotalsCanBeRebuilt(t *testing.T) {
	for name, wrong := range map[string]string{
		"other sums":       `UPDATE totals SET billed = '1', messages = 99`,
		"sums of nothing":  `INSERT INTO totals VALUES ('2031-01', 'USD', '', 7, 7, '7', '7')`,
		"sums are missing": `DELETE FROM totals WHERE category = ''`,
	} {
		t.Run(name, func(t *testing.T) {
			address, file := sharedLedger(t, sample()...), ledgerFile(t, sample()...)
			tamperShared(t, address, wrong)
			tamper(t, file, wrong)
			for _, store := range [][]string{{"--store", address, "--ledger", ledgerAccount}, {"--store", file}} {
				if _, err := run(t, append([]string{"ledger", "verify"}, store...)...); err == nil {
					t.Fatal("the wrong sums verify")
				}
				statements, err := run(t, append([]string{"ledger", "totals", "-o", "sql"}, store...)...)
				if err != nil {
					t.Fatal(err)
				}
				applySQL(t, store[1], statements)
				if _, err := run(t, append([]string{"ledger", "verify"}, store...)...); err != nil {
					t.Errorf("after the statements\n%s\nverify says %v", statements, err)
				}
			}
		})
	}
}
