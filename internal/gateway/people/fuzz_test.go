package people

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// FuzzConsents reads what a business tells of consents and of whom to erase: what is taken names
// people, and no word of theirs is of the future.
func FuzzConsents(f *testing.F) {
	for _, body := range []string{
		`{"consents":[{"user":"+33612345678","state":"granted","timestamp":"1760000000"}]}`,
		`{"consents":[{"user":"33612345678","state":"withdrawn"}],"users":[{"user":"FR.1349278046923051"}]}`,
		`{"consents":[{"user":"","state":"granted"}]}`, `{"consents":[{"state":"granted","timestamp":99999999999}]}`,
		`{"users":[{"user":" "},{}]}`, `{"users":[]}`, `[]`, `{`,
	} {
		f.Add([]byte(body))
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		var request struct {
			Consents []Consent `json:"consents"`
			Users    []Named   `json:"users"`
		}
		if json.Unmarshal(body, &request) != nil {
			return
		}
		of := whatsapp.Network{}
		if erased, err := ReadNamed(of, "users", request.Users); err == nil && slices.Contains(erased, "") {
			t.Error("nobody is to be erased")
		}
		for i, c := range request.Consents {
			if c.Check(i) != nil {
				continue
			}
			if at := c.At(now); at <= 0 || at > now.Unix() {
				t.Errorf("a consent of %q counts from %d", c.Timestamp, at)
			}
			if people, err := ReadNames(of, "consents", []string{c.User}); err == nil && people[0] == "" {
				t.Errorf("a consent of %q is nobody's", c.User)
			}
		}
	})
}
