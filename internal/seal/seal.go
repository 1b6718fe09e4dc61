// Package seal protects what a gateway stores from anybody who gets the disk: contents and
// recipients are encrypted with an authenticated cipher, and customers are known only by a keyed
// hash.
//
// The cipher is AES-256-GCM through Tink, so a keyset may hold several keys: the primary key
// encrypts and every key decrypts. A rotation is AddKey, then PromoteKey, and once nothing is left
// under the old keys, RetireKeys. See https://developers.google.com/tink/aead.
package seal

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// CustomerKeySize is the length of the customer key, in bytes.
const CustomerKeySize = 32

// ErrOpen says that a sealed value is not what was stored there: another key, another place, or
// changed bytes. Its text does not quote the value.
var ErrOpen = errors.New(
	"a sealed value could not be opened: it was sealed with a key that the keyset no longer has, for another place, " +
		"or it was changed",
)

// The errors of TakeOver.
var (
	ErrCustomerKeyChanged = errors.New(
		"the customer key has changed: every customer would become a stranger; put the old one back",
	)
	ErrKeyDropped = errors.New(
		"the keyset lacks a key of the one in use: what that key sealed could not be opened; put it back",
	)
)

// Keys are the keys of one account. They are safe for concurrent use.
type Keys struct {
	keyset      atomic.Pointer[openedKeyset]
	customerKey [CustomerKeySize]byte
}

// openedKeyset is a keyset in use, with the ids of its keys, which are not secret.
type openedKeyset struct {
	aead    tink.AEAD
	ids     []uint32
	primary uint32
}

// Parse reads a cleartext Tink keyset in JSON and the customer key in standard base64, as the files
// of the keys Secret have them. White space around the customer key is ignored. Errors never quote
// a part of a key.
func Parse(keysetJSON, customerKey []byte) (*Keys, error) {
	opened, err := openKeyset(keysetJSON)
	if err != nil {
		return nil, err
	}
	keys := &Keys{}
	keys.keyset.Store(opened)
	decoded, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(customerKey)))
	if err != nil {
		return nil, errors.New("the customer key cannot be read: it must be 32 bytes in standard base64")
	}
	if len(decoded) != CustomerKeySize {
		return nil, fmt.Errorf(
			"the customer key has %d bytes: it must be %d bytes in standard base64", len(decoded), CustomerKeySize,
		)
	}
	copy(keys.customerKey[:], decoded)
	return keys, nil
}

func openKeyset(text []byte) (*openedKeyset, error) {
	handle, err := readKeyset(text)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New(
			"the keyset cannot be used: each of its keys must be for authenticated encryption (AEAD), for example " +
				"AES256-GCM",
		)
	}
	opened := &openedKeyset{aead: primitive}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("key %d of the keyset cannot be read: %w", i, err)
		}
		opened.ids = append(opened.ids, entry.KeyID())
		if entry.IsPrimary() {
			opened.primary = entry.KeyID()
		}
	}
	return opened, nil
}

// TakeOver makes k seal and open with newer's keyset from now on, while others use k. It changes
// nothing and returns ErrCustomerKeyChanged if newer has another customer key, or ErrKeyDropped if
// its keyset lacks a key that k has. An old key may be dropped once nothing is sealed with the old
// keys.
func (k *Keys) TakeOver(newer *Keys, oldUnused bool) error {
	if subtle.ConstantTimeCompare(k.customerKey[:], newer.customerKey[:]) != 1 {
		return ErrCustomerKeyChanged
	}
	next := newer.keyset.Load()
	needed := k.keyset.Load().ids
	if oldUnused {
		needed = needed[k.OldKeys():]
	}
	for _, id := range needed {
		if !slices.Contains(next.ids, id) {
			return ErrKeyDropped
		}
	}
	k.keyset.Store(next)
	return nil
}

// Keyset returns the id of the key that seals, and how many keys can open. Neither is secret.
func (k *Keys) Keyset() (primary uint32, size int) {
	keyset := k.keyset.Load()
	return keyset.primary, len(keyset.ids)
}

// OldKeys returns how many keys come before the one that seals: AddKey puts a new key last, and
// PromoteKey makes it seal.
func (k *Keys) OldKeys() int {
	keyset := k.keyset.Load()
	return slices.Index(keyset.ids, keyset.primary)
}

// Old reports whether a value is sealed with a key older than the one that seals now. Tink puts a
// byte that is 1 and the key's id before a sealed value:
// https://developers.google.com/tink/wire-format#tink_output_prefix.
func (k *Keys) Old(sealed []byte) bool {
	keyset := k.keyset.Load()
	id, ok := keyOf(sealed)
	return !ok || !slices.Contains(keyset.ids[slices.Index(keyset.ids, keyset.primary):], id)
}

// Has reports whether the keyset has the key that a value is sealed with, judging by its first
// bytes. If Open fails nevertheless, the value is not what was stored.
func (k *Keys) Has(sealed []byte) bool {
	id, ok := keyOf(sealed)
	return ok && slices.Contains(k.keyset.Load().ids, id)
}

// keyOf returns the id of the key that a value is sealed with, and false if the value does not
// begin like a sealed one.
func keyOf(sealed []byte) (id uint32, ok bool) {
	const prefix = 5
	if len(sealed) < prefix || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:prefix]), true
}

// Seal encrypts plaintext for one place, which names the column and the row. Open must be given the
// same place. An empty plaintext is sealed too.
func (k *Keys) Seal(plaintext []byte, place string) ([]byte, error) {
	sealed, err := k.keyset.Load().aead.Encrypt(plaintext, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("a value could not be sealed: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal encrypted for the same place, or returns ErrOpen.
func (k *Keys) Open(sealed []byte, place string) ([]byte, error) {
	plaintext, err := k.keyset.Load().aead.Decrypt(sealed, []byte(place))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
