package statement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// Signature is a platform's signature under a closed statement.
type Signature struct {
	Algorithm string `json:"algorithm"`
	// KeyID is the KeyID of the public key.
	KeyID string `json:"keyID"`
	// Value is the signature in standard base64.
	Value string `json:"value"`
}

// Algorithm is that of every signature: https://www.rfc-editor.org/rfc/rfc8032
const Algorithm = "Ed25519"

// signedPrefix keeps the signature from being one under anything else.
const signedPrefix = "guichet statement 1\n"

// KeyID is the name of a public key: the first 16 hex digits of its SHA-256.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Sign signs a statement: the spec of a UsageStatement, in JSON.
func Sign(spec []byte, key ed25519.PrivateKey) (Signature, error) {
	signed, err := signedBytes(spec)
	if err != nil {
		return Signature{}, err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return Signature{}, errors.New("the key is none of Ed25519")
	}
	return Signature{
		Algorithm: Algorithm, KeyID: KeyID(public),
		Value: base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed)),
	}, nil
}

// Verify checks the signature under a statement: the spec of a UsageStatement, in JSON.
func Verify(spec []byte, key ed25519.PublicKey) error {
	var has struct {
		Signature *Signature `json:"signature"`
	}
	if err := json.Unmarshal(spec, &has); err != nil {
		return fmt.Errorf("it is no statement in JSON: %w", err)
	}
	switch {
	case has.Signature == nil:
		return errors.New("it is not signed: only a closed statement is")
	case has.Signature.Algorithm != Algorithm:
		return fmt.Errorf("its signature is of the algorithm %.40q, not of %s", has.Signature.Algorithm, Algorithm)
	case has.Signature.KeyID != KeyID(key):
		return fmt.Errorf("it is signed with the key %.40q, not with %s", has.Signature.KeyID, KeyID(key))
	}
	value, err := base64.StdEncoding.Strict().DecodeString(has.Signature.Value)
	if err != nil {
		return fmt.Errorf("its signature is no base64: %w", err)
	}
	members, err := membersOf(spec)
	if err != nil {
		return fmt.Errorf("it is no statement in JSON: %w", err)
	}
	// A JSON decoder takes "Value" for "value" too, and a signature has one spelling.
	exact := map[string]any{
		"algorithm": has.Signature.Algorithm, "keyID": has.Signature.KeyID, "value": has.Signature.Value,
	}
	if !reflect.DeepEqual(members["signature"], any(exact)) {
		return errors.New("its signature has other members than algorithm, keyID and value")
	}
	signed, err := signedBytes(spec)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, signed, value) {
		return errors.New("its signature is not that of what it says: it was changed, or never signed")
	}
	return nil
}

// signedBytes are what is signed of a statement: all of it but the signature, in the JSON
// Canonicalization Scheme of RFC 8785. Its numbers are whole.
func signedBytes(spec []byte) ([]byte, error) {
	members, err := membersOf(spec)
	if err != nil {
		return nil, fmt.Errorf("it is no statement in JSON: %w", err)
	}
	delete(members, "signature")
	return appendCanonical([]byte(signedPrefix), members), nil
}

// membersOf reads a JSON object, with its numbers as they are written.
func membersOf(object []byte) (members map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	return members, decoder.Decode(&members)
}

func appendCanonical(b []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(ledger.AppendString(b, name), ':')
			b = appendCanonical(b, v[name])
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, item)
		}
		return append(b, ']')
	case string:
		return ledger.AppendString(b, v)
	case json.Number:
		return append(b, v...)
	case bool:
		if v {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	}
	return append(b, "null"...)
}

// KeyFileSuffix is behind the KeyID in the name of a public key's file.
const KeyFileSuffix = ".pem"

// ParseKey reads a public key in PEM.
func ParseKey(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is no key in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("it is no public key: %w", err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("it is a key of another algorithm than %s", Algorithm)
	}
	return key, nil
}

// VerifyWith checks the signature under a statement with that of the keys, in PEM by file name,
// which it names.
func VerifyWith(spec []byte, keys map[string]string) error {
	var has struct {
		Signature Signature `json:"signature"`
	}
	if err := json.Unmarshal(spec, &has); err != nil {
		return fmt.Errorf("it is no statement in JSON: %w", err)
	}
	text, known := keys[has.Signature.KeyID+KeyFileSuffix]
	if !known {
		return fmt.Errorf("it is signed with the key %.40q, which is none of the platform's", has.Signature.KeyID)
	}
	key, err := ParseKey([]byte(text))
	if err != nil {
		return err
	}
	return Verify(spec, key)
}
