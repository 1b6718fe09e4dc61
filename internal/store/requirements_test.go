package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/store"
)

// A server that lacks something that a shared store needs is refused at the start, and the error
// names it. That does not pass by itself, so it is no outage.
func TestServerThatLacksSomethingIsRefusedByName(t *testing.T) {
	t.Parallel()
	for lacking, named := range map[string]string{
		"hashtextextended":      "the functions pg_advisory_xact_lock and hashtextextended",
		"clock_timestamp":       "the function clock_timestamp",
		"ORDINALITY":            "unnest of several arrays WITH ORDINALITY",
		"transaction_isolation": "the isolation level READ COMMITTED",
		"plan_cache_mode":       `a setting of a session: ERROR: unrecognized configuration parameter "xxxxxxxxxxxxxxx"`,
		"enable_seqscan":        `a setting of a session: ERROR: unrecognized configuration parameter "xxxxxxxxxxxxxx"`,
	} {
		t.Run(lacking, func(t *testing.T) {
			t.Parallel()
			where := shared.newPlace(t)
			p, through := newProxy(t, where.url)
			p.lacking.Store(&lacking)
			s, err := store.Open(context.Background(), place{url: through}.options(newKeys(t)))
			if err == nil {
				s.Close()
				t.Fatal("the store was opened; want it refused")
			}
			want := "the server cannot hold a shared store: it lacks " + named
			if errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), want) {
				t.Errorf("Open = %v; want it to say that %s, and no outage", err, want)
			}
		})
	}
}
