package durable

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
)

// A stop ends at last, also without a store.
func TestStopWithoutAStoreEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Clock: clock.New(nil), Log: slog.New(slog.DiscardHandler)}) // it is not open
		stopped, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		if s.Persist(stopped, "submit", func(*Tx) error { return errors.New("never called") }) {
			t.Fatal("an outcome was recorded without a store")
		}
		if took := time.Since(began); took != stopPatience {
			t.Fatalf("it was given up after %v, want %v", took, stopPatience)
		}
	})
}
