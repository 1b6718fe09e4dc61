package gateway

import (
	"regexp"
	"testing"
)

func TestNewMessageIDHasTheUpstreamsFormAndIsRecognised(t *testing.T) {
	form := regexp.MustCompile(`^wamid\.[A-Za-z0-9_-]{36}$`)
	seen := map[string]bool{}
	for range 1000 {
		id, err := newMessageID(noon)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(id) || !isOwnID(id) || seen[id] {
			t.Fatalf("id %q is malformed, not recognised or not new", id)
		}
		seen[id] = true
	}
	if isOwnID("wamid.HBgNNTUxMTk5OTk5MDAwMBUCABEYEjE") {
		t.Error("an id of the upstream is taken for our own")
	}
}

func TestCanonicalAddressJoinsTheSpellingsOfOneCustomer(t *testing.T) {
	tests := map[string]struct{ address, want string }{
		"Brazil with the ninth digit":    {"5511987654321", "551187654321"},
		"Brazil without it":              {"551187654321", "551187654321"},
		"Brazil, landline":               {"551132654321", "551132654321"},
		"Mexico with the 1":              {"5215512345678", "525512345678"},
		"Mexico without it":              {"525512345678", "525512345678"},
		"France":                         {"33612345678", "33612345678"},
		"a business-scoped user id":      {"US.13491208655302741918", "US.13491208655302741918"},
		"thirteen digits, another place": {"4915112345678", "4915112345678"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := canonicalAddress(tc.address); got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// FuzzParseAddress reads an address as clients write it: what is taken is spelled canonically, and so is taken again.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"+33 6 12-34 (56) 78", "5511987654321", "5215512345678", "US.13491208655302741918", "+", "", "٣٣٦١٢٣٤٥٦٧٨"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := parseAddress(text)
		if !ok {
			return
		}
		if again, ok := parseAddress(address); !ok || again != address {
			t.Fatalf("%q became %q, and that %q", text, address, again)
		}
	})
}
