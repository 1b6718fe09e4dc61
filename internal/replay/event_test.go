package replay

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBadLinesAreNamed(t *testing.T) {
	first := inbound("2026-10-05T10:00:00Z", "33612345678")
	tests := map[string]struct{ line, want string }{
		"out of order":          {inbound("2026-10-05T09:59:59Z", "33612345678"), "events: line 2: its time must not be before that of line 1"},
		"no JSON":               {`hello`, "events: line 2: the line must be a JSON object"},
		"half an object":        {`{"time":"2026-10-05T10:00:00Z"`, "events: line 2: the line must be a JSON object"},
		"two objects":           {first + first, "events: line 2: the line must be one JSON object"},
		"no time":               {`{"type":"status","id":"m1","status":"read"}`, "events: line 2: time must be there"},
		"a time of words":       {`{"time":"noon","type":"status","id":"m1","status":"read"}`, "events: line 2: the line must be a JSON object, with times"},
		"no type":               {`{"time":"2026-10-05T10:00:00Z","id":"m1"}`, `events: line 2: type must be "inbound", "send" or "status"`},
		"no id":                 {send("2026-10-05T10:00:00Z", "", text), "events: line 2: id must be there"},
		"no customer":           {`{"time":"2026-10-05T10:00:00Z","type":"send","id":"m1","channel":"1"}`, "events: line 2: channel and customer must be there"},
		"no kind":               {`{"time":"2026-10-05T10:00:00Z","type":"send","id":"m1","channel":"1","customer":"33612345678"}`, "events: line 2: kind must be there"},
		"an unknown status":     {status("2026-10-05T10:00:00Z", "m1", "lost"), "events: line 2: status must be"},
		"an unknown category":   {send("2026-10-05T10:00:00Z", "m1", `"template","category":"poem"`), `events: line 2: category "poem" must be one of`},
		"a template of service": {send("2026-10-05T10:00:00Z", "m1", `"template","category":"service"`), `events: line 2: category "service" is no template's: it must be marketing, utility or authentication, or one of their kinds`},
		"an array":              {`[1,2]`, "events: line 2: the line must be a JSON object"},
		"a customer with NUL":   {send("2026-10-05T10:00:00Z", "m1", `"text","group":"\u0000"`), "events: line 2: channel, customer and group must not hold a NUL character"},
		"a number as an id":     {`{"time":"2026-10-05T10:00:00Z","type":"status","id":7,"status":"read"}`, `events: line 2: "id" must be a string`},
		"negative units":        {send("2026-10-05T10:00:00Z", "m1", `"text","units":-1`), "events: line 2: units must be from 1"},
		"no country's number":   {inbound("2026-10-05T10:00:00Z", "0612"), "events: line 2: the recipient must be a phone number"},
		"a brace too many":      {status("2026-10-05T10:00:00Z", "m1", "read") + "}", "events: line 2: the line must be one JSON object and nothing more"},
		"a line without an end": {`{"id":"` + strings.Repeat("x", maxLine), "events: line 2: must be shorter than 65536 bytes"},
	}
	for name, tc := range tests {
		_, err := run(book(t, "whatsapp"), first, tc.line)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, tc.want)
		}
	}
}

func TestP7ErrorsHoldNoNumber(t *testing.T) {
	for _, line := range []string{
		inbound("2026-10-05T10:00:00Z", "00336123456789123"), `{"customer":"33612345678"`, `{"time":"33612345678"}`, `{"customer":33612345678}`,
	} {
		if _, err := run(book(t, "whatsapp"), line); err == nil || strings.Contains(err.Error(), "3361234567") {
			t.Errorf("%s: got %v", line, err)
		}
	}
}

func TestEmptyLinesAndUnknownFieldsAreSkipped(t *testing.T) {
	got, err := run(book(t, "whatsapp"), "", "  \r",
		`{"time":"2026-10-05T10:00:00+02:00","type":"inbound","id":"i","channel":"1066","customer":"33612345678","kind":"text","name":{"x":[1]}}`,
		strings.Replace(send("2026-10-05T08:00:00Z", "m\\u0031", text), `"kind"`, `"note":"né","kind"`, 1),
		status("2026-10-05T08:00:00.5Z", "m1", "read"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 service 0 allowance")
}

// lines draws lines as recorders write them, and some that they do not.
func lines() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		fields := []string{}
		for _, f := range []struct{ name, values string }{
			{"time", `"2026-10-05T10:00:00Z"|"2026-10-05T10:00:00.25+02:00"|"x"|null`},
			{"type", `"inbound"|"send"|"status"|"x"|1`},
			{"id", `"m1"|""|"a\"b"|"é"|null`},
			{"channel", `"1066"|"1\u0000"`},
			{"customer", `"33612345678"|5`},
			{"kind", `"text"|"template"`},
			{"category", `"utility"|""`},
			{"status", `"read"|"sent"|"x"`},
			{"entryPoint", `true|false|"true"|1`},
			{"units", `1|01|-1|1.5|1e3|99999999999999999999|"1"`},
			{"entryPointExpiry", `"2026-10-07T10:00:00Z"`},
			{"group", `"g1"|"g\u0031"|7`},
			{"alsoKnownAs", `[]|["US.1"]|["US.1","447911123456"]|["\u0031"]|["US.1"|[1]|null|"US.1"`},
			{"other", `{"a":[1,"}"]}|"x"`},
			{"ID", `"m2"`},
		} {
			if rapid.IntRange(0, 3).Draw(t, f.name) > 0 {
				value := rapid.SampledFrom(strings.Split(f.values, "|")).Draw(t, "value")
				space := rapid.SampledFrom([]string{"", " "}).Draw(t, "space")
				fields = append(fields, fmt.Sprintf("%q:%s%s", f.name, space, value))
			}
		}
		end := rapid.SampledFrom([]string{"}", "} ", "},", "}}", ""})
		return "{" + strings.Join(rapid.Permutation(fields).Draw(t, "order"), ",") + end.Draw(t, "end")
	})
}

func TestTheFastReaderAgreesWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { agree(t, []byte(lines().Draw(t, "line"))) })
}

type failer interface{ Fatalf(string, ...any) }

// agree holds scan against decode: what scan reads, decode reads, and alike.
func agree(t failer, line []byte) {
	var fast, slow Event
	if !scan(line, &fast) {
		return
	}
	if err := decode(line, &slow); err != nil {
		t.Fatalf("scan took %s and the standard library says %v", line, err)
	}
	a, b := show(fast), show(slow)
	if a != b {
		t.Fatalf("%s:\n%s by scan\n%s by the standard library", line, a, b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(inbound("2026-10-05T10:00:00Z", "33612345678")))
	f.Add([]byte(send("2026-10-05T10:00:00Z", "m1", utility)))
	f.Add([]byte(status("2026-10-05T10:00:00Z", "m1", "delivered")))
	f.Add([]byte(`{"time":"2026-10-05T10:00:00Z","type":"send","id":"\u00e9","units":12}`))
	f.Add([]byte(`{"id":"a","id":"b"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		agree(t, line)
		var e Event
		if err := Parse(line, &e); err == nil && (e.Time.IsZero() || e.Type == 0) {
			t.Errorf("%q was taken without a time or a type", line)
		}
	})
}
