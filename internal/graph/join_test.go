package graph

import (
	"encoding/json"
	"testing"
)

func TestJoinWebhooks(t *testing.T) {
	const first = `{"object":"page","entry":[{"id":"1","x":"\u00e9"}],"more":[1]}`
	for name, tc := range map[string]struct{ first, second, want string }{
		"two": {
			first, `{"object":"page","entry":[{"id":"2"}]}`,
			`{"object":"page","entry":[{"id":"1","x":"\u00e9"},{"id":"2"}],"more":[1]}`,
		},
		"one of two and one of one": {
			`{"object":"page","entry":[{"id":"1"},{"id":"2"}]}`, `{"entry":[ {"id":"3"} ],"object":"page"}`,
			`{"object":"page","entry":[{"id":"1"},{"id":"2"}, {"id":"3"} ]}`,
		},
		"of two objects":      {first, `{"object":"instagram","entry":[{"id":"2"}]}`, ""},
		"of no object":        {`{"entry":[{}]}`, `{"entry":[{}]}`, ""},
		"without entries":     {first, `{"object":"page"}`, ""},
		"with an empty list":  {first, `{"object":"page","entry":[ ]}`, ""},
		"with something else": {first, `{"object":"page","entry":{"a":[1]}}`, ""},
		"no JSON":             {first, `"second"`, ""},
	} {
		got, ok := JoinWebhooks([]byte(tc.first), []byte(tc.second))
		if ok != (tc.want != "") || string(got) != tc.want || ok && !json.Valid(got) {
			t.Errorf("%s: got %s, %v; want %s", name, got, ok, tc.want)
		}
	}
}
