package gateway

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/guichet-dev/guichet/internal/config"
)

// wish is what a customer's message says about marketing.
type wish int

const (
	noWish wish = iota
	wishStop
	wishResume
)

// keywords are the words of all languages by which customers stop and resume marketing, as foldWord
// makes them.
type keywords map[string]wish

func newKeywords(languages []config.ConsentKeywords) keywords {
	words := keywords{}
	for _, language := range languages {
		for _, word := range language.Resume {
			words[foldWord(word)] = wishResume
		}
		for _, word := range language.Stop {
			words[foldWord(word)] = wishStop // a word that stands in both lists stops
		}
	}
	return words
}

// wishOf reads a customer's whole message; a keyword inside a sentence is none.
func (k keywords) wishOf(text string) wish {
	// bytes; the API takes keywords of 32 characters, of up to 4 bytes each, or 9 where each of
	// three letters is a character of its own
	const longest = 512
	if len(k) == 0 || len(text) > longest {
		return noWish
	}
	word := foldWord(text)
	if word == "" {
		return noWish // a picture, say, whatever the lists hold
	}
	return k[word]
}

// foldWord drops what is no part of a word: the case, the punctuation and the marks that cannot be
// seen around it, such as those that tell the direction of a script, and how it is encoded, for a
// keyboard may write an accent as a character of its own. To lower case and from there to upper
// case makes one letter also of those that have two lower-case forms (the Greek sigma) or two
// upper-case ones (the Turkish i).
func foldWord(word string) string {
	bare := trimAround(norm.NFKC.String(word))
	for isMarkedUp(bare) {
		bare = trimAround(bare[1 : len(bare)-1])
	}
	return strings.ToUpper(strings.ToLower(bare))
}

func trimAround(word string) string {
	const around = ".,;:!?…\"'“”„«»‘’¡¿。！"
	return strings.TrimFunc(word, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(around, r)
	})
}

// isMarkedUp tells whether a word stands between the signs by which the app makes it bold, italic,
// struck through or monospaced.
func isMarkedUp(word string) bool {
	last := len(word) - 1
	return last > 1 && word[0] == word[last] && strings.IndexByte("*_~`", word[0]) >= 0
}
