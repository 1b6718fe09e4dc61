// Package keywords recognises the messages by which customers stop and resume marketing.
package keywords

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/guichet-dev/guichet/internal/config"
)

// Wish is what a customer's message says about marketing.
type Wish int

// The wishes.
const (
	None Wish = iota
	Stop
	Resume
)

// List are the words of all languages by which customers stop and resume marketing, as foldWord
// makes them.
type List map[string]Wish

// New returns the list of the words of the languages. A word that both stops and resumes stops.
func New(languages []config.ConsentKeywords) List {
	words := List{}
	for _, language := range languages {
		for _, word := range language.Resume {
			words[foldWord(word)] = Resume
		}
		for _, word := range language.Stop {
			words[foldWord(word)] = Stop // a word that stands in both lists stops
		}
	}
	return words
}

// Wish reads a customer's whole message; a keyword inside a sentence is none.
func (k List) Wish(text string) Wish {
	// bytes; the API takes keywords of 32 characters, of up to 4 bytes each, or 9 where each of
	// three letters is a character of its own
	const longest = 512
	if len(k) == 0 || len(text) > longest {
		return None
	}
	word := foldWord(text)
	if word == "" {
		return None // a picture, say, whatever the lists hold
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
