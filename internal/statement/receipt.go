package statement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// Receipt proves that a record of a ledger is one of those that a signed statement covers. It holds
// all that is needed but the platform's public key.
type Receipt struct {
	// Record is in its canonical bytes.
	Record string `json:"record"`

	// Index is the record's place among those that the statement covers, from 0, and Path are the
	// hashes beside its way to the root, "sha256:…", from below.
	Index int64    `json:"index"`
	Path  []string `json:"path"`
	// Statement is the spec of the UsageStatement.
	Statement json.RawMessage `json:"statement"`
}

// signed is what a receipt needs of a statement.
type signed struct {
	Period string `json:"period"`
	Ledger Range  `json:"ledger"`
}

// Receipts are those of the records of a message that a statement covers; none if it covers none.
// The statement is the spec of a UsageStatement, in JSON. entries are read twice, and must lead to
// the statement's root.
func Receipts(spec []byte, messageID string, entries iter.Seq2[ledger.Entry, error]) ([]Receipt, error) {
	var says signed
	if err := json.Unmarshal(spec, &says); err != nil {
		return nil, fmt.Errorf("it is no statement in JSON: %w", err)
	}
	var receipts []Receipt
	err := eachCovered(says, entries, func(index int64, entry ledger.Entry, r *ledger.Record) {
		if r.MessageID == messageID {
			receipts = append(receipts, Receipt{Record: string(entry.Canonical), Index: index, Statement: spec})
		}
	})
	if err != nil || len(receipts) == 0 {
		return nil, err
	}
	provers := make([]*prover, len(receipts))
	for i := range receipts {
		provers[i] = newProver(receipts[i].Index, says.Ledger.Records)
	}
	err = eachCovered(says, entries, func(_ int64, entry ledger.Entry, _ *ledger.Record) {
		for _, p := range provers {
			p.add(LeafHash(entry.Canonical))
		}
	})
	for i, p := range provers {
		receipts[i].Path = make([]string, 0, len(p.parts))
		for _, hash := range p.path() {
			receipts[i].Path = append(receipts[i].Path, hash.String())
		}
		if err == nil {
			err = receipts[i].included(says)
		}
	}
	return receipts, err
}

// eachCovered calls fn with each record that a statement covers, and its place among them.
func eachCovered(
	says signed, entries iter.Seq2[ledger.Entry, error], fn func(int64, ledger.Entry, *ledger.Record),
) error {
	index := int64(0)
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if entry.Sequence > says.Ledger.Sequence {
			break
		}
		if entry.Sequence <= says.Ledger.From {
			continue
		}
		r, err := ledger.ParseCanonical(entry.Canonical)
		if err != nil {
			return &ledger.VerifyError{Sequence: entry.Sequence, Problem: err.Error()}
		}
		if Covers(r, says.Period, says.Ledger.LateAfter) {
			fn(index, entry, r)
			index++
		}
	}
	if index != says.Ledger.Records {
		return fmt.Errorf("the ledger has %d of the %d records that the statement covers: it is another ledger, "+
			"or records are missing", index, says.Ledger.Records)
	}
	return nil
}

// Encode is the receipt as it is handed out: a line of JSON in the canonical scheme of RFC 8785, so
// that no byte of it can be another one.
func (r *Receipt) Encode() ([]byte, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a receipt: %w", err)
	}
	members, err := membersOf(encoded)
	if err != nil {
		return nil, fmt.Errorf("encode a receipt: %w", err)
	}
	return append(appendCanonical(nil, members), '\n'), nil
}

// ReceiptPrefix begins every receipt.
const ReceiptPrefix = `{"index":`

// ReadReceipts reads receipts, one a line, as Encode writes them.
func ReadReceipts(text []byte) ([]Receipt, error) {
	var receipts []Receipt
	for line := range bytes.Lines(text) {
		var r Receipt
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("it is no receipt in JSON: %w", err)
		}
		if written, err := r.Encode(); err != nil || !bytes.Equal(written, line) {
			return nil, errors.New("the receipt is not as it was handed out: it was changed")
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

// Verify checks a receipt with the platform's public keys, in PEM by file name: the signature under
// the statement, and that the record leads to the statement's root.
func (r *Receipt) Verify(keys map[string]string) error {
	if err := VerifyWith(r.Statement, keys); err != nil {
		return fmt.Errorf("its statement: %w", err)
	}
	var says signed
	if err := json.Unmarshal(r.Statement, &says); err != nil {
		return fmt.Errorf("its statement: %w", err)
	}
	return r.included(says)
}

func (r *Receipt) included(says signed) error {
	path := make([]ledger.Hash, 0, len(r.Path))
	for _, text := range r.Path {
		hash, err := ledger.ParseHash(text)
		if err != nil {
			return fmt.Errorf("a hash of its path %w", err)
		}
		if hash.String() != text {
			return fmt.Errorf("the hash %q of its path is not in lower case", text)
		}
		path = append(path, hash)
	}
	root, whole := rootBy(LeafHash([]byte(r.Record)), r.Index, says.Ledger.Records, path)
	if !whole || root.String() != says.Ledger.Root {
		return errors.New("the record is none of those that the statement covers: the receipt was changed")
	}
	return nil
}
