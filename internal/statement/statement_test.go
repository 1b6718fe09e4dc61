package statement_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/statement"
)

// settled is a delivered utility template to France, charged 0.03.
func settled(id, day string) ledger.Record {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	at = at.Add(12 * time.Hour)
	return ledger.Record{
		Kind: ledger.Settlement, MessageID: id, SettledAt: at, DeliveredAt: at, Period: day[:7], Plan: "whatsapp",
		Revision: "2026-10", Channel: "106540352242922", MessageKind: "template", Market: "France",
		Category: "utility", Currency: "USD", Cost: money.MustParse("0.02"), Charge: money.MustParse("0.03"),
	}
}

func undelivered(id, day string) ledger.Record {
	r := settled(id, day)
	r.FailedAt, r.DeliveredAt = r.DeliveredAt, time.Time{}
	r.FreeReason, r.Charge, r.Cost = "undelivered", money.Decimal{}, money.Decimal{}
	return r
}

// deliveredAfterAll corrects an undelivered record.
func deliveredAfterAll(id, day string, corrects int64) ledger.Record {
	r := settled(id, day)
	r.Kind, r.Corrects, r.CorrectedFreeReason = ledger.Correction, corrects, "undelivered"
	r.Note = ledger.NoteDeliveredAfterAll
	return r
}

func chain(records ...ledger.Record) []ledger.Entry {
	head := ledger.Head{Hash: ledger.Genesis("ledger")}
	var entries []ledger.Entry
	for i := range records {
		var entry ledger.Entry
		entry, head = head.Append(&records[i])
		entries = append(entries, entry)
	}
	return entries
}

func all(entries []ledger.Entry) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for _, entry := range entries {
			if !yield(entry, nil) {
				return
			}
		}
	}
}

// build makes the statement of a period of the entries up to a sequence.
func build(
	t interface{ Fatal(...any) }, entries []ledger.Entry, period string, from int64, lateAfter *int64, until int64,
) statement.Content {
	head := ledger.Head{Hash: ledger.Genesis("ledger")}
	if from > 0 {
		head = ledger.Head{Sequence: from, Hash: entries[from-1].Hash}
	}
	b := statement.NewBuilder(period, head, lateAfter, time.UTC)
	for _, entry := range entries[from:until] {
		if err := b.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	content, err := b.Content(func(string) string { return "whatsapp" })
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestP5AStatementSaysWhatIsOwed(t *testing.T) {
	t.Parallel()
	doubt := ledger.Record{
		Kind: ledger.Doubt, MessageID: "m2", Note: ledger.NoteDoubtBegan,
		SettledAt: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC),
	}
	entries := chain(
		settled("m1", "2026-11-02"), doubt, undelivered("m2", "2026-11-03"), settled("m3", "2026-12-01"),
		deliveredAfterAll("m2", "2026-11-30", 3), settled("late", "2026-10-31"),
	)
	content := build(t, entries, "2026-11", 0, new(int64(0)), 6)
	decimal := money.MustParse
	want := statement.Content{
		Period: "2026-11",
		Ledger: statement.Range{
			LateAfter: new(int64(0)), Sequence: 6, Head: entries[5].Hash.String(), Records: 4,
			Root: content.Ledger.Root, Next: 3,
		},
		Totals: []statement.Total{{
			Currency: "USD", Messages: 3, Charged: 3, Billed: decimal("0.06"), Adjusted: decimal("0.03"),
			Due: decimal("0.09"), Cost: decimal("0.06"),
		}},
		Channels: []statement.Channel{
			{Channel: "106540352242922", Network: "whatsapp", Currency: "USD", Messages: 3, Due: decimal("0.09")},
		},
		Lines: []statement.Line{{
			Currency: "USD", Market: "France", Category: "utility", Messages: 2, Billed: decimal("0.06"),
			Cost: decimal("0.04"),
		}},
		Adjustments: []statement.Line{{
			Period: "2026-10", Currency: "USD", Market: "France", Category: "utility", Messages: 1,
			Billed: decimal("0.03"), Cost: decimal("0.02"),
		}},
		Days: []statement.Day{
			{Date: "2026-11-02", Category: "utility", Currency: "USD", Messages: 1, Billed: decimal("0.03")},
			{Date: "2026-11-03", Category: "utility", Currency: "USD", Messages: 1},
			{Date: "2026-11-30", Category: "utility", Currency: "USD", Billed: decimal("0.03")},
		},
		Doubted: 1,
	}
	equal := cmp.Comparer(func(a, b money.Decimal) bool { return a.Cmp(b) == 0 })
	if difference := cmp.Diff(want, content, equal); difference != "" {
		t.Error(difference)
	}
}

// Whatever comes when, and whenever a month is closed: each record is in one statement, and what
// the statements ask for together is what the ledger has billed.
func TestP5EachRecordIsInOneStatement(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := []string{"2026-09-30", "2026-10-15", "2026-11-15", "2026-12-01"}
		months := []string{"2026-09", "2026-10", "2026-11", "2026-12"}
		count := rapid.IntRange(1, 30).Draw(t, "records")
		records := make([]ledger.Record, count)
		for i := range records {
			records[i] = settled("m", rapid.SampledFrom(days).Draw(t, "day"))
		}
		entries := chain(records...)
		closings := rapid.SliceOfN(rapid.Int64Range(0, int64(count)), 4, 4).Draw(t, "closings")
		slices.Sort(closings)
		closings[3] = int64(count)
		from, late := int64(0), int64(0)
		covered, due := int64(0), money.Decimal{}
		for i, month := range months {
			content := build(t, entries, month, from, new(late), closings[i])
			covered += content.Ledger.Records
			for _, total := range content.Totals {
				due, _ = due.Add(total.Due)
			}
			from, late = content.Ledger.Next, content.Ledger.Sequence
		}
		if want, _ := money.MustParse("0.03").MulInt(int64(count)); covered != int64(count) || due.Cmp(want) != 0 {
			t.Fatalf("the statements cover %d of %d records, and ask for %s of %s", covered, count, due, want)
		}
	})
}

// A doubt that begins a month, before anything in it is settled, counts in that month.
func TestP5EachDoubtIsInOneStatement(t *testing.T) {
	t.Parallel()
	doubt := ledger.Record{
		Kind: ledger.Doubt, MessageID: "m2", Note: ledger.NoteDoubtBegan,
		SettledAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	}
	entries := chain(settled("m1", "2026-11-02"), doubt, settled("m2", "2026-12-01"))
	november := build(t, entries, "2026-11", 0, new(int64(0)), 3)
	december := build(t, entries, "2026-12", november.Ledger.Next, &november.Ledger.Sequence, 3)
	if november.Doubted != 0 || december.Doubted != 1 || december.Ledger.Records != 1 {
		t.Errorf("the statements count %d and %d doubts; want 0 and 1", november.Doubted, december.Doubted)
	}
}

// signed is a statement over so many records, signed.
func signed(t *testing.T, entries []ledger.Entry, key ed25519.PrivateKey) []byte {
	t.Helper()
	spec := map[string]any{}
	content, err := json.Marshal(build(t, entries, "2026-11", 0, new(int64(0)), int64(len(entries))))
	if err == nil {
		err = json.Unmarshal(content, &spec)
	}
	if err != nil {
		t.Fatal(err)
	}
	signature, err := statement.Sign(content, key)
	if err != nil {
		t.Fatal(err)
	}
	spec["signature"] = signature
	whole, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// published is a public key as the platform publishes it.
func published(t *testing.T, key ed25519.PublicKey) map[string]string {
	t.Helper()
	encoded, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{statement.KeyID(key) + ".pem": string(
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded}),
	)}
}

func TestP5AReceiptOfEachRecordOfEachSize(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := published(t, public)
	var records []ledger.Record
	for size := 1; size <= 17; size++ {
		records = append(records, settled("m"+strings.Repeat("x", size), "2026-11-02"))
		entries := chain(slices.Clone(records)...)
		spec := signed(t, entries, private)
		for i := range records {
			receipts, err := statement.Receipts(spec, records[i].MessageID, all(entries))
			if err != nil || len(receipts) != 1 {
				t.Fatalf("record %d of %d: %d receipts, %v", i+1, size, len(receipts), err)
			}
			if err := receipts[0].Verify(keys); err != nil {
				t.Fatalf("record %d of %d: %v", i+1, size, err)
			}
			for other := range records {
				forged := receipts[0]
				if forged.Index = int64(other); other != i && forged.Verify(keys) == nil {
					t.Fatalf("record %d of %d passes as record %d", i+1, size, other+1)
				}
			}
		}
	}
}

func TestP5AStatementIsVerifiedByItsSignature(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := signed(t, chain(settled("m1", "2026-11-02")), private)
	if err := statement.Verify(spec, public); err != nil {
		t.Fatal(err)
	}
	var reordered map[string]any
	if err := json.Unmarshal(spec, &reordered); err != nil {
		t.Fatal(err)
	}
	pretty, err := json.MarshalIndent(reordered, " ", "\t")
	if err != nil || statement.Verify(pretty, public) != nil {
		t.Errorf("white space and order are not signed: %v", err)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil || statement.Verify(spec, other) == nil {
		t.Errorf("it passes with another key: %v", err)
	}
	if changed := strings.Replace(string(spec), `"due":"0.03"`, `"due":"0.02"`, 1); changed == string(spec) ||
		statement.Verify([]byte(changed), public) == nil {
		t.Error("it passes with another amount due")
	}
}

func TestP5ASignatureHasOneSpelling(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := string(signed(t, chain(settled("m1", "2026-11-02")), private))
	for _, name := range []string{"signature", "algorithm", "keyID", "value"} {
		other := strings.Replace(spec, `"`+name+`":`, `"`+strings.ToUpper(name[:1])+name[1:]+`":`, 1)
		if other == spec || statement.Verify([]byte(other), public) == nil {
			t.Errorf("it passes with %q in another spelling", name)
		}
	}
}
