package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Material is the key material of one account, in the form of the files that a gateway mounts.
type Material struct {
	// Keyset is a cleartext Tink keyset in JSON with one AES256-GCM key.
	Keyset []byte
	// CustomerKey is 32 random bytes in standard base64. It must never change: customers would
	// become strangers.
	CustomerKey []byte
	// ReportToken is 32 random bytes in URL-safe base64 without padding: the bearer token of the
	// report.
	ReportToken []byte
}

// NewKeys generates the key material of a new account from the system's random source.
func NewKeys() (Material, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return Material{}, fmt.Errorf("a new keyset could not be made: %w", err)
	}
	text, err := writeKeyset(handle)
	if err != nil {
		return Material{}, err
	}
	return Material{
		Keyset:      text,
		CustomerKey: []byte(base64.StdEncoding.EncodeToString(randomBytes())),
		ReportToken: []byte(base64.RawURLEncoding.EncodeToString(randomBytes())),
	}, nil
}

// AddKey is the first step of a rotation: it adds a key that only opens, while the primary key
// still seals. Once every replica has the returned keyset, call PromoteKey. AddKey refuses a keyset
// in which a key already waits to be promoted.
//
// Tink asks for these two steps if several programs share a keyset:
// https://developers.google.com/tink/design/keysets.
func AddKey(keysetJSON []byte) ([]byte, error) {
	handle, err := readKeyset(keysetJSON)
	if err != nil {
		return nil, err
	}
	_, waits, err := newestKey(handle)
	switch {
	case err != nil:
		return nil, err
	case waits:
		return nil, errors.New("a key waits to be promoted already: promote it once every gateway has taken it over")
	}
	manager := keyset.NewManagerFromHandle(handle)
	if _, err := manager.Add(aead.AES256GCMKeyTemplate()); err != nil {
		return nil, fmt.Errorf("a key could not be added to the keyset: %w", err)
	}
	return managedKeyset(manager)
}

// PromoteKey is the second step of a rotation: the key that AddKey added seals from now on, and the
// old ones still open what they sealed. A replica that does not have the added key yet cannot open
// what this keyset seals. PromoteKey refuses a keyset in which no key waits.
func PromoteKey(keysetJSON []byte) ([]byte, error) {
	handle, err := readKeyset(keysetJSON)
	if err != nil {
		return nil, err
	}
	newest, waits, err := newestKey(handle)
	switch {
	case err != nil:
		return nil, err
	case !waits:
		return nil, errors.New("no key waits to be promoted: add one first")
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := manager.SetPrimary(newest); err != nil {
		return nil, fmt.Errorf("the new key could not be made the primary one: %w", err)
	}
	return managedKeyset(manager)
}

// RetireKeys ends a rotation: it removes the keys before the one that seals. What they sealed can
// no longer be opened, so nothing may be left. It refuses a keyset in which a key waits to be
// promoted, or that has no old key.
func RetireKeys(keysetJSON []byte) ([]byte, error) {
	handle, err := readKeyset(keysetJSON)
	if err != nil {
		return nil, err
	}
	newest, waits, err := newestKey(handle)
	switch {
	case err != nil:
		return nil, err
	case waits:
		return nil, errors.New("a key waits to be promoted: promote it first")
	case handle.Len() == 1:
		return nil, errors.New("the keyset has no old key")
	}
	manager := keyset.NewManagerFromHandle(handle)
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("key %d of the keyset cannot be read: %w", i, err)
		}
		if entry.KeyID() == newest {
			continue
		}
		if err := manager.Delete(entry.KeyID()); err != nil {
			return nil, fmt.Errorf("an old key could not be removed: %w", err)
		}
	}
	return managedKeyset(manager)
}

// newestKey returns the id of the key that was added last; it waits for promotion unless it is the
// primary key.
func newestKey(handle *keyset.Handle) (id uint32, waits bool, err error) {
	newest, err := handle.Entry(handle.Len() - 1)
	if err != nil {
		return 0, false, fmt.Errorf("the keyset's last key cannot be read: %w", err)
	}
	return newest.KeyID(), !newest.IsPrimary(), nil
}

// readKeyset reads a cleartext Tink keyset in JSON. Its error quotes nothing of it.
func readKeyset(text []byte) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, errors.New("the keyset cannot be read: it must be a Tink keyset in JSON, in clear text")
	}
	return handle, nil
}

func managedKeyset(manager *keyset.Manager) ([]byte, error) {
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("the rotated keyset is not valid: %w", err)
	}
	return writeKeyset(handle)
}

func writeKeyset(handle *keyset.Handle) ([]byte, error) {
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, fmt.Errorf("a keyset could not be written: %w", err)
	}
	return text.Bytes(), nil
}

func randomBytes() []byte {
	b := make([]byte, CustomerKeySize)
	rand.Read(b) // never fails: it ends the process instead, see crypto/rand.
	return b
}
