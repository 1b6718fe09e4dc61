package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/market"
)

// ownIDPrefix begins every message id that a gateway gives out. It has the form of the upstream's ids, which clients treat as opaque, and no id of the
// upstream begins so: the three bytes behind "wamid." spell "Gui".
const ownIDPrefix = "wamid.R3Vp"

// newMessageID is an id that nobody can guess: the tag, the millisecond of now, which keeps neighbours together in an index, and 18 random bytes.
func newMessageID(now time.Time) (string, error) {
	var raw [27]byte
	copy(raw[:], "Gui")
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(now.UnixMilli()))
	copy(raw[3:9], at[2:])
	if _, err := rand.Read(raw[9:]); err != nil {
		return "", fmt.Errorf("make a message id: %w", err)
	}
	return "wamid." + base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// newTraceID is the fbtrace_id of an error that is made here.
func newTraceID() string {
	var raw [17]byte
	_, _ = rand.Read(raw[:]) // it never fails, and an id of zeros would do
	return "A" + base64.RawURLEncoding.EncodeToString(raw[:])
}

// isOwnID tells whether an id was given out by a gateway rather than by the upstream.
func isOwnID(id string) bool { return strings.HasPrefix(id, ownIDPrefix) }

// canonicalAddress is the one spelling under which a customer is looked up, whatever the spelling at hand. The upstream writes some mobile numbers of
// Brazil and Mexico with a digit more or less than the business does: the ninth digit behind a Brazilian area code, the 1 behind Mexico's 52.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (phone number formats).
//
// An address that is no such number (a business-scoped user id, a group id) is returned as it is.
func canonicalAddress(address string) string {
	const brazilLong, mexicoLong = len("5511987654321"), len("5215512345678")
	switch {
	case len(address) == brazilLong && strings.HasPrefix(address, "55") && address[4] == '9':
		return address[:4] + address[5:]
	case len(address) == mexicoLong && strings.HasPrefix(address, "521"):
		return "52" + address[3:]
	default:
		return address
	}
}

// parseAddress reads an address as clients write it, and returns its canonical spelling: a phone number or business-scoped user id that a send takes too. What is
// remembered under another address would be acknowledged and never found.
func parseAddress(text string) (address string, ok bool) {
	digits, isNumber := graph.PhoneDigits(text)
	if !isNumber && !graph.IsBSUID(text) {
		return "", false
	}
	if isNumber {
		text = canonicalAddress(digits)
	}
	_, err := market.CountryOf(text)
	return text, err == nil
}
