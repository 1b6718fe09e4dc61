package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const waitingTemplate = `{"apiVersion":"guichet.dev/v1alpha1","kind":"MessageTemplate","metadata":{"name":"summer",` +
	`"resourceVersion":"712","generation":9007199254740993},` +
	`"spec":{"name":"summer","new":{"a":1.50}},"status":{"category":"Utility","contentDigest":"sha256:1f"%s}}`

func waiting(rest string) string { return strings.Replace(waitingTemplate, "%s", rest, 1) }

func TestTemplateIsDecidedOn(t *testing.T) {
	tests := map[string]struct {
		input     string
		arguments []string
		want      string
	}{
		"approved": {
			waiting(""),
			[]string{"approve", "--by", "jane@acme.example"},
			`{"by":"jane@acme.example","decision":"Approved","digest":"sha256:1f"}`,
		},
		"rejected, with a reason": {
			waiting(""),
			[]string{"reject", "--by", "jane", "--reason", "an advertisement"},
			`{"by":"jane","decision":"Rejected","digest":"sha256:1f","reason":"an advertisement"}`,
		},
		"decided otherwise before": {
			waiting(`,"review":{"by":"bob","decision":"Rejected","digest":"sha256:0","reason":"no"}`),
			[]string{"approve", "--by", "jane"},
			`{"by":"jane","decision":"Approved","digest":"sha256:1f"}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := runWith(tc.input, append([]string{"template"}, tc.arguments...)...)
			if err != nil {
				t.Fatal(err)
			}
			// All else stays as it was.
			want := waiting(`,"review":` + tc.want)
			if diff := cmp.Diff(compacted(t, want), compacted(t, got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// compacted is a document with its members in order, and its numbers as they are written.
func compacted(t *testing.T, document string) string {
	t.Helper()
	object, err := readObject(strings.NewReader(document), 1<<20)
	if err != nil || len(object) == 0 {
		t.Fatalf("%v in %s", err, document)
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTemplateThatCannotBeDecidedOn(t *testing.T) {
	by := []string{"approve", "--by", "jane"}
	tests := map[string]struct {
		input     string
		arguments []string
		want      string
	}{
		"nothing to decide": {`{"kind":"MessageTemplate","status":{}}`, by, "nothing is to be decided on it"},
		"another object":    {`{"kind":"Secret"}`, by, "the input must be one MessageTemplate"},
		"a list":            {`{"kind":"MessageTemplateList","items":[]}`, by, "the input must be one MessageTemplate"},
		"no JSON":           {"kind: MessageTemplate", by, "the input must be one MessageTemplate"},
		"two":               {waiting("") + waiting(""), by, "the input must be one MessageTemplate"},
		"nobody":            {waiting(""), []string{"approve"}, `required flag(s) "by" not set`},
		"a long reason": {
			waiting(""), append(by, "--reason", strings.Repeat("a", 513)), "--reason has more than 512 characters",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := runWith(tc.input, append([]string{"template"}, tc.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(got, "review") {
				t.Errorf("got %q, %v; want an error that says %q", got, err, tc.want)
			}
		})
	}
}
