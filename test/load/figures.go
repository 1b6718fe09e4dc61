package main

import (
	"fmt"
	"slices"
	"time"
)

// series are the figures of several rounds.
type series []float64

func (s *series) add(figure float64) { *s = append(*s, figure) }

// median is the middle one, the upper of two.
func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

func heading(format string, args ...any) { fmt.Printf("\n"+format+"\n", args...) }

// line prints a figure's median, least and most.
func line(name string, s series) {
	fmt.Printf("  %-34s %10s   (%s to %s)\n", name, figure(s.median()), figure(slices.Min(s)), figure(slices.Max(s)))
}

// figure is a number with as many digits as mean something.
func figure(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.2f", f)
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
