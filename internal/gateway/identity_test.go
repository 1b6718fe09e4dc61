package gateway

import (
	"regexp"
	"testing"
)

func TestNewMessageIDHasTheUpstreamsFormAndIsRecognised(t *testing.T) {
	form := regexp.MustCompile(`^wamid\.[A-Za-z0-9_-]{36}$`)
	seen := map[string]bool{}
	for range 1000 {
		id, err := newMessageID(noon)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(id) || !isOwnID(id) || seen[id] {
			t.Fatalf("id %q is malformed, not recognised or not new", id)
		}
		seen[id] = true
	}
	if isOwnID("wamid.HBgNNTUxMTk5OTk5MDAwMBUCABEYEjE") {
		t.Error("an id of the upstream is taken for our own")
	}
}
