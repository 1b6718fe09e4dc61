package ledger

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

// OwnerChange says that a ledger goes on under another account.
type OwnerChange struct {
	// Owner is the UID of the BusinessAccount that the ledger belongs to from this record on, and
	// OwnerName its namespace and name, such as "acme/acme".
	Owner     string
	OwnerName string
	// FormerOwner is the UID of the account that it belonged to.
	FormerOwner string
	// From is the head that the new owner found: the record before this one.
	From Head
}

// Adopt returns the record by which an account takes over the ledger that ends in from.
func Adopt(from Head, owner, ownerName, formerOwner string, at time.Time) *Record {
	return &Record{
		Kind: Adoption, SettledAt: at,
		Change: &OwnerChange{Owner: owner, OwnerName: ownerName, FormerOwner: formerOwner, From: from},
	}
}

// adoptionProblem returns the rule that an adoption breaks by itself, or an empty text.
func (r *Record) adoptionProblem() string {
	bare := Record{Sequence: r.Sequence, Kind: r.Kind, SettledAt: r.SettledAt, Change: r.Change}
	switch {
	case r.Change == nil || r.Change.Owner == "" || r.Change.FormerOwner == "":
		return "an adoption must name owner and formerOwner"
	case r.SettledAt.IsZero():
		return "settledAt is missing"
	case *r != bare:
		return "an adoption says who owns the ledger, and nothing else"
	default:
		return ""
	}
}

// owners are the accounts that a ledger belonged to so far, the latest last.
type owners []string

// add takes the next change of owner, which is good by itself, and returns the rule that it breaks
// together with the earlier ones. Who has given a ledger up does not get it back: a UID is never
// given twice, so that would be a process that was left over.
func (o *owners) add(change *OwnerChange) (problem string) {
	if len(*o) == 0 {
		*o = append(*o, change.FormerOwner)
	}
	if (*o)[len(*o)-1] != change.FormerOwner {
		return "its formerOwner is not the one that the ledger belonged to"
	}
	if slices.Contains(*o, change.Owner) {
		return "its owner had the ledger before, and gave it up"
	}
	*o = append(*o, change.Owner)
	return ""
}

// ownerChange reads the members of an adoption; nil if there are none.
func (d *document) ownerChange() (*OwnerChange, error) {
	if d.Owner == "" && d.OwnerName == "" && d.FormerOwner == "" && d.Head == "" && d.HeadSequence == 0 {
		return nil, nil
	}
	hash, err := ParseHash(d.Head)
	if err != nil {
		return nil, errors.New("its head " + err.Error())
	}
	return &OwnerChange{
		Owner: d.Owner, OwnerName: d.OwnerName, FormerOwner: d.FormerOwner,
		From: Head{Sequence: d.HeadSequence, Hash: hash},
	}, nil
}

// ParseHash reads a hash as it is published.
func ParseHash(text string) (hash Hash, err error) {
	digits, ok := strings.CutPrefix(text, "sha256:")
	n, err := hex.Decode(hash[:], []byte(digits[:min(len(digits), 64)]))
	if !ok || err != nil || n != len(hash) || len(digits) != 64 {
		return Hash{}, errors.New(`must be "sha256:" and 64 hex digits`)
	}
	return hash, nil
}
