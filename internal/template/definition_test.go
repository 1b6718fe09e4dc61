package template

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompileRefusesWhatCannotBeMatched(t *testing.T) {
	tests := map[string]struct {
		definition Definition
		want       string
	}{
		"no body": {Definition{}, "components: the BODY is missing"},
		"braces": {
			Definition{Components: []Component{{Type: Body, Text: "Hi {{1}"}}},
			"components[0].text: braces do not pair up; write each variable as {{1}}",
		},
		"gap": {
			Definition{Components: []Component{{Type: Body, Text: "Hi {{2}}."}}},
			"components[0].text: {{1}} is missing; number the variables from 1 without gaps",
		},
		"name for number": {
			Definition{Components: []Component{{Type: Body, Text: "Hi {{name}}."}}},
			"components[0].text: a variable is not a number; set parameter_format to NAMED or number the variables " +
				"from 1",
		},
		"header's braces": {
			Definition{Components: []Component{{Type: Header, Format: FormatText, Text: "}}"}}},
			"components[0].text: braces do not pair up; write each variable as {{1}}",
		},
		"leading zero": {
			Definition{Components: []Component{{Type: Body, Text: "Hi {{01}}."}}},
			"components[0].text: a variable is not a number; set parameter_format to NAMED or number the variables " +
				"from 1",
		},
		"braces in braces": {
			Definition{Components: []Component{{Type: Body, Text: "Hi {{{1}}}."}}},
			"components[0].text: braces do not pair up; write each variable as {{1}}",
		},
	}
	for name, tc := range tests {
		if _, err := Compile(tc.definition); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

func TestIndexIsANumberOrAString(t *testing.T) {
	for raw, want := range map[string]int{`0`: 0, `"0"`: 0, `"9"`: 9} {
		var got Index
		if err := json.Unmarshal([]byte(raw), &got); err != nil || int(got) != want {
			t.Errorf("%s: got %d, %v, want %d", raw, got, err, want)
		}
	}
	for _, raw := range []string{`-1`, `"x"`, `1.5`, `{}`, `true`} {
		var got Index
		if json.Unmarshal([]byte(raw), &got) == nil {
			t.Errorf("%s was read as %d", raw, got)
		}
	}
}

func TestCheckSendBounds(t *testing.T) {
	many := make([]SendComponent, 33)
	for i := range many {
		many[i].Type = "button"
	}
	tests := map[string]struct {
		components []SendComponent
		want       string
	}{
		"33 components": {many, "components must have at most 32 entries"},
		"257 parameters": {
			[]SendComponent{{Type: "body", Parameters: make([]Parameter, 257)}},
			"components[0].parameters must have at most 256 entries",
		},
		"value too long": {
			[]SendComponent{{Type: "body", Parameters: []Parameter{{Type: "text", Text: strings.Repeat("a", 32_769)}}}},
			"components[0].parameters[0] must have at most 32768 characters",
		},
	}
	for name, tc := range tests {
		if err := CheckSend(tc.components); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

// FuzzDefinition takes any definition, as the upstream or a file may hold one, and any components
// for it: nothing panics, and what matches can be rendered.
func FuzzDefinition(f *testing.F) {
	for _, d := range []Definition{valid(), named(), withImage(), coupon(), oneTimeCodeTemplate()} {
		raw, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, []byte(`[`+header881+`,`+bodyAna+`,`+url881+`]`))
	}
	f.Add([]byte(
		`{"components":[{"type":"BODY","text":"x"},{"type":"BUTTONS","buttons":[{"type":"VOICE_CALL"},{"type":""}]},`+
			`{"type":"CAROUSEL"}]}`,
	),
		[]byte(`[{"type":"button","sub_type":"voice_call","index":0},{"type":"button","index":"1"},{"type":"carousel"}]`))
	f.Add(
		[]byte(`{"category":"AUTHENTICATION","components":[{"type":"BODY"},{"type":"HEADER","format":"PRODUCT"}]}`),
		[]byte(`[{"type":"body"},{"type":"header"}]`),
	)
	f.Add(
		[]byte(`{"components":[{"type":"BODY","text":"{{1}}"},{"type":"BODY","text":"{{2}}"}]}`),
		[]byte(`[{"type":"body","parameters":[{"type":"currency"}]}]`),
	)
	f.Add(
		[]byte(
			`{"components":[{"type":"BODY","text":"x"},{"type":"LIMITED_TIME_OFFER",`+
				`"limited_time_offer":{"has_expiration":true}},{"type":"CAROUSEL",`+
				`"cards":[{"components":[{"type":"HEADER","format":"PRODUCT"},{"type":"BODY","text":"{{1}}"}]}]}]}`,
		),
		[]byte(
			`[{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{}}]},`+
				`{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"header",`+
				`"parameters":[{"type":"product","product":{}}]}]},{"card_index":9}]}]`,
		),
	)
	f.Fuzz(func(t *testing.T, definition, message []byte) {
		var d Definition
		if json.Unmarshal(definition, &d) != nil {
			return
		}
		Lint(d)
		Promotional(d)
		SameContent(d, valid())
		c, err := Compile(d)
		if err != nil {
			return
		}
		var list []SendComponent
		if json.Unmarshal(message, &list) != nil || CheckSend(list) != nil {
			return
		}
		matched := c.Match(list)
		if _, err := c.Render(list); (matched == nil) != (err == nil) {
			t.Fatalf("match says %v, render says %v", matched, err)
		}
	})
}

func TestStringsIsAListOrOneString(t *testing.T) {
	for raw, want := range map[string]Strings{`"SAVE"`: {"SAVE"}, `["a","b"]`: {"a", "b"}, `null`: nil} {
		var got Strings
		if err := json.Unmarshal([]byte(raw), &got); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
	var got Strings
	if json.Unmarshal([]byte(`{"a":1}`), &got) == nil {
		t.Error("an object was read")
	}
}
