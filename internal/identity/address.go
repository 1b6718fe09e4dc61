package identity

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// Address is an address of a customer as the network writes it: a phone number in digits with its
// country code and without a plus sign, a user id, or the id of a group. The empty address is none.
type Address string

// Kind is the type of an address.
type Kind uint8

// The kinds.
const (
	None Kind = iota
	// Phone is a phone number of 7 to 15 digits (E.164).
	Phone
	// UserID is a business-scoped user id, for example "US.13491208655302741918": a country code of
	// ISO 3166-1, a point, and up to 128 letters or digits.
	UserID
	// ParentUserID is a user id that several portfolios of one enterprise share, for example
	// "US.ENT.11815799212886844830".
	ParentUserID
	// Other is any other address, such as the id of a group.
	Other
)

const (
	shortestNumber = 7
	longestNumber  = 15
	longestWritten = 64
	longestUserID  = 128
	parentMark     = "ENT."
)

// Kind returns the type of the address. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
func (a Address) Kind() Kind {
	switch {
	case a == "":
		return None
	case isDigits(string(a)) && len(a) >= shortestNumber && len(a) <= longestNumber:
		return Phone
	}
	country, id, found := strings.Cut(string(a), ".")
	if !found || len(country) != 2 || !isCapital(country[0]) || !isCapital(country[1]) {
		return Other
	}
	kind := UserID
	if parent, isParent := strings.CutPrefix(id, parentMark); isParent {
		id, kind = parent, ParentUserID
	}
	if id == "" || len(id) > longestUserID || !isAlphanumeric(id) {
		return Other
	}
	return kind
}

// IsUserID reports whether a text is a user id, of either kind.
func IsUserID(text string) bool {
	kind := Address(text).Kind()
	return kind == UserID || kind == ParentUserID
}

// Parse reads an address as clients write it: a phone number, see ParsePhone, or a user id. The
// result is false for anything else.
func Parse(text string) (Address, bool) {
	if IsUserID(text) {
		return Address(text), true
	}
	return ParsePhone(text)
}

// ParsePhone reads a phone number with its country code. A leading plus sign, spaces, dashes,
// points and parentheses may stand between the digits. What is dialled within the country only is
// dropped: a zero in brackets behind the country code, as in +44 (0)7911 123456, and the country's
// trunk prefix. The result is false for a number that does not have 7 to 15 digits, or that begins
// with 0: no country code does, so it is a national number, or has a dialling prefix, and would be
// another customer here than the one whom the network finds.
func ParsePhone(text string) (Address, bool) {
	if len(text) > longestWritten {
		return "", false
	}
	digits, plus := make([]byte, 0, longestNumber+1), false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c == '+' && len(digits) == 0 && !plus:
			plus = true
		case c == '(' && isUndialledZero(string(digits), text[i:]):
			i += strings.IndexByte(text[i:], ')')
		case c == ' ', c == '-', c == '(', c == ')', c == '.':
		default:
			return "", false
		}
	}
	number := withoutTrunkPrefix(string(digits))
	if len(number) < shortestNumber || len(number) > longestNumber || number[0] == '0' {
		return "", false
	}
	return Address(number), true
}

// Of reads an address as the network or a record writes it. It keeps what Parse does not read.
func Of(text string) Address {
	if address, ok := Parse(text); ok {
		return address
	}
	return Address(text)
}

// NewKey is an address that is nobody's: what is kept of a person of whom no address is known that
// was never somebody else's is kept under it. Parse does not read it.
func NewKey() Address {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // it never fails
	return Address("@" + base64.RawURLEncoding.EncodeToString(raw[:]))
}

// OfGroup is the address of a group with an id, which may look like anything else.
func OfGroup(id string) Address {
	if id == "" {
		return ""
	}
	return Address("@group/" + id)
}

// OfScoped is the address of a person, or of something that a person has written, that only a scope
// such as the pages of one network can name by an id. The id may look like anything else.
func OfScoped(scope, id string) Address {
	if id == "" {
		return ""
	}
	return Address("@" + scope + "/" + id)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

func isAlphanumeric(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isCapital(c) && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
