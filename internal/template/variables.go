package template

import (
	"regexp"
	"strconv"
	"strings"
)

// variable is one {{…}} of a text; start and end are byte offsets of its braces.
type variable struct {
	name       string
	start, end int
}

// scanVariables finds the variables of a text. ok is false if braces do not
// pair up; the variables before the fault are still returned.
func scanVariables(text string) (found []variable, ok bool) {
	at := 0
	for {
		open := strings.Index(text[at:], "{{")
		end := strings.Index(text[at:], "}}")
		switch {
		case open < 0 && end < 0:
			return found, true
		case open < 0 || end < open:
			return found, false
		}
		name := text[at+open+2 : at+end]
		if strings.ContainsAny(name, "{}") {
			return found, false
		}
		found = append(found, variable{name: name, start: at + open, end: at + end + 2})
		at += end + 2
	}
}

var (
	positionalName = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	namedName      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// distinct returns the names in order of first appearance.
func distinct(variables []variable) []string {
	var names []string
	seen := map[string]bool{}
	for _, v := range variables {
		if !seen[v.name] {
			seen[v.name] = true
			names = append(names, v.name)
		}
	}
	return names
}

// gap returns the first number that is missing between 1 and the largest of the
// positional names, or 0.
func gap(names []string) int {
	present := map[int]bool{}
	largest := 0
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			present[n] = true
			largest = max(largest, n)
		}
	}
	for n := 1; n <= largest; n++ {
		if !present[n] {
			return n
		}
	}
	return 0
}

// literal returns the text without its variables.
func literal(text string, variables []variable) string {
	var out strings.Builder
	at := 0
	for _, v := range variables {
		out.WriteString(text[at:v.start])
		out.WriteByte(' ')
		at = v.end
	}
	out.WriteString(text[at:])
	return out.String()
}
