package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFailuresAreToldOnceInAWhile(t *testing.T) {
	f := failures{}
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
		if got := f.add(step.code, noon.Add(step.after)); got != step.want {
			t.Errorf("%s after %s: told of %d, want %d", step.code, step.after, got, step.want)
		}
	}
}

// Whoever looks at the log sees that messages fail, and why.
func TestLogTellsOfFailedMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control(http.MethodPost, "faults", `{"code":131026,"rate":1}`)
	id := w.accepted(templateTo(ana, "parcel_ready"))
	w.settled(1)
	if want := `"msg":"Messages failed","code":"131026","messages":1,"latest":"` + id + `"`; !strings.Contains(
		w.logs.String(), want,
	) {
		t.Errorf("the log lacks %s", want)
	}
}
