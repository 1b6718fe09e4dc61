// Package seal keeps what a gateway stores unreadable to whoever finds the disk: contents and recipients are encrypted
// with an authenticated cipher, and customers are known by a keyed hash only.
//
// The cipher is AES-256-GCM through Tink, so a keyset may hold several keys: the primary one encrypts, every one decrypts,
// and rotation is a new primary. See https://developers.google.com/tink/aead.
package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// CustomerKeySize is the length of the customer key, in bytes.
const CustomerKeySize = 32

// ErrOpen says that a sealed value is not what was stored there: another key, another place, or changed bytes.
// Its text says nothing of the value.
var ErrOpen = errors.New("a sealed value could not be opened: it was sealed with a key that the keyset no longer has, for another place, or it was changed")

// Keys are the keys of one account. They are safe for concurrent use.
type Keys struct {
	aead        tink.AEAD
	customerKey [CustomerKeySize]byte
}

// Parse reads a cleartext Tink keyset in JSON and the customer key in standard base64, as the files of the keys Secret hold them.
// White space around the customer key is ignored. Errors never hold a part of a key.
func Parse(keysetJSON, customerKey []byte) (*Keys, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(keysetJSON)))
	if err != nil {
		return nil, errors.New("the keyset cannot be read: it must be a Tink keyset in JSON, in clear text")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("the keyset cannot be used: each of its keys must be for authenticated encryption (AEAD), for example AES256-GCM")
	}
	keys := &Keys{aead: primitive}
	decoded, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(customerKey)))
	if err != nil {
		return nil, errors.New("the customer key cannot be read: it must be 32 bytes in standard base64")
	}
	if len(decoded) != CustomerKeySize {
		return nil, fmt.Errorf("the customer key has %d bytes: it must be %d bytes in standard base64", len(decoded), CustomerKeySize)
	}
	copy(keys.customerKey[:], decoded)
	return keys, nil
}

// Seal encrypts plaintext for one place: place names the column and the row, and Open must be given the same one.
// An empty plaintext is sealed too.
func (k *Keys) Seal(plaintext []byte, place string) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plaintext, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("a value could not be sealed: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place, or returns ErrOpen.
func (k *Keys) Open(sealed []byte, place string) ([]byte, error) {
	plaintext, err := k.aead.Decrypt(sealed, []byte(place))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}
