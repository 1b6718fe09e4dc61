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

// Words in the cases, quotes and lengths that people write them in.
func TestKeywordOfAnyScriptIsRecognised(t *testing.T) {
	const thai = "ฉันไม่ต้องการรับข้อความอีกต่อไป" // 31 characters, 93 bytes; the API takes 32 characters
	words := newKeywords([]config.ConsentKeywords{
		{Language: "el", Stop: []string{"τέλος"}},
		{Language: "tr", Stop: []string{"iptal", "DURDUR"}},
		{Language: "th", Stop: []string{thai}},
		{Language: "xx", Stop: []string{"!", "*"}},
	})
	tests := map[string]wish{
		"Τέλος": wishStop, "ΤΈΛΟΣ": wishStop, "İptal": wishStop, "IPTAL": wishStop, "Durdur": wishStop, thai: wishStop, "“iptal”": wishStop, "iptal…": wishStop,
		"*": wishStop, "!": noWish, "": noWish, "…": noWish,
	}
	for text, want := range tests {
		if got := words.wishOf(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}
