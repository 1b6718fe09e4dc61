package docs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const fenced = "```"

func TestBlocks(t *testing.T) {
	text := "# Title\n" + fenced + "sh\nls # here\npwd\n" + fenced + "\n\n" + fenced + "yaml\na: b\n" + fenced + "\n" +
		"<!-- prints: \"id\" -->\n" + fenced + "sh\ncurl x\n" + fenced + "\n" +
		"<!-- not run: it needs Meta -->\n" + fenced + "sh\ncurl meta\n" + fenced + "\n" +
		fenced + "console\n$ cat f\none\n…\n$ ls\ntwo\n" + fenced + "\n"
	blocks, err := Blocks("x.md", text)
	if err != nil || len(blocks) != 4 {
		t.Fatalf("got %v, %v, want 4 blocks", blocks, err)
	}
	if blocks[0].Commands != "ls # here\npwd\n" || blocks[0].String() != "x.md:2" {
		t.Errorf("got %+v", blocks[0])
	}
	if blocks[1].Prints == nil || blocks[1].Check("a\n{\"id\":1}\n") != nil || blocks[1].Check("{}\n") == nil {
		t.Errorf("got %+v", blocks[1])
	}
	if blocks[2].NotRun != "it needs Meta" {
		t.Errorf("got %+v", blocks[2])
	}
	console := blocks[3]
	if console.Commands != "cat f\nls\n" || console.Check("one\nand\nmore\ntwo\n") != nil ||
		console.Check("one\n") == nil {
		t.Errorf("got %+v", blocks[3])
	}
}

func TestBlocksThatAreMalformed(t *testing.T) {
	for name, text := range map[string]string{
		"not closed":             fenced + "sh\nls\n",
		"a marker above nothing": "<!-- not run: why -->\n\n" + fenced + "sh\nls\n" + fenced + "\n",
		"a marker above YAML":    "<!-- prints: x -->\n" + fenced + "yaml\na: b\n" + fenced + "\n",
		"no expression":          "<!-- prints: ( -->\n" + fenced + "sh\nls\n" + fenced + "\n",
	} {
		if blocks, err := Blocks("x.md", text); err == nil {
			t.Errorf("%s: got %+v, want an error", name, blocks)
		}
	}
}

// Every document with a shell block has its place in the order of the run, and few blocks are not
// run.
func TestEveryDocumentIsRun(t *testing.T) {
	const most = 4
	found, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob("../../docs/decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found = append(append(found, decisions...), "../../README.md", "../../CONTRIBUTING.md")
	var left []string
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		blocks, err := Blocks(name, string(text))
		if err != nil {
			t.Error(err)
		}
		ordered := slices.ContainsFunc(Documents, func(d Document) bool { return d.Path == name })
		if len(blocks) > 0 && !ordered {
			t.Errorf("%s has shell blocks and must have its place in Documents", name)
		}
		for _, block := range blocks {
			if block.NotRun != "" {
				left = append(left, block.String()+" ("+block.NotRun+")")
			}
		}
	}
	if len(left) > most {
		t.Errorf("%d blocks are not run, which is more than %d: %s", len(left), most, strings.Join(left, "; "))
	}
	t.Logf("not run: %s", strings.Join(left, "; "))
}
