package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Material is the key material of one account, in the form of the files that a gateway mounts.
type Material struct {
	// Keyset is a cleartext Tink keyset in JSON with one AES256-GCM key.
	Keyset []byte
	// CustomerKey is 32 random bytes in standard base64. It must never change: customers would become strangers.
	CustomerKey []byte
	// ReportToken is 32 random bytes in URL-safe base64 without padding: the bearer token of the report.
	ReportToken []byte
}

// NewKeys makes the key material of a new account from the system's random source.
func NewKeys() (Material, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return Material{}, fmt.Errorf("a new keyset could not be made: %w", err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return Material{}, fmt.Errorf("a new keyset could not be written: %w", err)
	}
	return Material{
		Keyset:      text.Bytes(),
		CustomerKey: []byte(base64.StdEncoding.EncodeToString(randomBytes())),
		ReportToken: []byte(base64.RawURLEncoding.EncodeToString(randomBytes())),
	}, nil
}

// RotateKeyset adds a new primary key to a keyset and keeps the old ones, so that what they sealed can still be opened.
func RotateKeyset(keysetJSON []byte) ([]byte, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(keysetJSON)))
	if err != nil {
		return nil, fmt.Errorf("the keyset to rotate cannot be read: it must be a Tink keyset in JSON, in clear text")
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("a key could not be added to the keyset: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("the new key could not be made the primary one: %w", err)
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, fmt.Errorf("the rotated keyset is not valid: %w", err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		return nil, fmt.Errorf("the rotated keyset could not be written: %w", err)
	}
	return text.Bytes(), nil
}

func randomBytes() []byte {
	b := make([]byte, CustomerKeySize)
	rand.Read(b) // never fails: it ends the process instead, see crypto/rand.
	return b
}
