package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

const accountUID = "5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e"

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// utility returns a delivered utility template to France, charged.
func utility(id string) ledger.Record {
	return ledger.Record{
		Kind: ledger.Settlement, MessageID: id, SettledAt: at("2026-11-20T12:00:03.5Z"),
		AcceptedAt: at("2026-11-20T12:00:00Z"), SentAt: at("2026-11-20T12:00:01Z"), DeliveredAt: at(
			"2026-11-20T13:00:02+01:00",
		),
		Period: "2026-11", Plan: "whatsapp", Revision: "2026-10", Channel: "106540352242922", Customer: ledger.Customer{
			0: 0xab, 31: 0x01,
		},
		MessageKind: "template", Market: "France", Category: "utility", Currency: "USD",
		ListPrice: money.MustParse("0.03"), Listed: true, Cost: money.MustParse("0.0285"),
		Charge: money.MustParse("0.0335"), Tier: 1,
	}
}

// service returns a delivered free-form message inside the allowance.
func service(id string) ledger.Record {
	r := utility(id)
	r.MessageKind, r.Category, r.Tier = "text", "service", 0
	r.Cost, r.Charge = money.Decimal{}, money.Decimal{}
	r.FreeReason, r.Allowance, r.AllowanceUsed = "allowance", "service", 17
	return r
}

// undelivered returns a message that failed before anything priced it.
func undelivered(id string) ledger.Record {
	return ledger.Record{
		Kind: ledger.Settlement, MessageID: id, SettledAt: at("2026-11-20T12:00:04Z"),
		FailedAt: at("2026-11-20T12:00:03Z"),
		Period:   "2026-11", Currency: "USD", FreeReason: "undelivered",
	}
}

// chain appends records to an empty ledger.
func chain(records ...ledger.Record) []ledger.Entry {
	head := ledger.Head{Hash: ledger.Genesis(accountUID)}
	var entries []ledger.Entry
	for i := range records {
		var entry ledger.Entry
		entry, head = head.Append(&records[i])
		entries = append(entries, entry)
	}
	return entries
}

func sequence(entries []ledger.Entry) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for _, entry := range entries {
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func TestCanonicalLiterals(t *testing.T) {
	tests := map[string]struct {
		record ledger.Record
		want   string
	}{
		"charged": {utility("wamid.A"), `{"acceptedAt":"2026-11-20T12:00:00.000Z","category":"utility","channel":"106540352242922","charge":"0.0335","cost":"0.0285",` +
			`"currency":"USD","customer":"ab00000000000000000000000000000000000000000000000000000000000001","deliveredAt":"2026-11-20T12:00:02.000Z",` +
			`"kind":"settlement","listPrice":"0.03","market":"France","messageID":"wamid.A","messageKind":"template","period":"2026-11","plan":"whatsapp",` +
			`"revision":"2026-10","sentAt":"2026-11-20T12:00:01.000Z","sequence":1,"settledAt":"2026-11-20T12:00:03.500Z","tier":1}`},
		"undelivered": {undelivered("wamid.B"), `{"charge":"0","cost":"0","currency":"USD","failedAt":"2026-11-20T12:00:03.000Z","freeReason":"undelivered",` +
			`"kind":"settlement","messageID":"wamid.B","period":"2026-11","sequence":1,"settledAt":"2026-11-20T12:00:04.000Z"}`},
		"escapes": {
			ledger.Record{Kind: ledger.Doubt, Note: "a\"b\\c\n\x01é<>&\u2028"},
			`{"charge":"0","cost":"0","kind":"doubt","note":"a\"b\\c\n\u0001é<>&` + "\u2028" + `","sequence":1}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(chain(tc.record)[0].Canonical); got != tc.want {
				t.Errorf("canonical bytes\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// The literals were computed with another language's SHA-256 over the documented bytes.
func TestP5ChainLiterals(t *testing.T) {
	const genesis = "sha256:9e65bee2d73bcc22b9fe98a04f3313ceca6d9f2b51c8ef831e30f1405b32bf41"
	if got := ledger.Genesis(accountUID).String(); got != genesis {
		t.Errorf("Genesis = %s; want %s", got, genesis)
	}
	entries := chain(utility("wamid.A"), undelivered("wamid.B"))
	want := []string{
		"sha256:47dc9a5d52b39018720377a47070c48324ea28fa7ff9d41d7bb9ce1d1b7a756e",
		"sha256:78314ed356613fb3b38538809016e71c34688907e1d76b1e296f4bcc60b73bd4",
	}
	for i, entry := range entries {
		if got := entry.Hash.String(); got != want[i] {
			t.Errorf("hash of record %d = %s; want %s", i+1, got, want[i])
		}
	}
}

func TestP5VerifyRecomputesTheTotals(t *testing.T) {
	correction := utility("wamid.C")
	correction.Kind, correction.Corrects, correction.CorrectedFreeReason = ledger.Correction, 3, "undelivered"
	doubt := ledger.Record{Kind: ledger.Doubt, MessageID: "wamid.A", Note: ledger.NoteDoubtResent}
	entries := chain(utility("wamid.A"), service("wamid.B"), undelivered("wamid.C"), doubt, correction)
	head, totals, err := ledger.Verify(accountUID, sequence(entries))
	if err != nil {
		t.Fatal(err)
	}
	if head.Sequence != 5 || head.Hash != entries[4].Hash {
		t.Errorf("head = %d %s; want 5 and the last hash", head.Sequence, head.Hash)
	}
	want := ledger.Totals{
		{Period: "2026-11", Currency: "USD"}:                      {Messages: 3, Charged: 2, Billed: money.MustParse("0.067"), Cost: money.MustParse("0.057")},
		{Period: "2026-11", Currency: "USD", Category: "utility"}: {Messages: 1, Charged: 2, Billed: money.MustParse("0.067"), Cost: money.MustParse("0.057")},
		{Period: "2026-11", Currency: "USD", Category: "service"}: {Messages: 1},
		{Period: "2026-11", Currency: "USD", Category: "none"}:    {Messages: 1},
	}
	if diff := cmp.Diff(want, totals, cmp.Comparer(func(a, b money.Decimal) bool { return a == b })); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

func TestP5RefundTakesTheChargeBack(t *testing.T) {
	refund := utility("wamid.A")
	refund.Kind, refund.Corrects, refund.FreeReason = ledger.Correction, 1, "exempt"
	refund.Charge, refund.Cost = money.MustParse("-0.0335"), money.MustParse("-0.0285")
	_, totals, err := ledger.Verify(accountUID, sequence(chain(utility("wamid.A"), refund)))
	if err != nil {
		t.Fatal(err)
	}
	got := totals[ledger.TotalKey{Period: "2026-11", Currency: "USD"}]
	if want := (ledger.Total{Messages: 1}); got != want {
		t.Errorf("total = %+v; want one message and nothing owed", got)
	}
}

func TestP5VerifyNamesTheFirstBadRecord(t *testing.T) {
	good := func() []ledger.Entry {
		return chain(utility("wamid.A"), service("wamid.B"), undelivered("wamid.C"), utility("wamid.D"))
	}
	tests := map[string]struct {
		spoil    func([]ledger.Entry) []ledger.Entry
		sequence int64
		problem  string
	}{
		"amount changed": {func(e []ledger.Entry) []ledger.Entry {
			e[1].Canonical = bytes.Replace(e[1].Canonical, []byte(`"charge":"0"`), []byte(`"charge":"9"`), 1)
			return e
		}, 2, "its hash is not"},
		"hash changed":   {func(e []ledger.Entry) []ledger.Entry { e[2].Hash[0] ^= 1; return e }, 3, "its hash is not"},
		"record removed": {func(e []ledger.Entry) []ledger.Entry { return slices.Delete(e, 1, 2) }, 2, "is missing: the next one stored has sequence 3"},
		"first removed":  {func(e []ledger.Entry) []ledger.Entry { return e[1:] }, 1, "is missing"},
		"records swapped": {func(e []ledger.Entry) []ledger.Entry {
			e[1], e[2] = e[2], e[1]
			return e
		}, 2, "is missing"},
		"record repeated": {func(e []ledger.Entry) []ledger.Entry { return slices.Insert(e, 1, e[0]) }, 2, "is missing"},
		"another account": {func([]ledger.Entry) []ledger.Entry {
			r := utility("wamid.A")
			entry, _ := ledger.Head{Hash: ledger.Genesis("another")}.Append(&r)
			return []ledger.Entry{entry}
		}, 1, "its hash is not"},
		"settled twice": {func([]ledger.Entry) []ledger.Entry {
			return chain(utility("wamid.A"), service("wamid.B"), undelivered("wamid.A"))
		}, 3, "its message was settled before"},
		"chained, but not canonical": {func(e []ledger.Entry) []ledger.Entry {
			spaced := append([]byte(" "), e[0].Canonical...)
			return []ledger.Entry{
				{Sequence: 1, Canonical: spaced, Hash: ledger.Next(ledger.Genesis(accountUID), spaced)},
			}
		}, 1, "not in the canonical encoding"},
		"chained, but of another sequence": {func(e []ledger.Entry) []ledger.Entry {
			other := e[1].Canonical
			return []ledger.Entry{{Sequence: 1, Canonical: other, Hash: ledger.Next(ledger.Genesis(accountUID), other)}}
		}, 1, "says that its sequence is 2"},
		"chained, but no record": {func([]ledger.Entry) []ledger.Entry {
			text := []byte(`{"phone":"33612345678"}`)
			return []ledger.Entry{{Sequence: 1, Canonical: text, Hash: ledger.Next(ledger.Genesis(accountUID), text)}}
		}, 1, "it is no record"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := ledger.Verify(accountUID, sequence(tc.spoil(good())))
			var bad *ledger.VerifyError
			if !errors.As(err, &bad) {
				t.Fatalf("Verify = %v; want a *VerifyError", err)
			}
			if bad.Sequence != tc.sequence || !strings.Contains(bad.Problem, tc.problem) {
				t.Errorf("Verify = %v; want record %d: %s", err, tc.sequence, tc.problem)
			}
		})
	}
}

func TestVerifyReturnsTheErrorOfItsSource(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, _, err := ledger.Verify(accountUID, func(yield func(ledger.Entry, error) bool) { yield(ledger.Entry{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("Verify = %v; want the source's own error", err)
	}
}

// records draws records of any content.
var records = rapid.Custom(func(t *rapid.T) ledger.Record {
	text := rapid.StringMatching(`[a-zA-Z0-9 "\\<>&/éß漢\x00-\x1f\x7f]{0,12}`)
	times := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "unknown") {
			return time.Time{}
		}
		return time.UnixMilli(rapid.Int64Range(1_533_081_600_000, 1_900_000_000_000).Draw(t, "ms")).UTC()
	})
	amount := rapid.Custom(func(t *rapid.T) money.Decimal {
		d, err := money.MustParse("0.000001").MulInt(rapid.Int64Range(-1e12, 1e12).Draw(t, "micros"))
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
	r := ledger.Record{
		Kind:      rapid.SampledFrom([]ledger.Kind{ledger.Settlement, ledger.Correction, ledger.Doubt}).Draw(t, "kind"),
		MessageID: text.Draw(t, "messageID"), SettledAt: times.Draw(t, "settledAt"), AcceptedAt: times.Draw(
			t, "acceptedAt",
		),
		SentAt: times.Draw(t, "sentAt"), DeliveredAt: times.Draw(t, "deliveredAt"), FailedAt: times.Draw(t, "failedAt"),
		Period: text.Draw(t, "period"), Plan: text.Draw(t, "plan"), Revision: text.Draw(t, "revision"),
		Channel:     text.Draw(t, "channel"),
		MessageKind: text.Draw(t, "messageKind"), Market: text.Draw(t, "market"), Category: text.Draw(t, "category"),
		Currency: "USD", Cost: amount.Draw(t, "cost"), Charge: amount.Draw(t, "charge"), FreeReason: text.Draw(
			t, "freeReason",
		),
		Tier: rapid.IntRange(0, 9).Draw(t, "tier"), Allowance: text.Draw(t, "allowance"),
		AllowanceUsed: rapid.Int64Range(0, 1<<53).Draw(t, "used"),
		Corrects:      rapid.Int64Range(0, 1<<53).Draw(t, "corrects"), CorrectedFreeReason: text.Draw(t, "corrected"),
		Note: text.Draw(t, "note"), UpstreamVerdict: text.Draw(t, "verdict"),
	}
	copy(r.Customer[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "customer"))
	if r.Listed = rapid.Bool().Draw(t, "listed"); r.Listed {
		r.ListPrice = amount.Draw(t, "listPrice")
	}
	return r
})

func TestCanonicalIsSortedJSONAndReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records.Draw(t, "record")
		canonical := chain(r)[0].Canonical
		r.Sequence = 1

		// The oracle: a decoder and encoder of somebody else, which sorts its keys.
		decoder := json.NewDecoder(bytes.NewReader(canonical))
		decoder.UseNumber()
		var members map[string]any
		if err := decoder.Decode(&members); err != nil {
			t.Fatalf("%s is no JSON: %v", canonical, err)
		}
		var sorted bytes.Buffer
		encoder := json.NewEncoder(&sorted)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(members); err != nil {
			t.Fatal(err)
		}
		if got, want := string(canonical), strings.TrimSuffix(sorted.String(), "\n"); got != want {
			t.Fatalf("canonical bytes\n%s\nwant\n%s", got, want)
		}

		back, err := ledger.ParseCanonical(canonical)
		if err != nil {
			t.Fatal(err)
		}
		if *back != r {
			t.Fatalf("read back\n%+v\nwant\n%+v", *back, r)
		}
	})
}

func TestP5AnyChangedByteIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := chain(ledgers.Draw(t, "ledger")...)
		if _, _, err := ledger.Verify(accountUID, sequence(entries)); err != nil {
			t.Fatalf("a good chain: %v", err)
		}
		which := rapid.IntRange(0, len(entries)-1).Draw(t, "which")
		offset := rapid.IntRange(0, len(entries[which].Canonical)-1).Draw(t, "offset")
		entries[which].Canonical[offset] ^= rapid.ByteRange(1, 255).Draw(t, "mask")
		var bad *ledger.VerifyError
		if _, _, err := ledger.Verify(
			accountUID, sequence(entries),
		); !errors.As(err, &bad) || bad.Sequence != int64(which+1) {
			t.Fatalf("Verify = %v; want record %d to be named", err, which+1)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	head := ledger.Head{Hash: ledger.Genesis(accountUID)}
	r := utility("wamid.HBgNNTUxMTk5OTk5MDAwMBUCABEYEjE")
	b.ReportAllocs()
	for b.Loop() {
		_, head = head.Append(&r)
	}
}
