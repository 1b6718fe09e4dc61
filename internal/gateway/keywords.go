package gateway

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/config"
)

// wish is what a customer's message says about marketing.
type wish int

const (
	noWish wish = iota
	wishStop
	wishResume
)

// keywords are the words of all languages by which customers stop and resume marketing, folded to lower case.
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
	const longest = 64
	if len(k) == 0 || len(text) > longest {
		return noWish
	}
	return k[foldWord(text)]
}

func foldWord(word string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(word), ".!\u00a0 "))
}
