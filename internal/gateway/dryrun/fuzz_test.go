package dryrun

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// FuzzAsked reads any body: what is left of a JSON object is one without the member.
func FuzzAsked(f *testing.F) {
	for _, seed := range []string{
		`{"to":"1","dry_run":true}`, `{"\u0064ry_run":false,"x":{"dry_run":1}}`, `{"DRY_RUN":true}`, `{"dry_run":true`,
		"to=1&dry_run=true", "to=1;dry_run=true", "%64ry_run=%74rue", "--b\r\ndry_run", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, rest, err := Asked(httptest.NewRequest(http.MethodPost, "/", http.NoBody), body)
		if err != nil || !json.Valid(body) {
			return
		}
		object, err := rawjson.ParseObject(rest)
		if !json.Valid(rest) || err == nil && object.Has(member) {
			t.Fatalf("%q became %q", body, rest)
		}
	})
}
