// Package seal keeps what a gateway stores unreadable to whoever finds the disk: contents and
// recipients are encrypted with an authenticated cipher, and customers are known by a keyed hash
// only.
//
// The cipher is AES-256-GCM through Tink, so a keyset may hold several keys: the primary one
// encrypts, every one decrypts, and rotation is a new primary: AddKey, then PromoteKey, and when
// nothing is left under the old ones, RetireKeys. See https://developers.google.com/tink/aead.
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
// changed bytes. Its text says nothing of the value.
var ErrOpen = errors.New(
	"a sealed value could not be opened: it was sealed with a key that the keyset no longer has, for another place, " +
		"or it was changed",
)

// What TakeOver refuses.
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

// openedKeyset is a keyset in use, with the ids of its keys, which are no secret.
type openedKeyset struct {
	aead    tink.AEAD
	ids     []uint32
	primary uint32
}

// Parse reads a cleartext Tink keyset in JSON and the customer key in standard base64, as the files
// of the keys Secret hold them. White space around the customer key is ignored. Errors never hold a
// part of a key.
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
// nothing and returns ErrCustomerKeyChanged if newer has another customer key, ErrKeyDropped if its
// keyset lacks a key that k has; an old one may be dropped where nothing is sealed with the old
// ones any more.
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

// Keyset says which key seals, by its id in the keyset, and how many keys can open. Neither is a
// secret.
func (k *Keys) Keyset() (primary uint32, size int) {
	keyset := k.keyset.Load()
	return keyset.primary, len(keyset.ids)
}

// OldKeys is how many keys stand in the keyset before the one that seals: AddKey puts a new one
// last, and PromoteKey lets that one seal.
func (k *Keys) OldKeys() int {
	keyset := k.keyset.Load()
	return slices.Index(keyset.ids, keyset.primary)
}

// Old tells whether a value is sealed with another key than the one that seals now or a newer one.
// Tink writes the key's id before what it has sealed, behind a byte that is 1:
// https://developers.google.com/tink/wire-format#tink_output_prefix.
func (k *Keys) Old(sealed []byte) bool {
	keyset := k.keyset.Load()
	id, ok := keyOf(sealed)
	return !ok || !slices.Contains(keyset.ids[slices.Index(keyset.ids, keyset.primary):], id)
}

// Has tells whether the keyset has the key that a value is sealed with, as far as its first bytes
// say. If Open fails all the same, the value is not what was stored.
func (k *Keys) Has(sealed []byte) bool {
	id, ok := keyOf(sealed)
	return ok && slices.Contains(k.keyset.Load().ids, id)
}

// keyOf is the id of the key that a value is sealed with; false if the value does not begin as one
// does.
func keyOf(sealed []byte) (id uint32, ok bool) {
	const prefix = 5
	if len(sealed) < prefix || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:prefix]), true
}

// Seal encrypts plaintext for one place: place names the column and the row, and Open must be given
// the same one. An empty plaintext is sealed too.
func (k *Keys) Seal(plaintext []byte, place string) ([]byte, error) {
	sealed, err := k.keyset.Load().aead.Encrypt(plaintext, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("a value could not be sealed: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place, or returns ErrOpen.
func (k *Keys) Open(sealed []byte, place string) ([]byte, error) {
	plaintext, err := k.keyset.Load().aead.Decrypt(sealed, []byte(place))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
