package template

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func compiled(tb testing.TB, d Definition) *Compiled {
	tb.Helper()
	c, err := Compile(d)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func components(tb testing.TB, raw string) []SendComponent {
	tb.Helper()
	var list []SendComponent
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		tb.Fatal(err)
	}
	return list
}

func withImage() Definition {
	d := valid()
	d.Components[0] = Component{Type: Header, Format: FormatImage}
	d.Components = d.Components[:2]
	return d
}

func coupon() Definition {
	return Definition{Category: CategoryMarketing, Components: []Component{
		{Type: Body, Text: "Here is your code."},
		{Type: Buttons, Buttons: []Button{{Type: ButtonCopyCode, Example: Strings{"SAVE"}}}},
	}}
}

const (
	header881 = `{"type":"header","parameters":[{"type":"text","text":"881"}]}`
	bodyAna   = `{"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"#881"}]}`
	url881    = `{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"881"}]}`
)

func TestMatch(t *testing.T) {
	long := strings.Repeat("é", 1024)
	tests := []struct {
		name       string
		definition func() Definition
		components string
		// kind is empty for a match.
		kind    MismatchKind
		details string
	}{
		{"all", valid, `[` + header881 + `,` + bodyAna + `,` + url881 + `]`, "", ""},
		{
			"with a quick reply's payload", valid,
			`[` + header881 + `,` + bodyAna + `,` + url881 + `,{"type":"button","sub_type":"quick_reply","index":0,` +
				`"parameters":[{"type":"payload","payload":"LATER"}]}]`,
			"", "",
		},
		{
			"upper-case type", valid,
			`[{"type":"HEADER","parameters":[{"type":"text","text":"881"}]},` + bodyAna + `,` + url881 + `]`, "", "",
		},
		{
			"currency and date", valid,
			`[` + header881 + `,{"type":"body","parameters":[{"type":"currency",` +
				`"currency":{"fallback_value":"10 EUR","code":"EUR","amount_1000":10000}},{"type":"date_time",` +
				`"date_time":{"fallback_value":"Monday"}}]},` + url881 + `]`,
			"", "",
		},
		{
			"no components", valid, `[]`, WrongCount,
			"template.components (header): 1 parameters are expected and 0 are given.",
		},
		{
			"a parameter short", valid,
			`[` + header881 + `,{"type":"body","parameters":[{"type":"text","text":"Ana"}]},` + url881 + `]`,
			WrongCount, "template.components[1] (body): 2 parameters are expected and 1 are given.",
		},
		{
			"a parameter too many", valid,
			`[` + header881 + `,{"type":"body","parameters":[{"type":"text","text":"a"},{"type":"text","text":"b"},` +
				`{"type":"text","text":"c"}]},` + url881 + `]`,
			WrongCount, "template.components[1] (body): 2 parameters are expected and 3 are given.",
		},
		{
			"URL's parameter missing", valid, `[` + header881 + `,` + bodyAna + `]`, WrongCount,
			"template.components (button 1): 1 parameter is expected and no component names the button.",
		},
		{
			"footer with a parameter", valid,
			`[` + header881 + `,` + bodyAna + `,` + url881 + `,{"type":"footer","parameters":[{"type":"text",` +
				`"text":"x"}]}]`,
			WrongCount, "template.components[3] (footer): 0 parameters are expected and 1 are given.",
		},
		{
			"image for text", valid,
			`[` + header881 + `,{"type":"body","parameters":[{"type":"image","image":{"id":"1"}},{"type":"text",` +
				`"text":"b"}]},` + url881 + `]`,
			WrongFormat, "template.components[1].parameters[0] (body): type must be text or currency or date_time.",
		},
		{
			"empty value", valid,
			`[` + header881 + `,{"type":"body","parameters":[{"type":"text"},{"type":"text","text":"b"}]},` + url881 + `]`,
			WrongFormat, "template.components[1].parameters[0] (body): the value is empty.",
		},
		{
			"body twice", valid, `[` + bodyAna + `,` + bodyAna + `]`, WrongFormat,
			"template.components[1]: a component of this type stands before it. Keep one.",
		},
		{
			"unknown component", valid, `[{"type":"carousel"}]`, WrongFormat,
			"template.components[0].type: the template has no component of this type. Use header, body or button.",
		},
		{
			"button without index", valid, `[{"type":"button","sub_type":"url"}]`, WrongFormat,
			"template.components[0].index is missing. Give the button's place, from 0.",
		},
		{
			"button out of range", valid, `[{"type":"button","sub_type":"url","index":2}]`, WrongFormat,
			"template.components[0].index: the template has no button 2; it has 2. Count from 0.",
		},
		{
			"button twice", valid, `[` + url881 + `,` + url881 + `]`, WrongFormat,
			"template.components[1].index: button 1 stands twice in the components. Keep one.",
		},
		{
			"button of another kind", valid,
			`[` + header881 + `,` + bodyAna + `,` + url881 + `,{"type":"button","sub_type":"flow","index":0}]`,
			WrongFormat, "template.components[3] (button 0): sub_type must be quick_reply.",
		},
		{
			"body too long", valid,
			`[` + header881 + `,{"type":"body","parameters":[{"type":"text","text":"` + long + `"},{"type":"text","text":"b"}]},` + url881 + `]`,
			TooLong,
			"template.components[1] (body): the text has 1051 characters with its parameters and may have 1024.",
		},
		{
			"header too long", valid,
			`[{"type":"header","parameters":[{"type":"text","text":"` + strings.Repeat("a", 55) + `"}]},` + bodyAna + `,` + url881 + `]`,
			TooLong, "template.components[0] (header): the text has 61 characters with its parameters and may have 60.",
		},
		{
			"URL too long", valid,
			`[` + header881 + `,` + bodyAna + `,{"type":"button","sub_type":"url","index":"1",` +
				`"parameters":[{"type":"text","text":"` + strings.Repeat("a", 1983) + `"}]}]`,
			TooLong,
			"template.components[2].parameters[0] (button 1): the URL has 2001 characters with its parameter and " +
				"may have 2000.",
		},
		{
			"named, any order", named,
			`[{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"},{"type":"text",` +
				`"parameter_name":"first_name","text":"A"}]}]`,
			"", "",
		},
		{
			"named, unknown name", named,
			`[{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"},{"type":"text",` +
				`"parameter_name":"name","text":"A"}]}]`,
			WrongFormat,
			"template.components[0].parameters[1] (body): parameter_name is not one of the template's, or stands " +
				"twice.",
		},
		{
			"named, name twice", named,
			`[{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"},{"type":"text",` +
				`"parameter_name":"order_no","text":"A"}]}]`,
			WrongFormat,
			"template.components[0].parameters[1] (body): parameter_name is not one of the template's, or stands " +
				"twice.",
		},
		{
			"named, no name", named,
			`[{"type":"body","parameters":[{"type":"text","text":"1"},{"type":"text","text":"A"}]}]`, WrongFormat,
			"template.components[0].parameters[0] (body): parameter_name is missing; the template has named " +
				"parameters.",
		},
		{
			"named, count", named,
			`[{"type":"body","parameters":[{"type":"text","parameter_name":"order_no","text":"1"}]}]`, WrongCount,
			"template.components[0] (body): 2 parameters are expected and 1 are given.",
		},
		{
			"image header", withImage,
			`[{"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]},` + bodyAna + `]`, "", "",
		},
		{
			"image header missing", withImage, `[` + bodyAna + `]`, WrongFormat,
			"template.components (header): 1 parameter of type image is expected and 0 are given.",
		},
		{
			"video for image", withImage,
			`[{"type":"header","parameters":[{"type":"video","video":{"id":"1"}}]},` + bodyAna + `]`, WrongFormat,
			"template.components[0].parameters[0] (header): a parameter of type image with its image object is " +
				"expected.",
		},
		{
			"header where none is", named, `[` + header881 + `]`, WrongCount,
			"template.components[0] (header): the template has no header and 1 parameters are given.",
		},
		{
			"coupon", coupon,
			`[{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code",` +
				`"coupon_code":"SAVE"}]}]`,
			"", "",
		},
		{
			"coupon in capitals", coupon,
			`[{"type":"BUTTON","sub_type":"COPY_CODE","index":0,"parameters":[{"type":"coupon_code",` +
				`"coupon_code":"SAVE"}]}]`,
			"", "",
		},
		{
			"coupon too long", coupon,
			`[{"type":"button","sub_type":"copy_code","index":0,"parameters":[{"type":"coupon_code","coupon_code":"` + strings.Repeat("A", 21) + `"}]}]`,
			TooLong, "template.components[0].parameters[0] (button 0): the code has more than 20 characters.",
		},
		{
			"one-time code", oneTimeCodeTemplate,
			`[{"type":"body","parameters":[{"type":"text","text":"123456"}]},{"type":"button","sub_type":"url",` +
				`"index":"0","parameters":[{"type":"text","text":"123456"}]}]`,
			"", "",
		},
		{
			"one-time code too long", oneTimeCodeTemplate,
			`[{"type":"body","parameters":[{"type":"text","text":"1234567890123456"}]},{"type":"button",` +
				`"sub_type":"url","index":"0","parameters":[{"type":"text","text":"1"}]}]`,
			TooLong, "template.components[0].parameters[0] (body): the code has more than 15 characters.",
		},
		{
			"one-time code without its button", oneTimeCodeTemplate,
			`[{"type":"body","parameters":[{"type":"text","text":"123456"}]}]`, WrongCount,
			"template.components (button 0): 1 parameter is expected and no component names the button.",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			err := compiled(t, tc.definition()).Match(components(t, tc.components))
			if tc.kind == "" {
				if err != nil {
					t.Fatalf("got %v, want a match", err)
				}
				return
			}
			var m *Mismatch
			if !errors.As(err, &m) {
				t.Fatalf("got %v, want a *Mismatch", err)
			}
			if m.Kind != tc.kind || m.Details != tc.details {
				t.Errorf("got %q %q, want %q %q", m.Kind, m.Details, tc.kind, tc.details)
			}
		})
	}
}

// A mismatch tells places and numbers, never what the customer would have read.
func TestP7MismatchEchoesNoValue(t *testing.T) {
	const canary = "canary-4477009001"
	for _, raw := range []string{
		`[` + header881 + `,{"type":"body","parameters":[{"type":"` + canary + `","text":"a"},{"type":"text","text":"b"}]},` + url881 + `]`,
		`[{"type":"` + canary + `"}]`,
		`[{"type":"button","sub_type":"` + canary + `","index":0}]`,
		`[{"type":"body","parameters":[{"type":"text","text":"` + strings.Repeat(canary, 100) + `"},{"type":"text","text":"b"}]},` + header881 + `]`,
	} {
		err := compiled(t, valid()).Match(components(t, raw))
		if err == nil {
			t.Fatalf("%.60s matched", raw)
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%.60s is repeated: %v", raw, err)
		}
	}
}

func FuzzTemplateMatch(f *testing.F) {
	f.Add(
		"Hi {{1}}, your order {{2}} is ready.", "Order {{1}}", false, []byte(`[`+header881+`,`+bodyAna+`,`+url881+`]`),
	)
	f.Add(
		"Hi {{first_name}}.", "", true,
		[]byte(`[{"type":"body","parameters":[{"type":"text","parameter_name":"first_name","text":"A"}]}]`),
	)
	f.Add("Hi {{{1}}}", "}}", false, []byte(`[{"type":"button","index":-1}]`))
	f.Add(
		"{{1}}{{1}}{{2}}", "{{", false,
		[]byte(`[{"type":"body","parameters":[{"type":"currency"},{"type":"text","text":"\ud800"}]}]`),
	)
	f.Fuzz(func(t *testing.T, body, header string, isNamed bool, raw []byte) {
		d := valid()
		d.Components[0].Text, d.Components[1].Text = header, body
		if isNamed {
			d.ParameterFormat = Named
		}
		findings := Lint(d)
		c, err := Compile(d)
		if err != nil {
			if !HasErrors(findings) {
				t.Fatalf("lint finds nothing and compiling says %v", err)
			}
			return
		}
		var list []SendComponent
		if json.Unmarshal(raw, &list) != nil || CheckSend(list) != nil {
			return
		}
		matched := c.Match(list)
		preview, rendered := c.Render(list)
		if (matched == nil) != (rendered == nil) {
			t.Fatalf("match says %v, render says %v", matched, rendered)
		}
		if matched == nil && len([]rune(preview.Body)) > maxBody { // the template has more than a body
			t.Fatalf("the body has %d characters", len([]rune(preview.Body)))
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	c := compiled(b, valid())
	list := components(b, `[`+header881+`,`+bodyAna+`,`+url881+`]`)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Match(list); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMatchOfButtonsWithoutVariables(t *testing.T) {
	d := Definition{Category: CategoryMarketing, Components: []Component{
		{Type: Body, Text: "See our catalogue."},
		{Type: Buttons, Buttons: []Button{
			{Type: ButtonFlow, Text: "Book"},
			{Type: ButtonCatalog, Text: "View"},
			{Type: ButtonMPM, Text: "Items"},
			{Type: ButtonPhoneNumber, Text: "Call"},
			{Type: ButtonURL, Text: "Go", URL: "https://ex.test"},
			{Type: "VOICE_CALL", Text: "Ring"},
		}},
	}}
	tests := map[string]struct {
		components string
		kind       MismatchKind
	}{
		"none": {`[]`, ""},
		"flow with an action": {
			`[{"type":"button","sub_type":"flow","index":0,"parameters":[{"type":"action",` +
				`"action":{"flow_token":"t"}}]}]`,
			"",
		},
		"flow with a text": {
			`[{"type":"button","sub_type":"flow","index":0,"parameters":[{"type":"text","text":"t"}]}]`, WrongFormat,
		},
		"catalog without action": {`[{"type":"button","sub_type":"catalog","index":1}]`, ""},
		"items with two actions": {
			`[{"type":"button","sub_type":"mpm","index":2,"parameters":[{"type":"action"},{"type":"action"}]}]`,
			WrongCount,
		},
		"phone with a parameter": {
			`[{"type":"button","sub_type":"voice_call","index":3,"parameters":[{"type":"text","text":"t"}]}]`,
			WrongFormat,
		},
		"phone with a component": {`[{"type":"button","sub_type":"phone_number","index":3}]`, WrongFormat},
		"unknown type of button": {
			`[{"type":"button","sub_type":"voice_call","index":5,"parameters":[{"type":"payload","payload":"t"}]}]`, "",
		},
		"fixed URL, a parameter": {
			`[{"type":"button","sub_type":"url","index":4,"parameters":[{"type":"text","text":"t"}]}]`, WrongCount,
		},
	}
	for name, tc := range tests {
		err := compiled(t, d).Match(components(t, tc.components))
		m, refused := errors.AsType[*Mismatch](err)
		if refused != (tc.kind != "") || refused && m.Kind != tc.kind {
			t.Errorf("%s: got %v, want %q", name, err, tc.kind)
		}
	}
}
