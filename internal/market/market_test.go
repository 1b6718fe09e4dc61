package market

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // also where the system has no former names

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/civil"
)

func date(tb testing.TB, text string) civil.Date {
	tb.Helper()
	d, err := civil.ParseDate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestMarketOfARecipient(t *testing.T) {
	tests := []struct{ name, recipient, on, country, market string }{
		{"France", "33612345678", "2026-10-01", "FR", "France"},
		{"with a plus", "+33612345678", "2026-10-01", "FR", "France"},
		{"United States", "12025550123", "2026-10-01", "US", "North America"},
		{"Canada", "15062345678", "2026-10-01", "CA", "North America"},
		{"Dominican Republic", "18095550123", "2026-10-01", "DO", "Rest of Latin America"},
		{"Jamaica", "16585550123", "2026-10-01", "JM", "Rest of Latin America"},
		{"Puerto Rico", "17875550123", "2026-10-01", "PR", "Rest of Latin America"},
		{"Barbados is not listed", "12465551234", "2026-10-01", "BB", "Other"},
		{"Russia", "79161234567", "2026-10-01", "RU", "Russia"},
		{"Kazakhstan before it was listed", "77012345678", "2026-09-30", "KZ", "Other"},
		{"Kazakhstan, mobile", "77012345678", "2026-10-01", "KZ", "Kazakhstan"},
		{"Kazakhstan, the other prefix", "76012345678", "2026-10-01", "KZ", "Kazakhstan"},
		{"Zimbabwe before it was moved", "263712345678", "2025-09-30", "ZW", "Other"},
		{"Zimbabwe", "263712345678", "2025-10-01", "ZW", "Rest of Africa"},
		{"Hong Kong in its region", "85251234567", "2026-06-30", "HK", "Rest of Asia Pacific"},
		{"Hong Kong on its own", "85251234567", "2026-07-01", "HK", "Hong Kong"},
		{"Ukraine in its region", "380501234567", "2026-09-30", "UA", "Rest of Central & Eastern Europe"},
		{"Ukraine on its own", "380501234567", "2026-10-01", "UA", "Ukraine"},
		{"Morocco in its region", "212612345678", "2026-09-30", "MA", "Rest of Africa"},
		{"South Korea is not listed", "821012345678", "2026-10-01", "KR", "Other"},
		{"Congo (Kinshasa) is not listed", "243812345678", "2026-10-01", "CD", "Other"},
		{"a code that no country has", "2101234567", "2026-10-01", "ZZ", "Other"},
		{"user id", "US.13491208655302741918", "2026-10-01", "US", "North America"},
		{"user id of a country that shares a code", "GG.13491208655302741918", "2026-10-01", "GG", "United Kingdom"},
		{"user id of a country that is not listed", "KR.1349", "2026-10-01", "KR", "Other"},
	}
	for _, tc := range tests {
		country, err := CountryOf(tc.recipient)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if got := country.Market(date(t, tc.on)); country.String() != tc.country || got.String() != tc.market {
			t.Errorf("%s on %s: got %s in %s, want %s in %s", tc.name, tc.on, country, got, tc.country, tc.market)
		}
	}
}

func TestP7ARecipientIsNeverInAnError(t *testing.T) {
	tests := []string{
		"", "123456", "3361234567890123", "33 6 12 34 56 78", "33-612345678", "QX.1349120865", "U1.349",
		"us.1349120865", "++33612345678", "group@id",
	}
	for _, recipient := range tests {
		country, err := CountryOf(recipient)
		if err == nil {
			t.Errorf("%q: got %s, want an error", recipient, country)
			continue
		}
		if digits := strings.TrimLeft(recipient, "+QUXus."); len(digits) > 2 && strings.Contains(err.Error(), digits) {
			t.Errorf("%q: the error holds the recipient: %v", recipient, err)
		}
	}
}

func TestNumberOfListedMarkets(t *testing.T) {
	for on, want := range map[string]int{
		"2022-02-01": 32, "2026-06-30": 32, "2026-07-01": 38, "2026-09-30": 38, "2026-10-01": 47,
	} {
		if listed := Listed(date(t, on)); len(listed) != want || listed[len(listed)-1] != Other {
			t.Errorf("%s: got %d markets %v, want %d with Other at the end", on, len(listed), listed, want)
		}
	}
}

func TestCountriesOf(t *testing.T) {
	tests := map[string]string{
		"Morocco 2026-10-01": "EH MA", "Morocco 2026-09-30": "", "North America 2026-10-01": "CA US",
		"Any 2026-10-01": "", "Atlantis 2026-10-01": "",
	}
	for text, want := range tests {
		name, day := text[:len(text)-11], text[len(text)-10:]
		date, err := civil.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(CountriesOf(name, date), " "); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestNextChange(t *testing.T) {
	tests := map[string]string{
		"2018-01-01": "2018-08-01", "2018-08-01": "2025-10-01", "2025-10-01": "2026-07-01", "2026-09-30": "2026-10-01",
	}
	for after, want := range tests {
		if got, ok := NextChange(date(t, after)); !ok || got.String() != want {
			t.Errorf("after %s: got %s, %v; want %s", after, got, ok, want)
		}
	}
	if got, ok := NextChange(date(t, "2026-10-01")); ok {
		t.Errorf("after the last change: got %s, want none", got)
	}
}

func TestNamesReadBack(t *testing.T) {
	for _, m := range append(All(), Any) {
		if back, err := Parse(m.String()); err != nil || back != m {
			t.Errorf("%s came back as %s, %v", m, back, err)
		}
	}
	for _, name := range []string{"", "france", "Rest of Europe", "FR"} {
		if m, err := Parse(name); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", name, m)
		}
	}
	for c := range Country(Countries()) {
		var back Country
		if err := back.UnmarshalText([]byte(c.String())); err != nil || back != c {
			t.Errorf("%s came back as %s, %v", c, back, err)
		}
	}
}

// Google's library of phone numbers knows an example of each region; its country must be ours.
func TestCountriesAgreeWithTheOracle(t *testing.T) {
	shared := map[string]string{ // numbers that cannot be told from those of the country whose code they share
		"AX": "FI", "BL": "GP", "MF": "GP", "CC": "AU", "CX": "AU", "EH": "MA", "GG": "GB", "IM": "GB", "JE": "GB", "SJ": "NO", "VA": "IT", "TA": "SH",
		"CW": "CW", "BQ": "BQ",
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE} {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			got, err := CountryOf(phonenumbers.Format(example, phonenumbers.E164))
			if err != nil {
				if len(phonenumbers.Format(example, phonenumbers.E164)) > 7 {
					t.Errorf("%s: %v", region, err)
				}
				continue
			}
			if got.String() != region && got.String() != shared[region] {
				t.Errorf("%s: got %s", region, got)
			}
		}
	}
}

// A number keeps its market whatever is dialled after the digits that decide it.
func TestMarketDependsOnThePrefixOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.StringMatching(`[1-9][0-9]{6}`).Draw(t, "prefix")
		first, err := CountryOf(prefix + rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "one end"))
		if err != nil {
			t.Fatal(err)
		}
		second, err := CountryOf("+" + prefix + rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "another end"))
		if err != nil || first != second {
			t.Fatalf("%s and %s, %v", first, second, err)
		}
	})
}

func TestTableMistakesAreFound(t *testing.T) {
	const countries = "country,prefixes\nFR,33\nDE,49\n"
	const markets = "from,market,countries\n2018-08-01,France,FR\n"
	tests := []struct{ name, countries, markets, want string }{
		{"a country twice", countries + "FR,34\n", markets, "countries.csv: line 4"},
		{"a prefix twice", countries + "ES,33\n", markets, "countries.csv: line 4"},
		{"a prefix with a letter", countries + "ES,3x\n", markets, "countries.csv: line 4"},
		{"a field too few", countries + "ES\n", markets, "countries.csv: line 4"},
		{"an unknown country", countries, markets + "2019-01-01,Spain,ES\n", "markets.csv: line 3"},
		{"a date that goes back", countries, markets + "2017-01-01,Germany,DE\n", "markets.csv: line 3"},
		{"no date", countries, markets + "soon,Germany,DE\n", "markets.csv: line 3"},
	}
	for _, tc := range tests {
		_, err := read(tc.countries, tc.markets, "country,zones\n")
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error at %s", tc.name, err, tc.want)
		}
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	on := date(t, "2026-10-01")
	if n := testing.AllocsPerRun(100, func() {
		country, err := CountryOf("77012345678")
		if err != nil || country.Market(on).String() != "Kazakhstan" {
			t.Error("wrong market")
		}
	}); n != 0 {
		t.Errorf("allocates %v times, want never", n)
	}
}

func BenchmarkCountryOf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := CountryOf("33612345678"); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCountryOf(f *testing.F) {
	for _, seed := range []string{"33612345678", "+12025550123", "US.1349", "", "ZZ.1", "99999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, recipient string) {
		country, err := CountryOf(recipient)
		if err == nil && country.Market(date(t, "2026-10-01")) == Any {
			t.Errorf("%q has no market", recipient)
		}
	})
}

func TestCountryOfZone(t *testing.T) {
	tests := map[string]string{
		"America/Lima": "PE", "Asia/Calcutta": "IN", "Asia/Kolkata": "IN", "America/Buenos_Aires": "AR",
		"Europe/Paris": "FR", "Europe/Kiev": "UA", "Europe/Kyiv": "UA", "US/Pacific": "US", "Asia/Saigon": "VN",
		"Asia/Tokyo": "JP", "Europe/London": "GB", "Europe/Belfast": "GB", "Australia/NSW": "AU",
		"UTC": "ZZ", "Etc/GMT+5": "ZZ", "": "ZZ", "Mars/Olympus": "ZZ", "america/lima": "ZZ",
	}
	for zone, want := range tests {
		if got := CountryOfZone(zone).String(); got != want {
			t.Errorf("%s: got %s, want %s", zone, got, want)
		}
	}
}

// A zone that the table names must be one that the program can load.
func TestZonesExist(t *testing.T) {
	for zone := range published().countryByZone {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Errorf("%s: %v", zone, err)
		}
	}
}
