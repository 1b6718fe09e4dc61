package gateway

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
)

func TestKeywordIsAWholeMessageInAnyCase(t *testing.T) {
	words := newKeywords([]config.ConsentKeywords{
		{Language: "fr", Stop: []string{"Arrêt", "STOP"}, Resume: []string{"reprendre", "stop"}},
		{Language: "de", Stop: []string{"Schluss"}},
	})
	tests := map[string]wish{
		"STOP": wishStop, "stop": wishStop, "  Stop! ": wishStop, "ARRÊT": wishStop, "schluss.": wishStop,
		"REPRENDRE": wishResume, "please stop": noWish, "stopping": noWish, "": noWish,
	}
	for text, want := range tests {
		if got := words.wishOf(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}
