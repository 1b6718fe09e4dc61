package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// CustomerHash identifies a customer at rest: a keyed hash of a channel and an address.
type CustomerHash [sha256.Size]byte

// String returns the hash in lower-case hex.
func (h CustomerHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler: it writes what String returns.
func (h CustomerHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it reads what MarshalText writes. Its error
// does not hold the text.
func (h *CustomerHash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return errCustomerHash
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return errCustomerHash
	}
	return nil
}

var errCustomerHash = errors.New("a customer's hash must be 64 hexadecimal digits")

// CustomerHash returns the HMAC-SHA256 (RFC 2104) of the channel's id and the customer's address,
// each preceded by its length as 4 bytes, most significant first, so that no two pairs have the
// same input. The channel is part of it: a person is a different customer to each number, as
// service windows are separate
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages).
// The caller must normalise the address: only digits for a phone number.
func (k *Keys) CustomerHash(channel, address string) CustomerHash {
	mac := hmac.New(sha256.New, k.customerKey[:])
	for _, part := range [...]string{channel, address} {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	var hash CustomerHash
	mac.Sum(hash[:0])
	return hash
}
