package gateway

import (
	"strings"
	"unicode"

	"github.com/guichet-dev/guichet/internal/config"
)

// wish is what a customer's message says about marketing.
type wish int

const (
	noWish wish = iota
	wishStop
	wishResume
)

// keywords are the words of all languages by which customers stop and resume marketing, without their case, see foldWord.
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
	const longest = 256 // bytes; the API takes keywords of 32 characters, of up to 4 bytes each
	if len(k) == 0 || len(text) > longest {
		return noWish
	}
	word := foldWord(text)
	if word == "" {
		return noWish // a picture, say, whatever the lists hold
	}
	return k[word]
}

// foldWord drops the case, and the punctuation around a word. To lower case and from there to upper case makes one letter also of those that have two lower-case
// forms (the Greek sigma) or two upper-case ones (the Turkish i).
func foldWord(word string) string {
	const around = ".,;:!?…\"'“”„«»‘’¡¿。！"
	bare := strings.TrimFunc(word, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(around, r) })
	return strings.ToUpper(strings.ToLower(bare))
}
