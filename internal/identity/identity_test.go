package identity

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

func TestP13SpellingsOfOnePersonAreOne(t *testing.T) {
	tests := map[string]struct{ address, want Address }{
		"Brazil, a mobile with its ninth digit":     {"5511987654321", "551187654321"},
		"Brazil, the same without":                  {"551187654321", "551187654321"},
		"Brazil, 9 and 6":                           {"5521961234567", "552161234567"},
		"Brazil, a landline":                        {"551152346010", "551152346010"},
		"Brazil, a mobile like that landline":       {"5511952346010", "5511952346010"},
		"Brazil, 9 and 2":                           {"5511921234567", "5511921234567"},
		"Brazil, a landline that begins with 2":     {"551121234567", "551121234567"},
		"Mexico with the 1":                         {"5215512345678", "525512345678"},
		"Mexico without":                            {"525512345678", "525512345678"},
		"Mexico, a digit short":                     {"521551234567", "521551234567"},
		"Argentina from abroad":                     {"5491155560004", "5491155560004"},
		"Argentina without the 9":                   {"541155560004", "5491155560004"},
		"Argentina with the 15":                     {"54111555560004", "5491155560004"},
		"Argentina with 9 and 15":                   {"549111555560004", "5491155560004"},
		"Argentina, an area of three digits":        {"54351155123456", "5493515123456"},
		"Argentina, the same from abroad":           {"5493515123456", "5493515123456"},
		"Argentina, an area of four digits":         {"54290115512345", "5492901512345"},
		"Argentina, 2302 before 230":                {"54230215412345", "5492302412345"},
		"Argentina, 230":                            {"54230154412345", "5492304412345"},
		"Argentina, 3435 before 343":                {"54343515412345", "5493435412345"},
		"Argentina, 343":                            {"54343154412345", "5493434412345"},
		"Argentina, a number that begins with 15":   {"541115556000", "5491115556000"},
		"Argentina, no area before the 15":          {"54101555560004", "54101555560004"},
		"Argentina, freephone":                      {"548005551234", "548005551234"},
		"Argentina, a digit short":                  {"54115556000", "54115556000"},
		"Ivory Coast, Orange":                       {"22507123456", "2250707123456"},
		"Ivory Coast, Orange, another":              {"22549123456", "2250749123456"},
		"Ivory Coast, MTN":                          {"22505123456", "2250505123456"},
		"Ivory Coast, MTN, another":                 {"22576123456", "2250576123456"},
		"Ivory Coast, Moov":                         {"22501123456", "2250101123456"},
		"Ivory Coast, Moov, another":                {"22540123456", "2250140123456"},
		"Ivory Coast, a landline of Orange":         {"22520212345", "2252720212345"},
		"Ivory Coast, a landline of MTN":            {"22521012345", "2252521012345"},
		"Ivory Coast, a landline of Moov":           {"22520812345", "2252120812345"},
		"Ivory Coast, ten digits":                   {"2250707123456", "2250707123456"},
		"Ivory Coast, ten digits of another":        {"2250507123456", "2250507123456"},
		"Ivory Coast, freephone of eight digits":    {"22580012345", "22580012345"},
		"Ivory Coast, nine digits":                  {"225071234567", "225071234567"},
		"Benin, eight digits":                       {"22997123456", "2290197123456"},
		"Benin, ten digits":                         {"2290197123456", "2290197123456"},
		"Benin, nine digits":                        {"229197123456", "229197123456"},
		"Benin, ten digits, cut off":                {"22901971234", "22901971234"},
		"Mexico, eleven digits without the 1":       {"5255123456789", "5255123456789"},
		"Togo, its neighbour":                       {"22897123456", "22897123456"},
		"France":                                    {"33612345678", "33612345678"},
		"Germany, thirteen digits":                  {"4915112345678", "4915112345678"},
		"a user id":                                 {"US.13491208655302741918", "US.13491208655302741918"},
		"a user id whose digits look like Brazil's": {"BR.5511987654321", "BR.5511987654321"},
		"a parent id":                               {"FR.ENT.11815799212886844830", "FR.ENT.11815799212886844830"},
		"a group":                                   {"Y2FwaV9ncm91cDo1NTUxMjM0NTY3ODk", "Y2FwaV9ncm91cDo1NTUxMjM0NTY3ODk"},
		"no address":                                {"", ""},
		"digits that are too many for a number":     {"5511987654321000", "5511987654321000"},
		"Mexico's code in the middle of a number":   {"3352155123456", "3352155123456"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.address.Spelling(); got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestP13FormerSpellings(t *testing.T) {
	tests := map[Address]struct{ own, shared []Address }{
		"5511952346010":     {shared: []Address{"551152346010"}},
		"5511912345678":     {shared: []Address{"551112345678"}},
		"551187654321":      {own: []Address{"5501187654321"}},
		"551152346010":      {own: []Address{"5501152346010"}},
		"5491155560004":     {own: []Address{"541155560004", "54111555560004", "549111555560004"}},
		"5493515123456":     {own: []Address{"543515123456", "54351155123456", "549351155123456"}},
		"5492302412345":     {own: []Address{"542302412345", "54230152412345", "54230215412345", "549230152412345", "549230215412345"}},
		"2250707123456":     {own: []Address{"22507123456"}},
		"2252720212345":     {own: []Address{"22520212345"}},
		"2250107123456":     {},
		"2290197123456":     {own: []Address{"22997123456"}},
		"447911123456":      {own: []Address{"4407911123456"}},
		"33612345678":       {own: []Address{"330612345678"}},
		"12025550123":       {},
		"525512345678":      {},
		"390612345678":      {},
		"FR.77":             {},
		"@a key":            {},
		"4401234567890123":  {},
		"919876543210":      {own: []Address{"9109876543210"}},
		"2348031234567":     {own: []Address{"23408031234567"}},
		"49151123456789012": {},
	}
	for address, want := range tests {
		own, shared := address.FormerSpellings()
		slices.Sort(own)
		slices.Sort(want.own)
		if !slices.Equal(own, want.own) || !slices.Equal(shared, want.shared) {
			t.Errorf("%s: got %v and %v, want %v and %v", address, own, shared, want.own, want.shared)
		}
	}
}

// A spelling that was one person's alone is that person's by the rules of today.
func TestP13AFormerSpellingIsTheSamePerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spelling := written(t).Spelling()
		own, _ := spelling.FormerSpellings()
		for _, former := range own {
			if today, _ := ParsePhone(string(former)); today.Spelling() != spelling {
				t.Fatalf("%s was spelled %s, which is %s today", spelling, former, today.Spelling())
			}
		}
	})
}

func TestParseReadsAddressesAsClientsWriteThem(t *testing.T) {
	tests := map[string]Address{
		"+33 6 12-34 (56) 78":                "33612345678",
		"33612345678":                        "33612345678",
		"+44 (0)7911 123456":                 "447911123456",
		"+44 07911 123456":                   "447911123456",
		"+49 0151 12345678":                  "4915112345678",
		"4901511234567":                      "491511234567",
		"+39 06 1234 5678":                   "390612345678",    // Rome: the zero is dialled
		"+39 0612345678":                     "390612345678",    //
		"+378 0549 123456":                   "3780549123456",   // San Marino
		"+225 07 07 12 34 56":                "2250707123456",   // Ivory Coast
		"+229 01 97 12 34 56":                "2290197123456",   // Benin
		"+242 06 123 4567":                   "242061234567",    // Congo
		"+241 06 12 34 56":                   "24106123456",     // Gabon
		"+226 01 23 45 67":                   "22601234567",     // Burkina Faso
		"+1 0212 555 0100":                   "102125550100",    // no country of +1 dials a 0
		"+7 0912 345 67 89":                  "709123456789",    // nor of +7
		"+34 0612 345 678":                   "340612345678",    // nor Spain
		"+49 00151 12345678":                 "490015112345678", // two zeros are no trunk zero
		"+353 (0)87 123 4567":                "353871234567",
		"+54 011 15 5556 0004":               "54111555560004",
		"+55 (0) 11 98765-4321":              "5511987654321",
		"+880 01712 345678":                  "8801712345678",
		"+54 9 011 5556-0004":                "5491155560004",
		"+54 9 (011) 15 5556-0004":           "549111555560004",
		"+54 9 (0) 11 5556-0004":             "5491155560004",
		"+34 (0)612 345 678":                 "34612345678", // brackets say so in every country
		"+48 ( 0 ) 601 123 456":              "48601123456",
		"+351 (0) 912 345 678":               "351912345678",
		"+52 (0)55 1234 5678":                "525512345678",
		"+52 1 (0)55 1234 5678":              "5215512345678",
		"+1 (0) 212 555 0100":                "12125550100",
		"+39 (0)6 1234 5678":                 "390612345678", // but Italy's
		"+378 (0549) 123456":                 "3780549123456",
		"+39 (0) 347 123 4567":               "3903471234567",
		"+3461 (0) 12345":                    "3461012345", // not behind a country code
		"(0) 33 6 12 34 56 78":               "",
		"+34 (0 612345678":                   "340612345678",
		"+52 01 55 1234 5678":                "525512345678", // dialled in Mexico until 2019
		"+52 044 55 1234 5678":               "525512345678",
		"+52 045 55 1234 5678":               "525512345678",
		"+36 06 20 123 4567":                 "36201234567", // Hungary
		"+36 06 1 123 4567":                  "3611234567",
		"+36 20 123 4567":                    "36201234567",
		"+7 8 912 345 67 89":                 "79123456789", // Russia
		"+7 (8) 912 345 67 89":               "79123456789",
		"+7 812 345 67 89":                   "78123456789",
		"+1 1 212 555 0100":                  "12125550100",
		"+370 8 612 34567":                   "37061234567", // Lithuania
		"+370 (8-612) 34567":                 "37061234567",
		"+375 8 029 123 45 67":               "375291234567", // Belarus
		"+375 29 123 45 67":                  "375291234567",
		"US.13491208655302741918":            "US.13491208655302741918",
		"FR.ENT.11815799212886844830":        "FR.ENT.11815799212886844830",
		"":                                   "",
		"+":                                  "",
		"0033612345678":                      "",
		"0612345678":                         "",
		"123456":                             "",
		"1234567890123456":                   "",
		"+33 6 12 34 56 78 ext. 9":           "",
		"++33612345678":                      "",
		"٣٣٦١٢٣٤٥٦٧٨":                        "",
		"us.1349":                            "",
		"USA.1349":                           "",
		"US.":                                "",
		"US.ENT.":                            "",
		"US.a.b":                             "",
		"US." + strings.Repeat("9", 129):     "",
		"US.ENT." + strings.Repeat("9", 129): "",
	}
	for text, want := range tests {
		if got, ok := Parse(text); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestKindOfAddresses(t *testing.T) {
	tests := map[Address]Kind{
		"33612345678": Phone, "US.1349": UserID, "US.ENT": UserID, "FR.ENT.1349": ParentUserID, "": None,
		"120363043211234567@g.us": Other, "123456": Other, "US.ENT.a.b": Other,
	}
	for address, want := range tests {
		if got := address.Kind(); got != want {
			t.Errorf("%q: got %d, want %d", address, got, want)
		}
	}
}

// written draws a number of one of the countries with a rule, in any length.
func written(t *rapid.T) Address {
	code := rapid.SampledFrom([]string{"55", "52", "54", "225", "229", "44", "39", "33"}).Draw(t, "code")
	return Address(code + rapid.StringMatching(`[0-9]{5,12}`).Draw(t, "national"))
}

func TestP13ASpellingIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := written(t)
		once := a.Spelling()
		if again := once.Spelling(); again != once {
			t.Fatalf("%s is spelled %s, and that %s", a, once, again)
		}
	})
}

// Two numbers of today's numbering plans, in the form in which callers from abroad dial them, are
// two people. The plans are those of an independent library.
func TestP13TwoNumbersOfAPlanAreNeverOnePerson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Address(rapid.OneOf(
			rapid.StringMatching(`55(11|21|51)[2-9][0-9]{7}`), rapid.StringMatching(`52(55|33|81)[0-9]{8}`),
			rapid.StringMatching(`549?(11[2-7][0-9]{7}|351[4-7][0-9]{6}|2302[4-6][0-9]{5})`),
			rapid.StringMatching(`225(0[157]|21|25|27)[0-9]{8}`), rapid.StringMatching(`22901[0-9]{8}`),
		).Draw(t, "number"))
		at := rapid.IntRange(2, 6).Draw(t, "at") // what a wrong rule would merge: the digits of the rules, more or less
		more := Address(rapid.SampledFrom([]string{"9", "1", "15", "01", "05", "07", "27", "0"}).Draw(t, "more"))
		b := a[:at] + more + a[at:]
		if rapid.Bool().Draw(t, "less") {
			b = a[:at] + a[at+len(more):]
		}
		first, okFirst := inPlan(a)
		second, okSecond := inPlan(b)
		if okFirst && okSecond && first != second && a.Spelling() == b.Spelling() {
			t.Fatalf("%s and %s are two numbers, and both are spelled %s", a, b, a.Spelling())
		}
	})
}

// inPlan returns the number as its country's plan has it today: in one form for all the ways to
// dial it.
func inPlan(a Address) (Address, bool) {
	number, err := phonenumbers.Parse("+"+string(a), "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	national := phonenumbers.GetNationalSignificantNumber(number)
	switch number.GetCountryCode() {
	case 54: // landlines and mobiles share the ten digits behind the 9
		national = strings.TrimPrefix(national, "9")
	case 52:
		if len(national) == 11 {
			national = national[1:]
		}
	case 55: // eight digits that begin with 6 to 9 are a mobile of before 2016
		if len(national) == 11 && national[3] >= '6' {
			national = national[:2] + national[3:]
		}
	}
	return Address(national), true
}

// The library knows the same country codes with a trunk zero. Where it also knows subscribers'
// numbers that begin with a zero, the zero may be a part of the number.
func TestTrunkZerosAreThoseOfThePlans(t *testing.T) {
	for code := range phonenumbers.GetSupportedCallingCodes() {
		region := phonenumbers.GetRegionCodeForCountryCode(code)
		prefix := strings.TrimPrefix(phonenumbers.GetNddPrefixForRegion(region, true), "~")
		example := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE)
		if example == nil {
			continue
		}
		e164 := phonenumbers.Format(example, phonenumbers.E164)
		national := phonenumbers.GetNationalSignificantNumber(example)
		withZero := strings.TrimSuffix(e164, national) + "0" + national
		got, _ := ParsePhone(withZero)
		dropped := string(got) == e164[1:]
		if want := prefix == "0"; dropped != want && code != 39 && code != 508 {
			t.Errorf(
				"%s (%d): a zero behind the code is dropped: %v, and the plan's trunk prefix is %q", region, code,
				dropped, prefix,
			)
		}
	}
}

func TestP13ADirectoryMakesAddressesOnePerson(t *testing.T) {
	var d Directory
	if gone, kept := d.Same("US.77", "5511987654321"); gone != "US.77" || kept != "551187654321" {
		t.Fatalf("got %s into %s", gone, kept)
	}
	d.Same("US.ENT.9", "US.77")
	d.Same("US.77", "551187654321")
	for _, a := range []Address{"US.77", "US.ENT.9", "5511987654321", "551187654321"} {
		if got := d.Primary(a); got != "551187654321" {
			t.Errorf("%s is %s", a, got)
		}
	}
	if got := d.Primary("US.78"); got != "US.78" {
		t.Errorf("a stranger is %s", got)
	}
}

func TestP13ADirectoryIsTheClosureOfWhatItWasTold(t *testing.T) {
	addresses := []Address{"33612345678", "33612345679", "US.1", "US.2", "US.ENT.1", "5511987654321", "551187654321"}
	rapid.Check(t, func(t *rapid.T) {
		type pair struct{ a, b Address }
		address := rapid.SampledFrom(addresses)
		told := rapid.SliceOf(
			rapid.Custom(func(t *rapid.T) pair { return pair{address.Draw(t, "a"), address.Draw(t, "b")} }),
		).Draw(t, "told")
		var d, other Directory
		for _, p := range told {
			d.Same(p.a, p.b)
		}
		for _, p := range rapid.Permutation(told).Draw(t, "order") {
			other.Same(p.b, p.a)
			other.Same(p.a, p.b)
		}
		for _, a := range addresses {
			for _, b := range addresses {
				if (d.Primary(a) == d.Primary(b)) != (other.Primary(a) == other.Primary(b)) {
					t.Fatalf("%s and %s are one person by one order and two by another", a, b)
				}
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"+33 6 12-34 (56) 78", "5511987654321", "+44 (0)7911 123456", "US.13491208655302741918", "FR.ENT.1", "+", "",
		"٣٣٦١٢٣٤٥٦٧٨",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := Parse(text)
		if !ok {
			return
		}
		if again, ok := Parse(string(address)); !ok || again != address {
			t.Fatalf("%q became %q, and that %q", text, address, again)
		}
		spelling := address.Spelling()
		if again, ok := Parse(string(spelling)); !ok || again != spelling {
			t.Fatalf("%q is spelled %q, and that %q", text, spelling, again)
		}
	})
}

func BenchmarkSpelling(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Address("33612345678").Spelling() != "33612345678" {
			b.Fatal("another number")
		}
	}
}
