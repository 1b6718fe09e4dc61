package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s#]*)(?:#([^)\s]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	// named is a file or folder of the repository that a text names in a code span.
	named = regexp.MustCompile("`((?:api|cmd|config|controllers|docs|hack|internal|test)/[\\w./-]+)`")
	// dropped are the characters that GitHub leaves out of a heading's anchor.
	dropped = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// A reader finds every section that a link leads to, and every file that a text names.
func TestLinksAndPathsOfDocuments(t *testing.T) {
	texts := documents(t)
	for path, text := range texts {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, anchor := found[1], found[2]
			if strings.Contains(target, "://") {
				continue
			}
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", path, target)
			} else if anchor != "" && !hasAnchor(texts[to], anchor) {
				t.Errorf("%s: %s has no section #%s", path, to, anchor)
			}
		}
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("../..", found[1])); err != nil {
				t.Errorf("%s: there is no %s", path, found[1])
			}
		}
	}
}

// documents returns the texts of all documents by their path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "hack/*/*.md"} {
		paths, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(text)
		}
	}
	return texts
}

// hasAnchor reports whether one of a text's headings has an anchor, as GitHub makes them.
func hasAnchor(text, anchor string) bool {
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		plain := dropped.ReplaceAllString(strings.ToLower(found[1]), "")
		if strings.ReplaceAll(plain, " ", "-") == anchor {
			return true
		}
	}
	return false
}
