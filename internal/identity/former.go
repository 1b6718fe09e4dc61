package identity

import (
	"slices"
	"strings"
)

// FormerSpellings are the spellings under which versions before the rules of Spelling kept what
// they knew of a number, apart from its spelling of today. What is kept under one of own is that
// person's. What is kept under one of shared may be another person's too.
func (a Address) FormerSpellings() (own, shared []Address) {
	if a.Kind() != Phone {
		return nil, nil
	}
	number := string(a)
	if rest, ok := strings.CutPrefix(number, "55"); ok && len(rest) == len("11912345678") && rest[2] == '9' {
		return nil, []Address{Address("55" + rest[:2] + rest[3:])} // every ninth digit was dropped
	}
	candidates := []string{withTrunkZero(number)}
	for _, rule := range rules {
		if rest, ok := strings.CutPrefix(number, rule.countryCode); ok && rule.former != nil {
			candidates = candidates[:0]
			for _, former := range rule.former(rest) {
				candidates = append(candidates, rule.countryCode+former)
			}
		}
	}
	for _, candidate := range candidates {
		if former := Address(candidate); former != a && former.Kind() == Phone && Of(candidate).Spelling() == a {
			own = append(own, former)
		}
	}
	return own, nil
}

// formerArgentina are the ways in which a mobile number is written other than from abroad.
func formerArgentina(national string) []string {
	plain, mobile := strings.CutPrefix(national, "9")
	if !mobile || len(plain) != len("1155560004") {
		return nil
	}
	former := []string{plain}
	for _, area := range [...]int{2, 3, 4} {
		withFifteen := plain[:area] + "15" + plain[area:]
		former = append(former, withFifteen, "9"+withFifteen)
	}
	return former
}

// withoutTwoDigits is a number as it was before two digits were put before each.
func withoutTwoDigits(national string) []string {
	if len(national) != len("0707123456") {
		return nil
	}
	return []string{national[2:]}
}

// withTrunkZero is a number with the trunk zero behind its country code; the number itself where no
// such zero is dialled.
func withTrunkZero(number string) string {
	for length := 2; length <= 3 && length < len(number); length++ {
		if slices.Contains(trunkZero, number[:length]) {
			return number[:length] + "0" + number[length:]
		}
	}
	return number
}
