package rawjson

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestASCIIWritesAsMetaDoes(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"Meta's own example":      {`{"name":"äöå"}`, `{"name":"\u00e4\u00f6\u00e5"}`},
		"beyond U+FFFF":           {`"👍🏽"`, `"\ud83d\udc4d\ud83c\udffd"`},
		"escaped in upper case":   {`"\u00E4\uD83D\uDC4D"`, `"\u00e4\ud83d\udc4d"`},
		"half of a pair":          {`"\uD83D!"`, `"\ud83d!"`},
		"not UTF-8":               {"\"a\xff\xc3b\"", `"a\ufffd\ufffdb"`},
		"a member's name":         {`{"é":1}`, `{"\u00e9":1}`},
		"an escaped backslash":    {`"\\u00E4é"`, `"\\u00E4\u00e9"`},
		"other escapes":           {`"\n\t\"\\\/\b\f\r"`, `"\n\t\"\\\/\b\f\r"`},
		"ASCII keeps its bytes":   {`{ "a" : "</@%&>` + "\x7f" + `" }`, `{ "a" : "</@%&>` + "\x7f" + `" }`},
		"separators of lines":     {"\"\u2028\u2029\"", `"\u2028\u2029"`},
		"cut within an escape":    {`"\u00`, `"\u00`},
		"cut behind a backslash":  {`"\`, `"\`},
		"nothing":                 {``, ``},
		"in its form, no new one": {`{"body":"Ol\u00e1 \ud83d\udc4d \/"}`, `{"body":"Ol\u00e1 \ud83d\udc4d \/"}`},
	}
	for name, tc := range tests {
		if got := string(ASCII([]byte(tc.text))); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

// Whatever JSON comes, the form is ASCII, decodes to the same value, and is its own form.
func TestASCIIKeepsTheValue(t *testing.T) {
	anything := rapid.OneOf(
		rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("\"\\/uU<>&@%éß👍\u2028\x00\x1f\x7fdD8"))),
	)
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(rapid.MapOf(anything, anything).Draw(t, "members"))
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "with raw text") {
			text = append(text[:len(text)-1:len(text)-1], []byte(`,"raw":"é\\\u00E9\uD83Dx👍`+"\xff"+`"}`)...)
			if len(text) > 2 && text[1] == ',' {
				text = append([]byte("{"), text[2:]...)
			}
		}
		got := ASCII(text)
		for _, c := range got {
			if c >= utf8.RuneSelf {
				t.Fatalf("%q has a byte beyond ASCII", got)
			}
		}
		var want, decoded map[string]string
		if json.Unmarshal(text, &want) != nil || json.Unmarshal(got, &decoded) != nil {
			t.Fatalf("%q became %q", text, got)
		}
		if diff := cmp.Diff(want, decoded); diff != "" {
			t.Fatal(diff)
		}
		if again := ASCII(got); string(again) != string(got) {
			t.Fatalf("%q became %q the second time", got, again)
		}
	})
}
