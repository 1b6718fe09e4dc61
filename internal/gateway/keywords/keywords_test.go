package keywords

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
)

func TestKeywordIsAWholeMessageInAnyCase(t *testing.T) {
	words := New([]config.ConsentKeywords{
		{Language: "fr", Stop: []string{"Arrêt", "STOP"}, Resume: []string{"reprendre", "stop"}},
		{Language: "de", Stop: []string{"Schluss"}},
	})
	tests := map[string]Wish{
		"STOP": Stop, "stop": Stop, "  Stop! ": Stop, "ARRÊT": Stop, "schluss.": Stop,
		"REPRENDRE": Resume, "please stop": None, "stopping": None, "": None,
	}
	for text, want := range tests {
		if got := words.Wish(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}

// Words in the cases, quotes and lengths that people write them in.
func TestKeywordOfAnyScriptIsRecognised(t *testing.T) {
	const thai = "ฉันไม่ต้องการรับข้อความอีกต่อไป" // 31 characters, 93 bytes; the API takes 32 characters
	words := New([]config.ConsentKeywords{
		{Language: "el", Stop: []string{"τέλος"}},
		{Language: "tr", Stop: []string{"iptal", "DURDUR"}},
		{Language: "th", Stop: []string{thai}},
		{Language: "xx", Stop: []string{"!", "*"}},
	})
	tests := map[string]Wish{
		"Τέλος": Stop, "ΤΈΛΟΣ": Stop, "İptal": Stop, "IPTAL": Stop, "Durdur": Stop, thai: Stop, "“iptal”": Stop, "iptal…": Stop,
		"*": Stop, "!": None, "": None, "…": None,
	}
	for text, want := range tests {
		if got := words.Wish(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}

// A keyboard may write a letter and its accent as two characters, or the letters of an East Asian
// width; an app may set a word in bold, or between marks that cannot be seen.
func TestKeywordIsRecognisedHoweverItIsEncoded(t *testing.T) {
	words := New([]config.ConsentKeywords{
		{Language: "fr", Stop: []string{"Arr\u00eat"}, Resume: []string{"de\u0301marrer"}},
		{Language: "en", Stop: []string{"STOP", "STOP PROMO"}},
		{Language: "he", Stop: []string{"הסר"}},
		{Language: "ko", Stop: []string{"수신거부"}},
	})
	tests := map[string]Wish{
		"arre\u0302t": Stop, "ARRE\u0302T!": Stop, "d\u00e9marrer": Resume,
		"ＳＴＯＰ": Stop, "stop\u00a0promo": Stop, "*STOP*": Stop, "_Stop_": Stop, "~`stop!`~": Stop,
		"\u200fהסר\u200f": Stop, "\ufeffSTOP\u200b": Stop, "\u2068stop\u2069.": Stop,
		"\u1109\u116e\u1109\u1175\u11ab\u1100\u1165\u1107\u116e": Stop,
		"*": None, "**": None, "***": None, "\u200b": None, "arret": None, "*stop": None,
	}
	for text, want := range tests {
		if got := words.Wish(text); got != want {
			t.Errorf("%+q is %d, want %d", text, got, want)
		}
	}
}
