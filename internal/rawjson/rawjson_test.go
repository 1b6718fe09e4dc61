package rawjson

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSetKeepsEveryOtherByte(t *testing.T) {
	tests := map[string]struct{ text, name, value, want string }{
		"replace":          {`{ "a" : 1 , "b":[ {"a":2} ] }`, "a", `"x"`, `{ "a" : "x" , "b":[ {"a":2} ] }`},
		"replace last":     {`{"a":1,"b":{"c":"}"}}`, "b", `null`, `{"a":1,"b":null}`},
		"replace escaped":  {`{"\u0061":1}`, "a", `2`, `{"\u0061":2}`},
		"add":              {`{"a":1}`, "b", `2`, `{"b":2,"a":1}`},
		"add to empty":     {` { } `, "b", `2`, ` {"b":2 } `},
		"case matters":     {`{"A":1}`, "a", `2`, `{"a":2,"A":1}`},
		"brace in string":  {`{"x":"{\"a\":1}","a":3}`, "a", `4`, `{"x":"{\"a\":1}","a":4}`},
		"backslash at end": {`{"x":"\\","a":3}`, "a", `4`, `{"x":"\\","a":4}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			object, err := ParseObject([]byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(object.Set(tc.name, []byte(tc.value))); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// To change several members at once is to change one after the other.
func TestEditIsSetAndWithout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "é", "c\"d", "to"}
		var members []string
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 6).Draw(t, "members") {
			members = append(members, string(Quote(name))+" : [1, 2]")
		}
		text := "{" + strings.Join(members, " ,") + " }"
		changed := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID[string]).Draw(t, "changed")
		dropped := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 1, rapid.ID[string]).Draw(t, "dropped")
		changed = slices.DeleteFunc(changed, func(name string) bool { return slices.Contains(dropped, name) })
		parse := func(text []byte) Object {
			object, err := ParseObject(text)
			if err != nil {
				t.Fatal(err)
			}
			return object
		}
		want := []byte(text)
		var changes []Member
		for _, name := range slices.Backward(changed) { // each new one comes first
			want = parse(want).Set(name, Quote(name))
		}
		for _, name := range changed {
			changes = append(changes, Member{name, Quote(name)})
		}
		if len(changes) == 0 || slices.ContainsFunc(dropped, parse([]byte(text)).Has) {
			want = parse(want).Without(dropped...)
		}
		if got := parse([]byte(text)).Edit(changes, dropped...); string(got) != string(want) {
			t.Fatalf("%s became %s, want %s", text, got, want)
		}
	})
}

func TestQuoteIsThatOfJSONWithoutTheEscapesForHTML(t *testing.T) {
	if got := string(Quote("<a> & b é \u2028 \"")); got != `"<a> & b é \u2028 \""` {
		t.Errorf("got %s", got)
	}
	forHTML := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ReplaceAll(rapid.String().Draw(t, "text"), `\`, "/") // whose escapes are not to be replaced
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Quote(text); string(got) != forHTML.Replace(string(want)) {
			t.Fatalf("got %s, want %s without the escapes for HTML", got, want)
		}
	})
}

func TestGetTakesTheLastAndReadsNullAsAbsent(t *testing.T) {
	object, err := ParseObject([]byte(`{"a":1,"a":2,"n":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(object.Get("a")); got != "2" {
		t.Errorf("a: got %s, want 2", got)
	}
	if object.Get("n") != nil || !object.Has("n") {
		t.Error("n must be there and read as absent")
	}
	if name, ambiguous := object.Ambiguous(); !ambiguous || name != "a" {
		t.Errorf("ambiguous: got %q %t, want a", name, ambiguous)
	}
}

func TestNamesThatDifferInCaseOnlyAreAmbiguous(t *testing.T) {
	for text, want := range map[string]bool{
		`{"to":1,"TO":2}`:              true,
		`{"to":1,"tO":2}`:              true,
		`{"to":1,"\u0054o":2}`:         true,
		`{"status":1,"\u017ftatus":2}`: true, // the long s folds to s, in encoding/json too
		`{"to":1,"two":2}`:             false,
		`{}`:                           false,
	} {
		object, err := ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, got := object.Ambiguous(); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}

func TestCanonicalIgnoresOrderSpaceAndEscapes(t *testing.T) {
	same := []string{
		`{"a":1,"b":{"c":"é","d":[1,2]}}`,
		` { "b" : {"d":[1 , 2],"c":"\u00e9"} , "a":1 } `,
		`{"b":{"d":[1,2],"c":"\u00E9"},"\u0061":1}`,
	}
	for _, text := range same {
		if got, want := string(Canonical([]byte(text))), `{"a":1,"b":{"c":"é","d":[1,2]}}`; got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for _, other := range []string{
		`{"a":1,"b":{"c":"é","d":[2,1]}}`, `{"a":1.0,"b":{"c":"é","d":[1,2]}}`, `{"a":"1","b":{"c":"é","d":[1,2]}}`,
	} {
		if string(Canonical([]byte(other))) == same[0] {
			t.Errorf("%s was taken for %s", other, same[0])
		}
	}
}

func TestWithout(t *testing.T) {
	object, err := ParseObject([]byte(`{"a": [1, 2],"b":2,"c":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(object.Without("b", "z")), `{"a":[1, 2],"c":"x"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestElements(t *testing.T) {
	elements, err := Elements([]byte(` [ 1 , "a,]" , [2,[3]] , {"x":[]} ] `))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range elements {
		got = append(got, string(e))
	}
	if diff := cmp.Diff([]string{"1", `"a,]"`, "[2,[3]]", `{"x":[]}`}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Elements([]byte(`{}`)); !errors.Is(err, ErrNotArray) {
		t.Errorf("got %v, want ErrNotArray", err)
	}
	if _, err := ParseObject([]byte(`[]`)); !errors.Is(err, ErrNotObject) {
		t.Errorf("got %v, want ErrNotObject", err)
	}
}

func TestTruncatedTextIsAnError(t *testing.T) {
	for _, text := range []string{"", "{", `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":"`, `{"a":{`, `{"a":"\`} {
		if _, err := ParseObject([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// Any object that encoding/json writes comes apart into the same values.
func TestParseObjectAgreesWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "members")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		decoded := map[string]string{}
		if err := json.Unmarshal(text, &decoded); err != nil {
			t.Fatal(err)
		}
		object, err := ParseObject(text)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for name, raw := range object.All() {
			value, ok := String(raw)
			if !ok {
				t.Fatalf("%s is no string", raw)
			}
			got[name] = value
		}
		if diff := cmp.Diff(decoded, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[1,"\""]},"a":null}`, `[1,2]`, `{`, `{"a" 1}`, "\"\\"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := ParseObject(text)
		_, _ = Elements(text)
		if err != nil || !json.Valid(text) {
			return
		}
		changed := object.Set("guichet", []byte(`"g"`))
		if !json.Valid(changed) {
			t.Fatalf("%q became %q", text, changed)
		}
		again, err := ParseObject(changed)
		if err != nil || string(again.Get("guichet")) != `"g"` {
			t.Fatalf("%q lost the member", changed)
		}
	})
}
