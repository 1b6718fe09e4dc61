package served

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
)

func TestStorageOfAGatewayCannotChange(t *testing.T) {
	embedded, shared := &config.Storage{}, &config.Storage{
		Type: config.StorageShared, URL: "postgres://localhost/guichet",
	}
	tests := map[string]struct {
		now, next *config.Storage
		want      string
	}{
		"first, embedded":       {nil, embedded, ""},
		"first, shared":         {nil, shared, ""},
		"another URL":           {shared, &config.Storage{Type: config.StorageShared, URL: "postgres://other/guichet"}, ""},
		"embedded to shared":    {embedded, shared, "storage.type has changed: the ledger does not move by itself, so a gateway keeps its storage for all its life"},
		"shared to embedded":    {shared, embedded, "storage.type has changed: the ledger does not move by itself, so a gateway keeps its storage for all its life"},
		"shared without a URL":  {nil, &config.Storage{Type: config.StorageShared}, "storage.url is missing: a shared store needs one"},
		"something else":        {nil, &config.Storage{Type: "Tape"}, `storage.type is "Tape": it must be "Embedded" or "Shared"`},
		"embedded, and says so": {embedded, &config.Storage{Type: config.StorageEmbedded}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := storageProblem(tc.now, tc.next); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
