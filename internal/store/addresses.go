package store

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	selectAddress = `SELECT person, primary_address, moved_at FROM addresses WHERE address = $1`
	upsertAddress = `INSERT INTO addresses (address, person, primary_address, moved_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (address) DO UPDATE SET
		person = excluded.person, primary_address = excluded.primary_address, moved_at = excluded.moved_at`
	updateAddresses = `UPDATE addresses SET person = $1, primary_address = $2 WHERE person = $3`
	deleteAddress   = `DELETE FROM addresses WHERE address = $1`
	deleteAddresses = `DELETE FROM addresses WHERE person = $1`
)

// learned is what the network has told of an address: the person's primary one, and when the person
// left the address, in Unix seconds; 0 if it is in use.
type learned struct {
	primary identity.Address
	movedAt int64
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
	for _, hash := range tx.store.spellings(address) {
		known, err := tx.learnedBy(hash)
		if known != nil || err != nil {
			return known, err
		}
	}
	return nil, nil
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
	primary []byte // sealed
	movedAt int64
}

func readAddress(v engine.Row) *addressRow {
	row := &addressRow{primary: v.Bytes(1), movedAt: v.Int(2)}
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
	return &learned{primary: identity.Address(plain), movedAt: row.movedAt}, nil
}

// primaryPlace is what a primary address is sealed for: it is the same in all rows of the person.
func primaryPlace(person seal.CustomerHash) string {
	return "addresses.primary_address/" + person.String()
}

// learn records whose an address is from now on.
func (tx *transaction) learn(address, primary identity.Address, movedAt time.Time) error {
	hash, person := tx.store.person(address), tx.store.person(primary)
	sealed, err := tx.store.options.Keys.Seal([]byte(primary), primaryPlace(person))
	if err != nil {
		return err
	}
	var at int64
	if !movedAt.IsZero() {
		at = movedAt.Unix()
	}
	delete(tx.store.recent.addresses, hash)
	return tx.exec(upsertAddress, hash[:], person[:], sealed, at)
}

// Left is when a person left an address for another one; the zero time for an address that is in
// use.
func (tx People) Left(address identity.Address) (time.Time, error) {
	known, err := tx.learned(address)
	if err != nil || known == nil || known.movedAt == 0 {
		return time.Time{}, err
	}
	return time.Unix(known.movedAt, 0), nil
}

// PassOn forgets whose an address was: it has passed to a person of whom nothing is known.
func (tx People) PassOn(address identity.Address) error {
	channels, err := tx.channels()
	if err != nil {
		return err
	}
	for _, channel := range channels {
		gone := tx.store.customer(channel, address.Spelling())
		if err := tx.exec(deleteUnited, gone[:]); err != nil {
			return err
		}
	}
	for _, hash := range tx.store.spellings(address) {
		delete(tx.store.recent.addresses, hash)
		if err := tx.exec(deleteAddress, hash[:]); err != nil {
			return err
		}
	}
	return nil
}

// ForgetPerson forgets which addresses are those of the person with the primary address, unless
// something of the person is left with any channel of the account.
func (tx People) Forget(primary identity.Address) error {
	channels, err := tx.channels()
	if err != nil {
		return err
	}
	for _, channel := range channels {
		known, err := tx.knows(Person{channel, tx.store.customer(channel, primary)})
		if err != nil || known {
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
	person := tx.store.person(primary)
	return tx.exec(deleteAddresses, person[:])
}

// customer is the hash of a person's primary address with a channel.
func (s *Store) customer(channel string, primary identity.Address) seal.CustomerHash {
	return s.options.Keys.CustomerHash(channel, string(primary))
}
