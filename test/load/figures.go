package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// series are the figures of several rounds.
type series []float64

func (s *series) add(figure float64) { *s = append(*s, figure) }

// median returns the middle one, the upper of two.
func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// in returns the median, and the least and the most, in a unit such as " ms" or "/s".
func (s series) in(unit string) string {
	return fmt.Sprintf("%s%s (%s to %s)", figure(s.median()), unit, figure(slices.Min(s)), figure(slices.Max(s)))
}

// last returns the newest figure in a unit.
func (s series) last(unit string) string { return figure(s[len(s)-1]) + unit }

// table is one of the tables, in Markdown, that the run ends with.
type table struct{ rows [][]string }

// table begins a table with its first row.
func (b *bench) table(heading ...string) *table {
	t := &table{}
	t.row(heading...)
	b.tables = append(b.tables, t)
	return t
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) {
	for i, cells := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(cells)))
		}
	}
	fmt.Fprintln(w)
}

// progress says what has just been measured, while the run goes on.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6s  %s\n", time.Since(b.began).Round(time.Second), fmt.Sprintf(format, args...))
}

// round says which of the rounds has ended, and its figures.
func (b *bench) round(what string, n int, figures ...string) {
	b.progress("%s, round %d of %d: %s", what, n+1, b.rounds, strings.Join(figures, ", "))
}

// figure returns a number with as many digits as mean something.
func figure(f float64) string {
	switch {
	case f >= 100:
		return whole(int64(f + 0.5))
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.2f", f)
	}
}

// whole returns a number of at least 0 with its thousands set apart.
func whole(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", whole(n/1000), n%1000)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func millis(d time.Duration) float64 { return micros(d) / 1000 }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
