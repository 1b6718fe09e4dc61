package cli

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const ledgerAccount = "5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e"

// sample returns a charge, a message that was free, and a charge of the month after.
func sample() []ledger.Record {
	charged := func(id, period, settledAt string) ledger.Record {
		at, err := time.Parse(time.RFC3339, settledAt)
		if err != nil {
			panic(err)
		}
		return ledger.Record{
			Kind: ledger.Settlement, MessageID: id, SettledAt: at, DeliveredAt: at.Add(-time.Second), Period: period,
			Plan: "whatsapp", Revision: "pmp-2026-10",
			Channel: "106540352242922", Customer: ledger.Customer{1}, MessageKind: "template",
			Market: "France", Category: "utility", Currency: "USD",
			ListPrice: money.MustParse("0.03"), Listed: true, Cost: money.MustParse("0.03"),
			Charge: money.MustParse("0.03"),
		}
	}
	free := charged("m2", "2026-11", "2026-11-20T12:00:00Z")
	free.Category, free.MessageKind, free.FreeReason = "service", "text", "allowance"
	free.Allowance, free.AllowanceUsed = "free-service-messages", 1
	free.Cost, free.Charge = money.Decimal{}, money.Decimal{}
	return []ledger.Record{
		charged("m1", "2026-11", "2026-11-10T12:00:00Z"), free, charged("m3", "2026-12", "2026-12-01T12:00:00Z"),
	}
}

func newKeys(t *testing.T) *seal.Keys {
	t.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Parse(material.Keyset, material.CustomerKey)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// openLedger makes a store with records in it, as a gateway would.
func openLedger(t *testing.T, path string, records ...ledger.Record) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: path, AccountUID: ledgerAccount, Keys: newKeys(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	add(t, s, records...)
	return s
}

func add(t *testing.T, s *store.Store, records ...ledger.Record) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx *store.Tx) error {
		for i := range records {
			if err := tx.Ledger().Append(&records[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// ledgerFile returns the store of a gateway that has ended.
func ledgerFile(t *testing.T, records ...ledger.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "guichet.db")
	if err := openLedger(t, path, records...).Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// tamper changes the file behind the gateway's back.
func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := db.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// The hashes of the sample's first and last record, computed with another language's SHA-256 over
// the documented bytes.
const (
	sampleHash1 = "sha256:2b9104844275285c82380e493b41a595ab3a01426a4f1e02f86742dd0945b4c8"
	sampleHash  = "sha256:826d36c4ce113d819661db4bb4dd9d6d806cadb8aa72c785d0c88f67b73979aa"
)

func TestP5VerifyAcceptsAGoodLedger(t *testing.T) {
	path := ledgerFile(t, sample()...)
	export, err := run(t, "ledger", "export", "--format", "jsonl", "--store", path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "ledger    5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e\nsequence  3\n" +
		"hash      " + sampleHash + "\nThe ledger is good\n"
	tests := map[string][]string{
		"a store":               {"--store", path},
		"an export":             {"--jsonl", write(t, "export.jsonl", export)},
		"of a known account":    {"--store", path, "--ledger", ledgerAccount},
		"with published hashes": {"--store", path, "--published", sampleHash1, "--published", sampleHash},
	}
	for name, arguments := range tests {
		got, err := run(t, append([]string{"ledger", "verify"}, arguments...)...)
		if err != nil || got != want {
			t.Errorf("%s: got %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

// The store of a gateway from before ledgers had ids of their own is read as before.
func TestP14VerifyReadsAnEarlierStore(t *testing.T) {
	path := ledgerFile(t, sample()...)
	tamper(t, path, `ALTER TABLE owner DROP COLUMN ledger_id; UPDATE owner SET account_uid = account_uid`)
	if got, err := run(t, "ledger", "verify", "--store", path); err != nil || !strings.Contains(got, sampleHash) {
		t.Errorf("got %v\n%s", err, got)
	}
}

func TestP5VerifyNamesTheFirstBadRecord(t *testing.T) {
	tests := map[string]struct{ statement, want string }{
		"an amount": {
			`UPDATE ledger SET record = CAST(replace(CAST(record AS TEXT), '"charge":"0.03"', '"charge":"0.02"')
				AS BLOB) WHERE sequence = 3`,
			"record 3: its hash is not",
		},
		"a hash":           {`UPDATE ledger SET hash = zeroblob(32) WHERE sequence = 1`, "record 1: its hash is not"},
		"a record removed": {`DELETE FROM ledger WHERE sequence = 2`, "record 2: is missing"},
		"the owner":        {`UPDATE owner SET ledger_id = 'another'`, "record 1: its hash is not"},
		"a total": {
			`UPDATE totals SET billed = '9' WHERE category = '' AND period = '2026-11'`,
			"the records are good, but the store's total of period 2026-11, category all, is 2 messages, " +
				"1 of them charged, for 9 USD, and the records add up to 2, 1 of them charged, for 0.03 USD",
		},
		"a total removed": {
			`DELETE FROM totals WHERE category = 'service'`, "period 2026-11, category service, is 0 messages",
		},
		"an invented total": {
			`INSERT INTO totals VALUES ('2026-10', 'USD', '', 1, 1, '5', '5')`,
			"period 2026-10, category all, is 1 messages",
		},
		"no amount": {`UPDATE totals SET cost = 'much'`, `"much"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			path := ledgerFile(t, sample()...)
			tamper(t, path, tc.statement)
			_, err := run(t, "ledger", "verify", "--store", path)
			if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v; want %s: …%s…", err, path, tc.want)
			}
		})
	}
}

// What was cut off at the end leaves a good chain: only a published hash tells.
func TestP5VerifyMissesAPublishedHash(t *testing.T) {
	path := ledgerFile(t, sample()...)
	tamper(t, path, `DELETE FROM ledger WHERE sequence = 3`)
	tamper(t, path, `DELETE FROM totals WHERE period = '2026-12'`)
	if got, err := run(t, "ledger", "verify", "--store", path); err != nil {
		t.Fatalf("got %v\n%s", err, got)
	}
	_, err := run(t, "ledger", "verify", "--store", path, "--published", sampleHash1, "--published", sampleHash)
	if want := "no record has the published hash " + sampleHash; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v; want %s", err, want)
	}
}

func TestTotalsAreRecomputed(t *testing.T) {
	path := ledgerFile(t, sample()...)
	want := `PERIOD   CATEGORY  MESSAGES  CHARGED  BILLED  COST  CURRENCY
2026-11  all       2         1        0.03    0.03  USD
2026-11  service   1         0        0       0     USD
2026-11  utility   1         1        0.03    0.03  USD
2026-12  all       1         1        0.03    0.03  USD
2026-12  utility   1         1        0.03    0.03  USD
sequence 3, hash ` + sampleHash + "\n"
	if got, err := run(t, "ledger", "totals", "--store", path); err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	want = `{"period":"2026-11","messages":2,"charged":1,"billed":"0.03","cost":"0.03","currency":"USD"}
{"period":"2026-11","category":"service","messages":1,"charged":0,"billed":"0","cost":"0","currency":"USD"}
{"period":"2026-11","category":"utility","messages":1,"charged":1,"billed":"0.03","cost":"0.03","currency":"USD"}
{"period":"2026-12","messages":1,"charged":1,"billed":"0.03","cost":"0.03","currency":"USD"}
{"period":"2026-12","category":"utility","messages":1,"charged":1,"billed":"0.03","cost":"0.03","currency":"USD"}
{"sequence":3,"hash":"` + sampleHash + "\"}\n"
	if got, err := run(t, "ledger", "totals", "--store", path, "-o", "json"); err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestAStoreAtRestIsLeftAsItWas(t *testing.T) {
	path := ledgerFile(t, sample()...)
	before := read(t, path)
	if _, err := run(t, "ledger", "verify", "--store", path); err != nil {
		t.Fatal(err)
	}
	if read(t, path) != before || names(t, path) != "guichet.db" {
		t.Errorf("the store was changed; beside it: %s", names(t, path))
	}
}

// A gateway that runs keeps its newest records in a log beside the store.
func TestAStoreInUseIsReadWithItsNewestRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guichet.db")
	s := openLedger(t, path, sample()...)
	if got, err := run(t, "ledger", "verify", "--store", path); err != nil || !strings.Contains(got, "sequence  3\n") {
		t.Fatalf("got %v\n%s", err, got)
	}
	later := sample()[2]
	later.MessageID = "m4"
	add(t, s, later)
	if got, err := run(t, "ledger", "verify", "--store", path); err != nil || !strings.Contains(got, "sequence  4\n") {
		t.Errorf("got %v\n%s", err, got)
	}
}

func TestAStoreThatComesIntoUseIsReadAgain(t *testing.T) {
	path := ledgerFile(t, sample()...)
	source, err := (&ledgerFlags{store: path}).open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	openLedger(t, path)
	for range 2 {
		if err := source.Close(); err == nil || !strings.Contains(err.Error(), "run the command again") {
			t.Errorf("got %v; want to be told to run the command again", err)
		}
	}
}

func TestLedgerRefuses(t *testing.T) {
	path := ledgerFile(t, sample()...)
	empty := write(t, "empty.jsonl", "")
	tests := map[string]struct {
		arguments []string
		want      string
	}{
		"no source":     {[]string{"verify"}, "at least one of the flags in the group [store jsonl] is required"},
		"two sources":   {[]string{"verify", "--store", path, "--jsonl", empty}, "none of the others can be"},
		"no such store": {[]string{"verify", "--store", "none.db"}, "none.db: no such file"},
		"a directory": {
			[]string{"verify", "--store", filepath.Dir(path)}, "it is a directory: name the store's file in it",
		},
		"no store":        {[]string{"verify", "--store", empty}, "it cannot be read as a gateway's store"},
		"no such export":  {[]string{"verify", "--jsonl", "none.jsonl"}, "none.jsonl: no such file"},
		"an empty export": {[]string{"verify", "--jsonl", empty}, "it holds no record"},
		"no export": {
			[]string{"verify", "--jsonl", write(t, "text", "hello\n")}, "line 1: it is no entry in JSON",
		},
		"an export in CSV": {[]string{"verify", "--jsonl", write(t, "csv", "{}\n")}, `line 1: it has no "account"`},
		"another account": {
			[]string{"verify", "--store", path, "--ledger", "b"}, `it is ledger "` + ledgerAccount + `", not "b"`,
		},
		"no hash": {
			[]string{"verify", "--store", path, "--published", "28c2"},
			`--published "28c2" must be "sha256:" and 64 hex digits`,
		},
		"no output of totals": {
			[]string{"totals", "--store", path, "-o", "xml"}, `--output "xml" must be table, json or sql`,
		},
		"no format": {[]string{"export", "--store", path}, `required flag(s) "format" not set`},
		"an unknown format": {
			[]string{"export", "--store", path, "--format", "xml"},
			`--format "xml" must be one of jsonl, csv, cloudevents, focus`,
		},
		"no period": {
			[]string{"export", "--store", path, "--format", "csv", "--period", "November"},
			`--period: month "November" must have the form YYYY-MM`,
		},
		"no instant": {
			[]string{"export", "--store", path, "--format", "csv", "--from", "2026-11-01"},
			`--from "2026-11-01" must be an instant like`,
		},
		"an account's name": {
			[]string{"export", "--store", path, "--format", "focus", "--time-zone", "UTC"},
			"--account-name must be the BusinessAccount's spec.displayName",
		},
		"no time zone": {
			[]string{"export", "--store", path, "--format", "focus", "--account-name", "Acme"},
			`--time-zone "" must be the BusinessAccount's spec.timeZone`,
		},
		"nobody to pay": {
			[]string{"export", "--store", path, "--format", "focus", "--time-zone", "UTC", "--provider", ""},
			"--provider must name who sends the invoice",
		},
		"no directory to export": {
			[]string{"export", "--store", path, "--format", "csv", "-o", "none/export.csv"},
			"no such file or directory",
		},
	}
	for name, tc := range tests {
		_, err := run(t, append([]string{"ledger"}, tc.arguments...)...)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
	if got, err := run(
		t, "ledger", "verify", "--jsonl", empty, "--ledger", ledgerAccount,
	); err != nil || !strings.Contains(got, "sequence  0\n") {
		t.Errorf("a ledger without records: got %v\n%s", err, got)
	}
}
