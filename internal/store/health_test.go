package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

func TestHealthIsToldOncePerStateThatLasts(t *testing.T) {
	full, lost := engine.Unavailable(errors.New("disk full")), fmt.Errorf("replica: %w", ErrLeaseLost)
	type outcome struct {
		second int
		err    error
	}
	for name, tc := range map[string]struct {
		outcomes []outcome
		want     []string
	}{
		"small writes between large ones": {
			[]outcome{{0, nil}, {1, full}, {2, nil}, {3, full}, {10, nil}, {12, full}, {21, nil}},
			[]string{"Store became unavailable"},
		},
		"calm at last": {
			[]outcome{{1, full}, {2, nil}, {10, nil}, {11, nil}, {12, nil}},
			[]string{"Store became unavailable", "Store is available again"},
		},
		"again": {
			[]outcome{{1, full}, {11, nil}, {12, full}, {13, full}},
			[]string{"Store became unavailable", "Store is available again", "Store became unavailable"},
		},
		"a lost lease is another matter": {
			[]outcome{{1, lost}, {2, nil}, {20, nil}},
			[]string{"Lease was lost"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			h := health{
				log: slog.New(slog.NewTextHandler(&log, nil)), outage: &atomic.Pointer[Outage]{},
				causeOf: func(error) OutageCause { return VolumeFull },
			}
			began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
			for _, o := range tc.outcomes {
				h.recordOutcome(o.err, began.Add(time.Duration(o.second)*time.Second))
			}
			var got []string
			for line := range strings.Lines(log.String()) {
				_, rest, _ := strings.Cut(line, `msg="`)
				message, _, _ := strings.Cut(rest, `"`)
				got = append(got, message)
			}
			if !slices.Equal(got, tc.want) {
				t.Fatalf("logged %q, want %q", got, tc.want)
			}
		})
	}
}
