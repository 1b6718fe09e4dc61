// Command columns lists every line of a comment or a document that is longer than 100 columns. The
// files are its arguments. The linter limits lines of code to 120.
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	found := false
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		wide := wideText
		if strings.HasSuffix(path, ".go") {
			wide = wideComments
		}
		for _, line := range wide(string(text)) {
			found = true
			fmt.Printf("%s:%d: the line has more than %d columns\n", path, line, limit)
		}
	}
	if found {
		os.Exit(1)
	}
}
