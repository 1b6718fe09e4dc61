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
