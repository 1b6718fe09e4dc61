package parameter

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a name is, it is read as it would be letter by letter, and reading it again changes
// nothing.
func TestBareReadsAsTheGraphAPI(t *testing.T) {
	for name, want := range map[string]string{
		"access_token": "access_token", "Access.Token[]": "access_token",
		" access token": "access_token", //nolint:gocritic // the space is what is tried
		"a1_b":          "a1_b", "A": "a", "[x": "", "": "", "ids[0][1]": "ids", "é": "é", "ACCESS_TOKEN": "access_token",
	} {
		if got := Bare(name); got != want {
			t.Errorf("%q is read as %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.SampledFrom([]rune("abzAZ09_. [é"))).Draw(t, "name")
		plain, _, _ := strings.Cut(name, "[")
		var want strings.Builder
		for _, r := range strings.ToLower(strings.TrimSpace(plain)) {
			if r == '.' || r == ' ' {
				r = '_'
			}
			want.WriteRune(r)
		}
		got := Bare(name)
		if got != want.String() || Bare(got) != got {
			t.Fatalf("%q is read as %q, and that as %q; want %q", name, got, Bare(got), want.String())
		}
	})
}
