package whatsapp

import (
	"regexp"
	"testing"
	"time"
)

func TestNewIDHasTheUpstreamsFormAndIsRecognised(t *testing.T) {
	form := regexp.MustCompile(`^wamid\.[A-Za-z0-9_-]{36}$`)
	seen, n := map[string]bool{}, Network{}
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for range 1000 {
		id, err := n.NewID(noon)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(id) || !n.IsOwnID(id) || seen[id] {
			t.Fatalf("id %q is malformed, not recognised or not new", id)
		}
		seen[id] = true
	}
	if n.IsOwnID("wamid.HBgNNTUxMTk5OTk5MDAwMBUCABEYEjE") {
		t.Error("an id of the upstream is taken for our own")
	}
}
