package main

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	limit    = 100
	tabWidth = 4
)

// exempt are lines that cannot be broken, or that a tool or a browser reads: URLs, markers and
// directives, and text that a comment shows as it is.
var exempt = regexp.MustCompile(`https?://|^\s*//(\s?\+|[a-z]+:|nolint|\t)`)

// wideText returns the numbers of a document's lines that are too long. Tables and code blocks may
// have any length.
func wideText(text string) []int {
	var wide []int
	inBlock := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			inBlock = !inBlock
		}
		isCode := inBlock || strings.HasPrefix(line, "    ")
		if isCode || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "<!--") || !isWide(line) {
			continue
		}
		wide = append(wide, i+1)
	}
	return wide
}

// wideComments returns the numbers of a Go file's lines that hold nothing but a comment and are too
// long.
func wideComments(text string) []int {
	var wide []int
	lines := strings.Split(text, "\n")
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	for {
		position, kind, comment := s.Scan()
		if kind == token.EOF {
			return wide
		}
		if kind != token.COMMENT {
			continue
		}
		first := file.Line(position)
		for i := range strings.Count(comment, "\n") + 1 {
			line := lines[first+i-1]
			startsLine := i > 0 || strings.HasPrefix(strings.TrimSpace(line), comment[:2])
			if startsLine && isWide(line) {
				wide = append(wide, first+i)
			}
		}
	}
}

func isWide(line string) bool {
	width := utf8.RuneCountInString(line) + strings.Count(line, "\t")*(tabWidth-1)
	return width > limit && !exempt.MatchString(line)
}
