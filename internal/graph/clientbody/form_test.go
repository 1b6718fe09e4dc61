package clientbody

import (
	"encoding/json"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

func FuzzFormJSON(f *testing.F) {
	f.Add([]byte(`messaging_product=whatsapp&to=1&text={"body":"hi"}`))
	f.Add([]byte(`a=%22&a=%7B%7D&b[c]=1&d=%`))
	f.Add([]byte("a=\xff&b=1e999"))
	f.Add([]byte(`a={'b':'c',d:true}`))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n{\"a\":1}\r\n--b--\r\n"))
	rules := &Rules{MaxBytes: 1 << 20, Texts: []string{"to"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func([]byte) ([]byte, string){rules.formJSON, rules.multipartJSON} {
			text, problem := read(body)
			if problem != "" {
				continue
			}
			if !json.Valid(text) {
				t.Fatalf("not JSON: %q", text)
			}
			if _, err := rawjson.ParseObject(text); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

// A form is longer as JSON: what is bounded is what is passed on.
func TestAFormIsBoundedAsTheJSONThatItMeans(t *testing.T) {
	rules := &Rules{MaxBytes: 18}
	if _, _, err := rules.Read([]byte("a=1&b=2&c=3")); err == nil {
		t.Error("19 bytes of JSON were taken, 18 are the most")
	}
	if raw, _, err := rules.Read([]byte("a=1&b=2")); err != nil || string(raw) != `{"a":1,"b":2}` {
		t.Errorf("got %s %v", raw, err)
	}
}

func TestAnErrorIsMadeByTheRules(t *testing.T) {
	rules := &Rules{MaxBytes: 100, Fail: func(sentence string) *graph.Error { return graph.NewError(100, sentence) }}
	_, _, err := rules.Read([]byte("[]"))
	if answer, ok := graph.AsError(err); !ok || answer.Details != "The body must be a JSON object." {
		t.Errorf("got %v", err)
	}
}
