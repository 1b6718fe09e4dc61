package promotion

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// span is a part of a text, in bytes.
type span struct{ start, end int }

func (s span) meets(other span) bool { return s.start < other.end && other.start < s.end }

// Words returns what in a text reads as promotion, as it is written there, in the order of the
// text; of what overlaps the longest. language is the text's, such as "en_US"; a text in a language
// that has no list, or that is said to be in another one, is compared with the others all the same.
func Words(text, language string) []string {
	pieces := tokens(text)
	language, _, _ = strings.Cut(language, "_")
	var found, fine []span
	for _, l := range load().languages {
		for i := range l.phrases {
			if p := &l.phrases[i]; !p.own || l.language == language {
				found = append(found, p.in(pieces)...)
			}
		}
		for i := range l.fine {
			fine = append(fine, l.fine[i].in(pieces)...)
		}
	}
	found = slices.DeleteFunc(found, func(s span) bool { return slices.ContainsFunc(fine, s.meets) })
	var words []string
	for _, s := range longest(found) {
		words = append(words, text[s.start:s.end])
	}
	return words
}

// in returns where the phrase is in a text.
func (p *phrase) in(pieces []token) []span {
	var found []span
	for at := 0; len(p.pieces) > 0 && at+len(p.pieces) <= len(pieces); at++ {
		if p.at(pieces[at:]) {
			found = append(found, span{pieces[at].start, pieces[at+len(p.pieces)-1].end})
		}
	}
	return found
}

func (p *phrase) at(pieces []token) bool {
	for i := range p.pieces {
		if !p.pieces[i].is(&pieces[i]) {
			return false
		}
	}
	return true
}

// longest leaves out what lies within something longer, and orders the rest.
func longest(found []span) []span {
	slices.SortFunc(found, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	var kept []span
	for _, s := range found {
		if len(kept) == 0 || s.end > kept[len(kept)-1].end {
			kept = append(kept, s)
		}
	}
	return kept
}

var parameter = regexp.MustCompile(`[?&;#]([A-Za-z_][A-Za-z0-9_.-]*)`)

// Parameters returns the names of the parameters in a link, or in a text with links, by which
// campaigns are counted or discounts given.
func Parameters(text string) []string {
	if unescaped, err := url.PathUnescape(text); err == nil {
		text = unescaped
	}
	var names []string
	for _, match := range parameter.FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(match[1])
		known := slices.ContainsFunc(load().parameters, func(p pattern) bool { return p.matches(name) })
		if known && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
