package identity

import (
	"slices"
	"strings"
)

// trunkZero are the country codes in which callers within the country dial a 0 before the number,
// and no subscriber's number begins with one. Italy, where the 0 belongs to the number, is not
// among them. Source: https://www.itu.int/pub/T-SP-E.164C
var trunkZero = strings.Fields(`
	20 27 31 32 33 40 41 43 44 46 49 51 53 54 55 57 58 60 61 62 63 64 66 81 82 84 86
	90 91 92 93 94 95 98 211 212 213 218 231 232 233 234 243 249 250 251 252 254 255 256
	260 261 262 263 264 265 291 353 355 358 359 370 373 374 377 380 381 382 383 385 386 387 389
	421 423 590 591 593 594 595 596 598 686 850 855 856 880 886 961 962 963 964 966 967 970
	971 972 976 977 994 995 996`)

// trunkPrefix is a trunk prefix that is more than a 0, in a country where every number has one of
// few lengths: what is longer by the prefix has it.
type trunkPrefix struct {
	countryCode, prefix string
	// shortest and longest are the lengths of a national number, in digits.
	shortest, longest int
}

// trunkPrefixes has today's and those of the last years, which address books still hold. Source:
// https://www.itu.int/oth/T0202.aspx?parent=T0202
var trunkPrefixes = [...]trunkPrefix{
	{"1", "1", 10, 10},    // the United States, Canada and the Caribbean
	{"7", "8", 10, 10},    // Russia and Kazakhstan
	{"36", "06", 8, 9},    // Hungary
	{"52", "01", 10, 10},  // Mexico until 2019
	{"52", "044", 10, 10}, // Mexico until 2019, to a mobile
	{"52", "045", 10, 10}, // Mexico until 2019, to a mobile elsewhere
	{"370", "8", 8, 8},    // Lithuania until 2025
	{"375", "80", 9, 9},   // Belarus
	{"375", "8", 9, 9},    // Belarus, abridged
}

// withoutTrunkPrefix drops the trunk prefix behind a country code, if there is one.
func withoutTrunkPrefix(number string) string {
	for _, p := range trunkPrefixes {
		if national, found := strings.CutPrefix(number, p.countryCode+p.prefix); found &&
			len(national) >= p.shortest && len(national) <= p.longest {
			return withoutTrunkZero(p.countryCode + national)
		}
	}
	// Argentina's mobile 9 stands between the country code and the trunk zero of the area.
	if area, found := strings.CutPrefix(number, "5490"); found && !strings.HasPrefix(area, "0") {
		return "549" + area
	}
	return withoutTrunkZero(number)
}

// withoutTrunkZero drops the trunk zero after a country code, if there is one. No country code
// begins another one, so the first match is the number's. Two zeros are not a trunk zero.
func withoutTrunkZero(number string) string {
	for length := 2; length <= 3 && length+1 < len(number); length++ {
		if slices.Contains(trunkZero, number[:length]) {
			if number[length] == '0' && number[length+1] != '0' {
				return number[:length] + number[length+1:]
			}
			return number
		}
	}
	return number
}

// isUndialledZero tells whether a text begins with a zero in brackets that follows a country code:
// brackets say of a zero, in every country, that callers from abroad leave it out. In Italy, and in
// San Marino and the Vatican, which share its plan, they do not.
func isUndialledZero(countryCode, text string) bool {
	inside, _, closed := strings.Cut(text[1:], ")")
	if !closed || strings.TrimSpace(inside) != "0" {
		return false
	}
	switch countryCode {
	case "", "39", "378", "379":
		return false
	}
	return len(countryCode) <= 3
}
