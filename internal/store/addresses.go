package store

import (
	"fmt"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

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
func (tx People) Primary(address identity.Address) (identity.Address, error) {
	known, err := tx.learned(address)
	if err != nil {
		return "", err
	}
	if known != nil {
		return known.primary, nil
	}
	return address.Spelling(), nil
}

// learned is what is known of an address by itself or by its spelling; nil for nothing.
func (tx *transaction) learned(address identity.Address) (*learned, error) {
	known, _, err := tx.lookUp(address)
	return known, err
}

// lookUp is learned, and the address of the two by which that is known; its spelling for nothing.
func (tx *transaction) lookUp(address identity.Address) (known *learned, by identity.Address, err error) {
	spelling := address.Spelling()
	for _, by := range [...]identity.Address{address, spelling} {
		known, err := tx.learnedBy(tx.store.person(by))
		if known != nil || err != nil || by == spelling {
			return known, by, err
		}
	}
	return nil, spelling, nil
}

// spellings are the hashes under which an address may be known: its own, and that of its spelling.
func (s *Store) spellings(address identity.Address) []seal.CustomerHash {
	hashes := []seal.CustomerHash{s.person(address)}
	if spelling := address.Spelling(); spelling != address {
		hashes = append(hashes, s.person(spelling))
	}
	return hashes
}

// person is the hash of an address over all channels.
func (s *Store) person(address identity.Address) seal.CustomerHash {
	return s.options.Keys.CustomerHash("", string(address))
}

func (tx *transaction) learnedBy(hash seal.CustomerHash) (*learned, error) {
	if !tx.readOnly {
		if row, ahead := tx.store.recent.addresses[hash]; ahead {
			return tx.openAddress(row)
		}
	}
	var row *addressRow
	_, err := tx.first(selectAddress, []any{hash[:]}, func(v engine.Row) { row = readAddress(v) })
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

func (tx *transaction) openAddress(row *addressRow) (*learned, error) {
	if row == nil {
		return nil, nil
	}
	plain, err := tx.store.options.Keys.Open(row.primary, primaryPlace(row.person))
	if err != nil {
		return nil, fmt.Errorf("%w: whose an address is cannot be read", ErrDamaged)
	}
	known := row.known
	known.primary = identity.Address(plain)
	return &known, nil
}

// primaryPlace is what a primary address is sealed for: it is the same in all rows of the person.
func primaryPlace(person seal.CustomerHash) string {
	return "addresses.primary_address/" + person.String()
}

// learn records what is known of an address from now on. A user id is one by which the network
// names the person now.
func (tx *transaction) learn(address identity.Address, known learned) error {
	hash, person := tx.store.person(address), tx.store.person(known.primary)
	sealed, err := tx.store.options.Keys.Seal([]byte(known.primary), primaryPlace(person))
	if err != nil {
		return err
	}
	if identity.IsUserID(string(address)) {
		known.kind = address.Kind()
	}
	delete(tx.store.recent.addresses, hash)
	delete(tx.store.recent.known, person)
	return tx.exec(
		upsertAddress, hash[:], person[:], sealed, known.hold.Left, known.hold.Since, int64(known.kind),
		count(known.passedOn),
	)
}

// Forget forgets which addresses are those of the person with the primary address, unless
// something of the person is left with any channel of the account. A number that was somebody
// else's before does not become theirs again.
func (tx People) Forget(primary identity.Address) error {
	channels, err := tx.channels()
	if err != nil {
		return err
	}
	for _, channel := range channels {
		found, err := tx.keeps(Person{channel, tx.store.customer(channel, primary)})
		if err != nil || found.anything {
			return err
		}
	}
	for _, channel := range channels {
		kept := tx.store.customer(channel, primary)
		if err := tx.exec(forgetUnited, kept[:]); err != nil {
			return err
		}
	}
	clear(tx.store.recent.addresses)
	clear(tx.store.recent.known)
	person := tx.store.person(primary)
	if err := tx.releasePassedOn(person); err != nil {
		return err
	}
	return tx.exec(deleteAddresses, person[:])
}

// releasePassedOn makes the numbers of a person that were somebody else's before nobody's.
func (tx *transaction) releasePassedOn(person seal.CustomerHash) error {
	var numbers [][]byte
	if err := tx.each(selectPassedOn, []any{person[:]}, func(v engine.Row) bool {
		numbers = append(numbers, v.Bytes(0))
		return true
	}); err != nil {
		return err
	}
	for _, number := range numbers {
		nobody := identity.NewKey()
		hash := tx.store.person(nobody)
		sealed, err := tx.store.options.Keys.Seal([]byte(nobody), primaryPlace(hash))
		if err != nil {
			return err
		}
		if err := tx.exec(updatePassedOn, hash[:], sealed, number); err != nil {
			return err
		}
	}
	return nil
}

// customer is the hash of a person's primary address with a channel.
func (s *Store) customer(channel string, primary identity.Address) seal.CustomerHash {
	return s.options.Keys.CustomerHash(channel, string(primary))
}
