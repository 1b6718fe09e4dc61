package identity

import (
	"slices"
	"strings"
)

// Spelling returns the one spelling under which an address is compared and kept, by the published
// numbering rules. Addresses with the same spelling reach the same person. An address without a
// rule is its own spelling.
func (a Address) Spelling() Address {
	number := string(a)
	for i := range rules {
		if rest, ok := strings.CutPrefix(number, rules[i].countryCode); ok && a.Kind() == Phone {
			return Address(rules[i].countryCode + rules[i].spell(rest))
		}
	}
	return a
}

// rule is a country's numbering rule. spell returns the spelling of a national number; the spelling
// of a spelling is itself.
// former, if there is one, returns what may have been written instead, see FormerSpellings.
type rule struct {
	countryCode string
	spell       func(national string) string
	former      func(national string) []string
}

var rules = [...]rule{
	{"55", brazil, nil},
	{"52", mexico, nil},
	{"54", argentina, formerArgentina},
	{"225", ivoryCoast, withoutTwoDigits},
	{"229", benin, withoutTwoDigits},
}

// brazil drops the ninth digit that mobile numbers were given between 2012 and 2016: the network
// knows many by their eight digits. Those began with 6 to 9. What follows a 9 with another digit is
// a mobile number that never had eight, and the eight digits are somebody's landline, which begins
// with 2 to 5. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func brazil(national string) string {
	const length = len("11" + "987654321")
	if len(national) == length && national[2] == '9' && national[3] >= '6' {
		return national[:2] + national[3:]
	}
	return national
}

// mexico drops the 1 that callers from abroad had to dial before a mobile number until 2019.
// Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func mexico(national string) string {
	const length = len("1" + "5512345678")
	if len(national) == length && national[0] == '1' {
		return national[1:]
	}
	return national
}

// argentina writes a number as callers from abroad dial a mobile: 9, area and number, ten digits
// together. Callers within the country dial area, 15 and number, and nobody else has the ten
// digits: areas and numbers of landlines and mobiles are of one plan. Source: Argentina in
// https://www.itu.int/oth/T0202.aspx?parent=T0202
func argentina(national string) string {
	const mobile, withFifteen = "9", len("15")
	const length = len("1155560004")
	plain := strings.TrimPrefix(national, mobile)
	if len(plain) == length+withFifteen {
		area := argentineArea(plain)
		if area == 0 {
			return national
		}
		plain = plain[:area] + plain[area+withFifteen:]
	}
	if len(plain) != length || plain[0] < '1' || plain[0] > '3' {
		return national
	}
	return mobile + plain
}

// argentineArea returns the length of the area code before the 15 of a number; 0 if there is none.
// If an area code of three digits begins one of four, as 230 begins 2302, the longer one is right:
// no number in the shorter area begins like that.
func argentineArea(national string) int {
	for _, length := range [...]int{4, 3, 2} {
		if national[length:length+2] == "15" && isArgentineArea(national[:length]) {
			return length
		}
	}
	return 0
}

func isArgentineArea(code string) bool {
	switch len(code) {
	case 2:
		return code == "11"
	case 3:
		return slices.Contains(argentineAreas3, code)
	default: // areas of four digits fill what those of three leave
		if slices.Contains(argentineAreas3, code[:3]) {
			return slices.Contains(argentineAreas4Within3, code)
		}
		return code[0] == '2' || code[0] == '3'
	}
}

// Area codes of Argentina that have three digits, and those of four that begin with one of these.
// Source: Argentina in https://www.itu.int/oth/T0202.aspx?parent=T0202
var (
	argentineAreas3 = strings.Fields(`
		220 221 223 230 236 237 249 260 261 263 264 266 280 291 294 297 298 299
		336 341 342 343 345 348 351 353 358 362 364 370 376 379 380 381 383 385 387 388`)
	argentineAreas4Within3 = strings.Fields(`
		2202 2302 2646 2647 2648 2940 2942 2945 2946 2948 2972 2982 2983
		3435 3436 3437 3438 3454 3455 3456 3458 3482 3483 3487 3489 3532 3533 3537
		3582 3583 3584 3585 3832 3835 3837 3838 3854 3855 3856 3857 3858 3873 3876 3877 3878
		3885 3886 3887 3888`)
)

// ivoryCoast puts two digits before a number of eight digits, as every number has had since
// 2021-01-31. They are those of its former operator, which its first three digits identify. Source:
// https://www.itu.int/oth/T0202000031/en
func ivoryCoast(national string) string {
	const length = len("07123456")
	if len(national) != length {
		return national
	}
	return ivorianPrefix(national) + national
}

// ivorianPrefix returns the empty text for what was no subscriber's number.
func ivorianPrefix(national string) string {
	first, second, third := national[0], national[1], national[2]
	const moov, mtn, orange = "01", "05", "07"
	const moovFixed, mtnFixed, orangeFixed = "21", "25", "27"
	switch {
	case first == '1', first == '0' && second == '0', first >= '8' && second <= '3':
		return ""
	case first == '2' || first == '3':
		switch {
		case third == '0':
			return mtnFixed
		case third == '8' && first == '2' && second <= '3':
			return moovFixed
		default:
			return orangeFixed
		}
	case second <= '3':
		return moov
	case second <= '6':
		return mtn
	default:
		return orange
	}
}

// benin puts 01 before a number of eight digits, as every number has had since 2024-11-30. Source:
// Benin in https://www.itu.int/oth/T0202.aspx?parent=T0202
func benin(national string) string {
	const length = len("97123456")
	if len(national) == length && national[0] >= '2' {
		return "01" + national
	}
	return national
}
