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

// A keyboard may write a letter and its accent as two characters, or the letters of an East Asian
// width; an app may set a word in bold, or between marks that cannot be seen.
func TestKeywordIsRecognisedHoweverItIsEncoded(t *testing.T) {
	words := newKeywords([]config.ConsentKeywords{
		{Language: "fr", Stop: []string{"Arr\u00eat"}, Resume: []string{"de\u0301marrer"}},
		{Language: "en", Stop: []string{"STOP", "STOP PROMO"}},
		{Language: "he", Stop: []string{"הסר"}},
		{Language: "ko", Stop: []string{"수신거부"}},
	})
	tests := map[string]wish{
		"arre\u0302t": wishStop, "ARRE\u0302T!": wishStop, "d\u00e9marrer": wishResume,
		"ＳＴＯＰ": wishStop, "stop\u00a0promo": wishStop, "*STOP*": wishStop, "_Stop_": wishStop, "~`stop!`~": wishStop,
		"\u200fהסר\u200f": wishStop, "\ufeffSTOP\u200b": wishStop, "\u2068stop\u2069.": wishStop,
		"\u1109\u116e\u1109\u1175\u11ab\u1100\u1165\u1107\u116e": wishStop,
		"*": noWish, "**": noWish, "***": noWish, "\u200b": noWish, "arret": noWish, "*stop": noWish,
	}
	for text, want := range tests {
		if got := words.wishOf(text); got != want {
			t.Errorf("%+q is %d, want %d", text, got, want)
		}
	}
}
