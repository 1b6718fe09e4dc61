package promotion

import (
	"embed"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed lists/*.txt
var files embed.FS

const linksFile = "links"

// list is what one file says.
type list struct {
	language string
	phrases  []phrase
	// fine are phrases that are not promotional.
	fine []phrase
}

// phrase is a row of pieces.
type phrase struct {
	pieces []pattern
	// own says that it counts in texts of its own language only.
	own bool
}

// pattern is a piece of a phrase.
type pattern struct {
	kind tokenKind
	// text is empty for any number.
	text string
	// before and after say that a word may go on there.
	before, after bool
}

// lists are those of the languages, in their order, and the parameters of links.
type lists struct {
	languages  []list
	parameters []pattern
}

// load reads the files once. They are part of the program: a test reads them all.
var load = sync.OnceValue(func() lists {
	var all lists
	entries, err := files.ReadDir("lists")
	if err != nil {
		panic("promotion: the lists are not there: " + err.Error())
	}
	for _, entry := range entries {
		content, err := files.ReadFile("lists/" + entry.Name())
		if err != nil {
			panic("promotion: a list cannot be read: " + err.Error())
		}
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		if name == linksFile {
			all.parameters = readParameters(string(content))
			continue
		}
		all.languages = append(all.languages, readList(name, string(content)))
	}
	return all
})

// rows are the rows of a file that say something.
func rows(content string) []string {
	var found []string
	for row := range strings.Lines(content) {
		if row = strings.TrimSpace(row); row != "" && !strings.HasPrefix(row, "#") {
			found = append(found, row)
		}
	}
	return found
}

func readList(language, content string) list {
	l := list{language: language}
	for _, row := range rows(content) {
		if fine, is := strings.CutPrefix(row, "- "); is {
			l.fine = append(l.fine, readPhrase(fine))
			continue
		}
		own, is := strings.CutPrefix(row, "! ")
		p := readPhrase(own)
		p.own = is
		l.phrases = append(l.phrases, p)
	}
	return l
}

// readPhrase reads a phrase with the reader of texts, so that both are cut in the same way.
func readPhrase(row string) phrase {
	var p phrase
	for part := range strings.FieldsSeq(row) {
		text := strings.Trim(part, "*")
		if i := strings.Index(text, "N"); i >= 0 && text == strings.ToUpper(text) {
			text = strings.ReplaceAll(text, "N", "{{n}}")
		}
		var pieces []pattern
		for _, t := range tokens(text) {
			pieces = append(pieces, pattern{kind: t.kind, text: t.text})
		}
		if len(pieces) > 0 {
			pieces[0].before = strings.HasPrefix(part, "*")
			pieces[len(pieces)-1].after = strings.HasSuffix(part, "*")
		}
		p.pieces = append(p.pieces, pieces...)
	}
	return p
}

func readParameters(content string) []pattern {
	var found []pattern
	for _, row := range rows(content) {
		found = append(found, pattern{text: strings.TrimSuffix(row, "*"), after: strings.HasSuffix(row, "*")})
	}
	return found
}

// is tells whether a piece of a text is the pattern's.
func (p *pattern) is(t *token) bool {
	if p.kind != t.kind {
		return false
	}
	if p.kind != word {
		return p.kind != number || p.text == "" || p.text == t.text
	}
	return slices.ContainsFunc(forms(t.text), p.matches)
}

func (p *pattern) matches(text string) bool {
	switch {
	case p.before && p.after:
		return strings.Contains(text, p.text)
	case p.before:
		return strings.HasSuffix(text, p.text)
	case p.after:
		return strings.HasPrefix(text, p.text)
	}
	return text == p.text
}

// forms are a word, and an Arabic one also without what is written together with it: "and", "with",
// "the".
func forms(text string) []string {
	all := []string{text}
	for _, prefixes := range [][]string{{"و", "ف"}, {"لل", "ب", "ل", "ك"}, {"ال"}} {
		for _, prefix := range prefixes {
			rest, is := strings.CutPrefix(all[len(all)-1], prefix)
			if is && len([]rune(rest)) >= 3 {
				all = append(all, rest)
				break
			}
		}
	}
	return all
}
