package screen

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNothingSteersTheTerminal(t *testing.T) {
	for given, want := range map[string]string{
		"plain":                "plain",
		"\x1b[2Jgone":          "\uFFFD[2Jgone",
		"two\nlines\r":         "two lines\uFFFD",
		"turned \u202Etxt.exe": "turned \uFFFDtxt.exe",
		"\x9b31m":              "\uFFFD31m",
		"broken \xff":          "broken \uFFFD",
		"Ação 東京 \U0001F468\u200D\U0001F469": "Ação 東京 \U0001F468\u200D\U0001F469",
	} {
		if got := Clean(given); got != want {
			t.Errorf("Clean(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestColourIsWrittenOnlyWhereItIsWanted(t *testing.T) {
	for colour, want := range map[bool]string{false: "well\n", true: "\x1b[32mwell\x1b[0m\n"} {
		var out strings.Builder
		s := New(&out, colour)
		s.Line(s.Paint(Good, "well"))
		if out.String() != want || s.Err() != nil {
			t.Errorf("colour %v: %q, %v", colour, out.String(), s.Err())
		}
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{
		0: "░░░░", 0.0001: "█░░░", 0.5: "██░░", 1: "████", 7: "████", -1: "░░░░",
	} {
		if got := Bar(share, 4); got != want {
			t.Errorf("Bar(%v) = %s, want %s", share, got, want)
		}
	}
}

// Whatever is written, no line has more than 100 columns, and no word is lost.
func TestLinesHaveAtMostAHundredColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out strings.Builder
		s := New(&out, false)
		columns := rapid.IntRange(1, 6).Draw(t, "columns")
		heading := make([]string, columns)
		for i := range heading {
			heading[i] = rapid.StringMatching(`[A-Z]{1,12}`).Draw(t, "heading")
		}
		rows := make([][]Cell, rapid.IntRange(0, 4).Draw(t, "rows"))
		for i := range rows {
			for range columns {
				cell := Text(rapid.String().Draw(t, "cell"))
				cell.Right = rapid.Bool().Draw(t, "right")
				rows[i] = append(rows[i], cell)
			}
		}
		s.Table(rapid.IntRange(0, 4).Draw(t, "indent"), heading, rows)
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé東]{1,150}`), 0, 30).Draw(t, "words")
		s.Paragraph("  • ", Plain, strings.Join(words, " "))
		for line := range strings.Lines(out.String()) {
			if got := Width(strings.TrimSuffix(line, "\n")); got > Columns {
				t.Fatalf("%d columns: %q", got, line)
			}
		}
	})
}

func TestALongLastCellIsWrappedBelowItself(t *testing.T) {
	var out strings.Builder
	New(&out, false).Table(2, []string{"NAME", "N", "WHY"}, [][]Cell{
		{Text("main"), Number("7"), Text(strings.Repeat("because ", 12))},
	})
	want := "  NAME  N  WHY\n" +
		"  main  7  because because because because because because because because because because because\n" +
		"           because\n"
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
