// Package people is the customers: their addresses, what is remembered of them, and how two
// become one.
package people

import (
	"fmt"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/messages"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with the customers.
type Tx struct {
	*messages.Tx
	ahead ahead
	// conversations are as they are stored: nil for none.
	conversations txn.Ahead[txn.Person, []byte]
	// reached tells who is among those whom the account has reached, and firstReached when the
	// first of them was; nil if that is not known.
	reached      txn.Ahead[seal.CustomerHash, bool]
	firstReached *int64
	hotReach     txn.Hot[struct{}]
	former       *bool // see keepsFormer
}

// New adds customers to a transaction.
func New(tx *messages.Tx) *Tx { return &Tx{Tx: tx, ahead: newAhead()} }

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.Tx.Reset()
	tx.forgetAhead()
}

// Begin starts the next operation of the transaction.
func (tx *Tx) Begin() {
	tx.Tx.Begin()
	tx.conversations.Begin()
	tx.reached.Begin()
}

// Undo takes back the operation's work.
func (tx *Tx) Undo() error {
	tx.conversations.Undo()
	tx.reached.Undo()
	return tx.Tx.Undo()
}

func (tx *Tx) forgetAhead() {
	tx.ahead.forget()
	tx.conversations.Clear()
	tx.reached.Clear()
	tx.firstReached = nil
}

// Forget remembers nothing of the transactions before.
func (tx *Tx) Forget() {
	tx.Tx.Forget()
	tx.forgetAhead()
}

// People are customers: their addresses, and what is remembered of them.
type People struct{ tx *Tx }

// People are the customers.
func (tx *Tx) People() People { return People{tx} }

const (
	selectAddress = `SELECT person, primary_address, moved_at, arrived_at, current_kind, passed_on
		FROM addresses WHERE address = $1`
	upsertAddress = `INSERT INTO addresses
		(address, person, primary_address, moved_at, arrived_at, current_kind, passed_on)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (address) DO UPDATE SET
		person = excluded.person, primary_address = excluded.primary_address, moved_at = excluded.moved_at,
		arrived_at = excluded.arrived_at, current_kind = excluded.current_kind, passed_on = excluded.passed_on`
	updateAddresses = `UPDATE addresses SET person = $1, primary_address = $2 WHERE person = $3`
	retireUserIDs   = `UPDATE addresses SET current_kind = 0 WHERE person = $1`
	selectPassedOn  = `SELECT address FROM addresses WHERE person = $1 AND passed_on = 1`
	updatePassedOn  = `UPDATE addresses SET person = $1, primary_address = $2, moved_at = 0, current_kind = 0
		WHERE address = $3`
	deleteAddresses = `DELETE FROM addresses WHERE person = $1`
)

// learned is what the network has told of an address.
type learned struct {
	// primary is the person's primary address.
	primary identity.Address
	hold    identity.Hold
	// kind is that of a user id by which the network names the person now; 0 for other addresses,
	// and for an id that may have been replaced.
	kind identity.Kind
	// passedOn says that the address was somebody else's before: what is kept under it is not this
	// person's.
	passedOn bool
}

// Primary is the address under which everything about a person is kept, whichever of the person's
// addresses is given: what the network has told of the very address comes first, then what it has
// told of its spelling, then the spelling itself. The error is ErrDamaged where that cannot be
// read.
func (p People) Primary(address identity.Address) (identity.Address, error) {
	known, err := p.tx.learned(address)
	if err != nil {
		return "", err
	}
	if known != nil {
		return known.primary, nil
	}
	return address.Spelling(), nil
}

// learned is what is known of an address by itself or by its spelling; nil for nothing.
func (tx *Tx) learned(address identity.Address) (*learned, error) {
	known, _, err := tx.lookUp(address)
	return known, err
}

// lookUp is learned, and the address of the two by which that is known; its spelling for nothing.
func (tx *Tx) lookUp(address identity.Address) (known *learned, by identity.Address, err error) {
	spelling := address.Spelling()
	for _, by := range [...]identity.Address{address, spelling} {
		known, err := tx.learnedBy(tx.person(by))
		if known != nil || err != nil || by == spelling {
			return known, by, err
		}
	}
	return nil, spelling, nil
}

// spellings are the hashes under which an address may be known: its own, and that of its spelling.
func (tx *Tx) spellings(address identity.Address) []seal.CustomerHash {
	hashes := []seal.CustomerHash{tx.person(address)}
	if spelling := address.Spelling(); spelling != address {
		hashes = append(hashes, tx.person(spelling))
	}
	return hashes
}

// person is the hash of an address over all channels.
func (tx *Tx) person(address identity.Address) seal.CustomerHash {
	return tx.Keys.CustomerHash("", string(address))
}

func (tx *Tx) learnedBy(hash seal.CustomerHash) (*learned, error) {
	if !tx.ReadOnly {
		if row, ahead := tx.ahead.addresses[hash]; ahead {
			return tx.openAddress(row)
		}
	}
	var row *addressRow
	_, err := tx.First(selectAddress, []any{hash[:]}, func(v engine.Row) { row = readAddress(v) })
	if err != nil {
		return nil, err
	}
	return tx.openAddress(row)
}

// addressRow is a row of addresses as it is stored.
type addressRow struct {
	person  seal.CustomerHash
	primary []byte  // sealed
	known   learned // but for the primary address
}

func readAddress(v engine.Row) *addressRow {
	row := &addressRow{primary: v.Bytes(1), known: learned{
		hold: identity.Hold{Left: v.Int(2), Since: v.Int(3)}, kind: identity.Kind(v.Int(4)), passedOn: v.Int(5) == 1,
	}}
	copy(row.person[:], v.Bytes(0))
	return row
}

func (tx *Tx) openAddress(row *addressRow) (*learned, error) {
	if row == nil {
		return nil, nil
	}
	plain, err := tx.Keys.Open(row.primary, PrimaryPlace(row.person))
	if err != nil {
		return nil, fmt.Errorf("%w: whose an address is cannot be read", txn.ErrDamaged)
	}
	known := row.known
	known.primary = identity.Address(plain)
	return &known, nil
}

// PrimaryPlace is what a primary address is sealed for: it is the same in all rows of the person.
func PrimaryPlace(person seal.CustomerHash) string {
	return "addresses.primary_address/" + person.String()
}

// learn records what is known of an address from now on. A user id is one by which the network
// names the person now.
func (tx *Tx) learn(address identity.Address, known learned) error {
	hash, person := tx.person(address), tx.person(known.primary)
	sealed, err := tx.Keys.Seal([]byte(known.primary), PrimaryPlace(person))
	if err != nil {
		return err
	}
	if identity.IsUserID(string(address)) {
		known.kind = address.Kind()
	}
	delete(tx.ahead.addresses, hash)
	delete(tx.ahead.known, person)
	return tx.Exec(
		upsertAddress, hash[:], person[:], sealed, known.hold.Left, known.hold.Since, int64(known.kind),
		txn.Count(known.passedOn),
	)
}

// Forget forgets which addresses are those of the person with the primary address, unless
// something of the person is left with any channel of the account. A number that was somebody
// else's before does not become theirs again.
func (p People) Forget(primary identity.Address) error {
	channels, err := p.tx.Channels()
	if err != nil {
		return err
	}
	for _, channel := range channels {
		found, err := p.tx.keeps(txn.Person{Channel: channel, Customer: p.tx.customer(channel, primary)})
		if err != nil || found.anything {
			return err
		}
	}
	for _, channel := range channels {
		kept := p.tx.customer(channel, primary)
		if err := p.tx.Exec(forgetUnited, kept[:]); err != nil {
			return err
		}
	}
	clear(p.tx.ahead.addresses)
	clear(p.tx.ahead.known)
	person := p.tx.person(primary)
	if err := p.tx.releasePassedOn(person); err != nil {
		return err
	}
	return p.tx.Exec(deleteAddresses, person[:])
}

// releasePassedOn makes the numbers of a person that were somebody else's before nobody's.
func (tx *Tx) releasePassedOn(person seal.CustomerHash) error {
	var numbers [][]byte
	if err := tx.Each(selectPassedOn, []any{person[:]}, func(v engine.Row) bool {
		numbers = append(numbers, v.Bytes(0))
		return true
	}); err != nil {
		return err
	}
	for _, number := range numbers {
		nobody := identity.NewKey()
		hash := tx.person(nobody)
		sealed, err := tx.Keys.Seal([]byte(nobody), PrimaryPlace(hash))
		if err != nil {
			return err
		}
		if err := tx.Exec(updatePassedOn, hash[:], sealed, number); err != nil {
			return err
		}
	}
	return nil
}

// customer is the hash of a person's primary address with a channel.
func (tx *Tx) customer(channel string, primary identity.Address) seal.CustomerHash {
	return tx.Keys.CustomerHash(channel, string(primary))
}
