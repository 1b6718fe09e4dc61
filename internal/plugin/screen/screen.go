// Package screen lays text out for a terminal: at most 100 columns, colour only where it is wanted,
// and nothing of what somebody else wrote that could steer the terminal.
package screen

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Columns is the greatest width of a line.
const Columns = 100

// Style is how a piece of text looks.
type Style string

// The styles. Their values are the parameters of ECMA-48's SGR.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Good   Style = "32"
	Warn   Style = "33"
	Bad    Style = "31"
	Accent Style = "36"
)

// Screen writes lines to a terminal, or to a file that looks like one without colour. The first
// error is kept and everything after it is left out.
type Screen struct {
	out    io.Writer
	colour bool
	err    error
}

// New returns a screen that writes to out.
func New(out io.Writer, colour bool) *Screen { return &Screen{out: out, colour: colour} }

// Err returns the first error of writing.
func (s *Screen) Err() error { return s.err }

// Paint returns text in a style, or as it is if there is no colour.
func (s *Screen) Paint(style Style, text string) string {
	if !s.colour || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Line writes a line. What it is made of must be clean.
func (s *Screen) Line(text string) {
	if s.err == nil {
		_, s.err = fmt.Fprintln(s.out, strings.TrimRight(text, " "))
	}
}

// Title writes a heading after an empty line.
func (s *Screen) Title(text string) {
	s.Line("")
	s.Line(s.Paint(Bold, text))
}

// Paragraph writes text in lines that begin with an indent, the first one with a lead in its place.
func (s *Screen) Paragraph(lead string, style Style, text string) {
	indent := strings.Repeat(" ", Width(lead))
	for _, line := range Wrap(Clean(text), Columns-Width(lead)) {
		s.Line(lead + s.Paint(style, line))
		lead = indent
	}
}

// Clean returns text without what steers a terminal or turns the direction of writing, in one line.
func Clean(text string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(clean)
}

// Width returns how many columns text takes.
func Width(text string) int {
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Wrap breaks text between words into lines of at most some columns. A longer word is cut.
func Wrap(text string, columns int) []string {
	columns = max(columns, 10)
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= columns:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
		for Width(line) > columns {
			head := cut(line, columns)
			lines, line = append(lines, head), line[len(head):]
		}
	}
	return append(lines, line)
}

// cut returns as much of the beginning of text as fits.
func cut(text string, columns int) string {
	taken := 0
	for i, r := range text {
		if taken += runeWidth(r); taken > columns {
			return text[:i]
		}
	}
	return text
}

// Fit returns text cut to some columns; what is cut shows as an ellipsis.
func Fit(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	return cut(text, max(columns-1, 0)) + "…"
}

// Pad returns text with spaces behind it up to some columns.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(columns-Width(text), 0))
}

// Bar returns a bar of some columns, filled to a share from 0 to 1. What is more than nothing
// shows.
func Bar(share float64, columns int) string {
	filled := min(max(int(share*float64(columns)+0.5), 0), columns)
	if share > 0 && filled == 0 {
		filled = 1
	}
	return strings.Repeat("█", filled) + strings.Repeat("░", columns-filled)
}
