package ledger_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
)

var adoptedAt = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// chained appends records to a chain of its own.
func chained(id string, records ...func(ledger.Head) *ledger.Record) []ledger.Entry {
	head := ledger.Head{Hash: ledger.Genesis(id)}
	var entries []ledger.Entry
	for _, record := range records {
		var entry ledger.Entry
		entry, head = head.Append(record(head))
		entries = append(entries, entry)
	}
	return entries
}

func adoption(owner, former string) func(ledger.Head) *ledger.Record {
	return func(from ledger.Head) *ledger.Record {
		return ledger.Adopt(from, owner, "acme/acme", former, adoptedAt)
	}
}

// TestP14AdoptionIsCanonical has the bytes of docs/ledger.md.
func TestP14AdoptionIsCanonical(t *testing.T) {
	t.Parallel()
	entry := chained("one", adoption("uid-2", "uid-1"), adoption("uid-3", "uid-2"))[1]
	const want = `{"charge":"0","cost":"0","formerOwner":"uid-2",` +
		`"head":"sha256:f713e01a6e82c2ba1930234ab7d172a07f2b1660075d3c6c5d14171dfac7d938","headSequence":1,` +
		`"kind":"adoption","owner":"uid-3","ownerName":"acme/acme","sequence":2,` +
		`"settledAt":"2026-11-21T09:00:00.000Z"}`
	if got := string(entry.Canonical); got != want {
		t.Errorf("the record is\n%s, want\n%s", got, want)
	}
	record, err := ledger.ParseCanonical(entry.Canonical)
	if err != nil || record.Change == nil || record.Change.From.Sequence != 1 ||
		record.Change.OwnerName != "acme/acme" {
		t.Errorf("it is read as %+v, %v", record, err)
	}
}

func TestP14VerifyFollowsTheOwners(t *testing.T) {
	t.Parallel()
	other := ledger.Head{Sequence: 0, Hash: ledger.Genesis("another")}
	tests := map[string]struct {
		records []func(ledger.Head) *ledger.Record
		want    string
	}{
		"one after the other": {
			records: []func(ledger.Head) *ledger.Record{adoption("b", "a"), adoption("c", "b")},
		},
		"an owner that never had it": {
			records: []func(ledger.Head) *ledger.Record{adoption("b", "a"), adoption("c", "x")},
			want:    "record 2: its formerOwner is not the one that the ledger belonged to",
		},
		"an owner that comes back": {
			records: []func(ledger.Head) *ledger.Record{adoption("b", "a"), adoption("a", "b")},
			want:    "record 2: its owner had the ledger before, and gave it up",
		},
		"to itself": {
			records: []func(ledger.Head) *ledger.Record{adoption("a", "a")},
			want:    "record 1: its owner had the ledger before, and gave it up",
		},
		"from another head": {
			records: []func(ledger.Head) *ledger.Record{func(ledger.Head) *ledger.Record {
				return ledger.Adopt(other, "b", "acme/acme", "a", adoptedAt)
			}},
			want: "record 1: it does not go on from the record before it: head and headSequence must name that one",
		},
		"nobody": {
			records: []func(ledger.Head) *ledger.Record{adoption("", "a")},
			want:    "record 1: an adoption must name owner and formerOwner",
		},
		"with a message": {
			records: []func(ledger.Head) *ledger.Record{func(from ledger.Head) *ledger.Record {
				r := ledger.Adopt(from, "b", "acme/acme", "a", adoptedAt)
				r.MessageID = "wamid.1"
				return r
			}},
			want: "record 1: an adoption says who owns the ledger, and nothing else",
		},
		"another kind with an owner": {
			records: []func(ledger.Head) *ledger.Record{func(from ledger.Head) *ledger.Record {
				r := ledger.Adopt(from, "b", "acme/acme", "a", adoptedAt)
				r.Kind, r.MessageID, r.Note = ledger.Doubt, "wamid.1", ledger.NoteDoubtBegan
				return r
			}},
			want: "record 1: only an adoption names owners",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries := chained("one", tc.records...)
			head, totals, err := ledger.Verify("one", valuesOf(entries))
			switch problem, is := errors.AsType[*ledger.VerifyError](err); {
			case tc.want == "" && (err != nil || head.Sequence != int64(len(entries)) || len(totals) != 0):
				t.Errorf("it is %v with totals %v, %v", head, totals, err)
			case tc.want != "" && (!is || problem.Error() != tc.want):
				t.Errorf("the error is %v, want %s", err, tc.want)
			}
		})
	}
}

func valuesOf(entries []ledger.Entry) func(func(ledger.Entry, error) bool) {
	return func(yield func(ledger.Entry, error) bool) {
		for entry := range slices.Values(entries) {
			if !yield(entry, nil) {
				return
			}
		}
	}
}
