package gatewayclient

import (
	"testing"
	"time"
)

func TestSinceIsAnInstantOrATimeAgo(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-29T10:00:00Z": "2026-11-29T10:00:00Z", "90m": "2026-11-29T10:30:00Z", "48h": "2026-11-27T12:00:00Z",
	} {
		if got, err := sinceOf(text, now); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
}
