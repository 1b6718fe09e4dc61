// Package docs runs the shell blocks of the documents as they are printed, in order, on a real
// cluster.
//
// A block is a fence of the language sh, or console with the commands behind "$ " and what they
// print. A comment on the line above it may say more:
//
//	<!-- not run: REASON -->  the block cannot run in a test
//	<!-- prints: REGEXP -->   what it prints on the standard output, in some line
package docs

import (
	"fmt"
	"regexp"
	"strings"
)

// Block is a shell block of a document.
type Block struct {
	// Document is the path in the repository, Line that of the opening fence, counted from 1.
	Document string
	Line     int
	// Commands are what is typed.
	Commands string
	// Prints is what the standard output must match, or nil.
	Prints *regexp.Regexp
	// Output is what the document shows below the commands of a console block, or empty.
	Output string
	// NotRun is why the block is not run, or empty.
	NotRun string
}

// String returns the block's place.
func (b Block) String() string { return fmt.Sprintf("%s:%d", b.Document, b.Line) }

var (
	fence  = regexp.MustCompile("^```([a-z]*)")
	marker = regexp.MustCompile(`^<!-- (not run|prints): (.+) -->$`)
)

// Blocks returns the shell blocks of a document's text. A marker that is not above a shell block is
// an error, and so is a block that is not closed.
func Blocks(document, text string) ([]Block, error) {
	var blocks []Block
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		opened := fence.FindStringSubmatch(lines[i])
		if opened == nil {
			if marker.MatchString(lines[i]) && !isShell(lines, i+1) {
				return nil, fmt.Errorf("%s:%d: a marker must stand on the line above a shell block", document, i+1)
			}
			continue
		}
		end := i + 1
		for end < len(lines) && lines[end] != "```" {
			end++
		}
		if end == len(lines) {
			return nil, fmt.Errorf("%s:%d: the block is not closed", document, i+1)
		}
		if isShell(lines, i) {
			block := Block{Document: document, Line: i + 1}
			block.read(opened[1], lines[i+1:end])
			if err := block.mark(lines, i-1); err != nil {
				return nil, err
			}
			blocks = append(blocks, block)
		}
		i = end
	}
	return blocks, nil
}

// isShell reports whether a line opens a shell block.
func isShell(lines []string, i int) bool {
	if i >= len(lines) {
		return false
	}
	opened := fence.FindStringSubmatch(lines[i])
	return opened != nil && (opened[1] == "sh" || opened[1] == "console")
}

// read reads the commands of a block: all lines of a shell block, those after the prompt of a
// console block.
func (b *Block) read(language string, lines []string) {
	if language == "sh" {
		b.Commands = strings.Join(lines, "\n") + "\n"
		return
	}
	for _, line := range lines {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			b.Commands += command + "\n"
		} else {
			b.Output += line + "\n"
		}
	}
}

// mark reads the marker on a line, if it is one.
func (b *Block) mark(lines []string, i int) error {
	if i < 0 {
		return nil
	}
	said := marker.FindStringSubmatch(lines[i])
	switch {
	case said == nil:
	case said[1] == "not run":
		b.NotRun = said[2]
	default:
		pattern, err := regexp.Compile("(?m)" + said[2])
		if err != nil {
			return fmt.Errorf("%s:%d: %w", b.Document, i+1, err)
		}
		b.Prints = pattern
	}
	return nil
}

// Check returns an error if what the block printed is wrong. A line "…" of the document stands for
// any text.
func (b Block) Check(printed string) error {
	if b.Prints != nil && !b.Prints.MatchString(printed) {
		return fmt.Errorf("%s: it printed nothing that matches %s:\n%s", b, b.Prints, printed)
	}
	if b.Output == "" {
		return nil
	}
	var pattern strings.Builder
	for line := range strings.Lines(b.Output) {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString("(?s:.*)")
			continue
		}
		pattern.WriteString(regexp.QuoteMeta(line))
	}
	if !regexp.MustCompile("^" + pattern.String() + "$").MatchString(printed) {
		return fmt.Errorf("%s: it printed\n%sand the document says\n%s", b, printed, b.Output)
	}
	return nil
}
