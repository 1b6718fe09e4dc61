package main

import (
	"slices"
	"strings"
	"testing"
)

var (
	fits = strings.Repeat("é", limit)
	wide = fits + "x"
)

func TestWideText(t *testing.T) {
	fence := "```"
	text := strings.Join([]string{
		"# Title", fits, wide, "| a | " + wide, fence + "sh", wide, fence, wide, "    " + wide,
		"<!-- prints: " + wide, "- https://example.com/" + wide,
	}, "\n")
	if got := wideText(text); !slices.Equal(got, []int{3, 8}) {
		t.Errorf("got lines %v, want 3 and 8", got)
	}
}

func TestWideComments(t *testing.T) {
	text := strings.Join([]string{
		"// " + wide, "package a", "// " + fits[6:], "// +kubebuilder:validation:" + wide, "//go:generate " + wide,
		"//\t" + wide, "// Source: https://example.com/" + wide, "const text = `", "// " + wide, "`",
		"var a = 1 // " + wide, "\t\t// " + strings.Repeat("x", limit-2*tabWidth-3), "/* short", wide, "*/",
		"\t// " + strings.Repeat("x", limit-tabWidth-2),
	}, "\n")
	if got := wideComments(text); !slices.Equal(got, []int{1, 14, 16}) {
		t.Errorf("got lines %v, want 1, 14 and 16", got)
	}
}
