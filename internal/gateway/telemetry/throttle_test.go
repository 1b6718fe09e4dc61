package telemetry

import (
	"testing"
	"time"
)

func TestFailuresAreToldOnceInAWhile(t *testing.T) {
	f := NewThrottle()
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		code  string
		after time.Duration
		want  int
	}{
		{"131026", 0, 1},
		{"131026", time.Second, 0},
		{"131047", 2 * time.Second, 1},
		{"131026", 59 * time.Second, 0},
		{"131026", time.Minute, 3},
		{"131026", 90 * time.Second, 0},
		{"131026", time.Hour, 2},
	} {
		if got := f.Add(step.code, noon.Add(step.after)); got != step.want {
			t.Errorf("%s after %s: logs %d, want %d", step.code, step.after, got, step.want)
		}
	}
}
