package promotion

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// tokenKind is what a piece of a text is.
type tokenKind uint8

const (
	word tokenKind = iota
	number
	percent
	currency
	minus // directly before a number
	stop  // the end of a sentence: no phrase goes across it
)

// token is a piece of a text. start and end are byte offsets.
type token struct {
	kind tokenKind
	// text is the folded word, or the digits of a number; empty for a variable.
	text       string
	start, end int
}

// tokens cuts a text into pieces. What is none of them, spaces and most punctuation, is left out.
func tokens(text string) []token {
	var found []token
	for at := 0; at < len(text); {
		piece := next(text, at)
		if piece.kind != word || piece.text != "" {
			found = append(found, piece)
		}
		at = piece.end
	}
	return found
}

// next is the piece at an offset. One without a text is nothing.
func next(text string, at int) token {
	r, size := utf8.DecodeRuneInString(text[at:])
	piece := token{start: at, end: at + size}
	switch {
	case strings.HasPrefix(text[at:], "{{"):
		if length := strings.Index(text[at:], "}}"); length > 0 {
			piece.kind, piece.end = number, at+length+len("}}")
		}
	case unicode.IsDigit(r):
		piece.kind, piece.end = number, numberEnd(text, at)
		piece.text = digits(text[at:piece.end])
	case inWord(r):
		piece.end = wordEnd(text, at)
		piece.text = fold(text[at:piece.end])
	case strings.ContainsRune("%٪%﹪", r):
		piece.kind, piece.text = percent, "%"
	case unicode.Is(unicode.Sc, r):
		piece.kind, piece.text = currency, "$"
	case strings.ContainsRune("-−–", r) && beginsNumber(text[at+size:]) && standsAlone(text[:at]):
		piece.kind, piece.text = minus, "-"
	case strings.ContainsRune(".!?;:\n\r…।؟۔؛", r):
		piece.kind, piece.text = stop, "."
	}
	return piece
}

// inWord tells whether a rune belongs to a word: letters, the signs that belong to them, and what
// is not seen.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.Is(unicode.Cf, r)
}

func wordEnd(text string, at int) int {
	for i, r := range text[at:] {
		if !inWord(r) {
			return at + i
		}
	}
	return len(text)
}

// numberEnd is the end of a number with its separators, such as 1.000,50.
func numberEnd(text string, at int) int {
	end := at
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if unicode.IsDigit(r) {
			end += size
			continue
		}
		following, _ := utf8.DecodeRuneInString(text[end+size:])
		if !strings.ContainsRune(".,'’٫٬", r) || !unicode.IsDigit(following) {
			break
		}
		end += size
	}
	return end
}

func beginsNumber(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsDigit(r) || strings.HasPrefix(text, "{{")
}

// standsAlone tells whether what follows a text is the beginning of something, and not of "10-20".
func standsAlone(before string) bool {
	r, _ := utf8.DecodeLastRuneInString(before)
	return before == "" || !unicode.IsDigit(r) && !inWord(r) && r != '}' && r != '%'
}

// digits are those of a number in Latin digits, whatever the script.
func digits(text string) string {
	var out strings.Builder
	for _, r := range text {
		if unicode.IsDigit(r) {
			out.WriteRune('0' + value(r))
		}
	}
	return out.String()
}

// value is that of a decimal digit: each script has its ten in a row.
func value(r rune) rune {
	n := rune(0)
	for n < 9 && unicode.IsDigit(r-n-1) {
		n++
	}
	return n
}

// fold writes a word as the lists are compared: in small letters of one width, without accents,
// vowel points and what is not seen, and with one letter for those that are written for each other.
func fold(text string) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Cf, r), r >= 0x0300 && r <= 0x036F, // accents
			r >= 0x064B && r <= 0x0655, r == 0x0670, r == 0x0640, // Arabic vowel points, and the stretched line
			r == 0x093C,                // the dot below of Devanagari
			r >= 0xFE00 && r <= 0xFE0F: // how an emoji is drawn
		case r == 'ß':
			out.WriteString("ss")
		case r == 'ى':
			out.WriteRune('ي')
		case r == 'ة':
			out.WriteRune('ه')
		default:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}
