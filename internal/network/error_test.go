package network

import (
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	tests := []struct {
		class Class
		n     int
		want  time.Duration
	}{
		{Backoff, 0, time.Second},
		{Backoff, 1, 2 * time.Second},
		{Backoff, 3, 8 * time.Second},
		{Backoff, 20, 5 * time.Minute},
		{PairBackoff, 0, time.Second},
		{PairBackoff, 1, 4 * time.Second},
		{PairBackoff, 2, 16 * time.Second},
		{PairBackoff, 60, 5 * time.Minute},
		{Backoff, 1_000_000_000, 5 * time.Minute},
	}
	for _, tc := range tests {
		if got := RetryDelay(tc.class, tc.n, 5*time.Minute); got != tc.want {
			t.Errorf("%s after %d tries: got %s, want %s", tc.class, tc.n, got, tc.want)
		}
	}
}
