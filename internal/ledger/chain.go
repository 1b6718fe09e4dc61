package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
)

// Hash is the SHA-256 of a record and everything before it.
type Hash [sha256.Size]byte

// String returns the hash as it is published: "sha256:" and lower-case hex.
func (h Hash) String() string { return "sha256:" + hex.EncodeToString(h[:]) }

// Entry is a record as it is stored and exported: the canonical bytes, and the hash that chains
// them.
type Entry struct {
	Sequence  int64
	Canonical []byte
	Hash      Hash
}

// Genesis returns the hash before a ledger's first record: the SHA-256 of "guichet ledger 1", a
// line feed, and the ledger's id. That of a ledger from before ledgers had ids of their own is the
// UID of the account that it began with.
func Genesis(id string) Hash {
	return sha256.Sum256([]byte("guichet ledger 1\n" + id))
}

// Next returns the hash of a record: the SHA-256 of the hash before it followed by the record's
// canonical bytes.
func Next(previous Hash, canonical []byte) Hash {
	digest := sha256.New()
	digest.Write(previous[:])
	digest.Write(canonical)
	var hash Hash
	digest.Sum(hash[:0])
	return hash
}

// Head is the end of a chain. A chain without records has Sequence 0 and the genesis as its Hash.
type Head struct {
	Sequence int64
	Hash     Hash
}

// Append returns the entry of the record after head, and the new head. It gives the record its
// sequence.
func (h Head) Append(r *Record) (Entry, Head) {
	r.Sequence = h.Sequence + 1
	canonical := r.AppendCanonical(nil)
	head := Head{Sequence: r.Sequence, Hash: Next(h.Hash, canonical)}
	return Entry{Sequence: r.Sequence, Canonical: canonical, Hash: head.Hash}, head
}

// VerifyError names the first bad record of a chain.
type VerifyError struct {
	// Sequence is the place in the chain, from 1.
	Sequence int64
	Problem  string
}

func (e *VerifyError) Error() string {
	return fmt.Sprintf("record %d: %s", e.Sequence, e.Problem)
}

// Verify walks a whole chain in order, checks every record against the gateway's rules,
// and recomputes every hash and total. It returns the head and the totals of what it walked, and a
// *VerifyError for the first record that is missing, out of place, changed, not canonical, or
// breaks a rule of docs/ledger.md. An error of entries is returned as it is. It takes about twenty
// bytes of memory for each settled message.
func Verify(id string, entries iter.Seq2[Entry, error]) (Head, Totals, error) {
	head := Head{Hash: Genesis(id)}
	totals := Totals{}
	var known messages
	for entry, err := range entries {
		if err != nil {
			return head, totals, err
		}
		record, problem := head.check(entry)
		if problem == "" {
			problem = record.problem()
		}
		if problem == "" && record.Change != nil && record.Change.From != head {
			problem = "it does not go on from the record before it: head and headSequence must name that one"
		}
		if problem == "" {
			problem = known.add(record)
		}
		if problem == "" {
			if err := totals.Add(record); err != nil {
				problem = err.Error()
			}
		}
		if problem != "" {
			return head, totals, &VerifyError{Sequence: head.Sequence + 1, Problem: problem}
		}
		head = Head{Sequence: entry.Sequence, Hash: entry.Hash}
	}
	return head, totals, nil
}

// check decodes the entry that should follow h, or says what is wrong with it.
func (h Head) check(entry Entry) (record *Record, problem string) {
	if entry.Sequence != h.Sequence+1 {
		return nil, fmt.Sprintf("is missing: the next one stored has sequence %d", entry.Sequence)
	}
	if Next(h.Hash, entry.Canonical) != entry.Hash {
		return nil, "its hash is not that of the record before it and its own bytes: one of them was changed"
	}
	record, err := ParseCanonical(entry.Canonical)
	if err != nil {
		return nil, err.Error()
	}
	if record.Sequence != entry.Sequence {
		return nil, fmt.Sprintf("says that its sequence is %d", record.Sequence)
	}
	return record, ""
}
