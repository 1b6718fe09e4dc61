package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/store"
)

// A replica that starts while another migrates for long waits for it; it does not end, as that
// would be a crash loop.
func TestReplicaWaitsForAnothersLongMigration(t *testing.T) {
	t.Parallel()
	p, keys := shared.newPlace(t), newKeys(t)
	p.open(t, keys).Close()
	ctx := context.Background()
	other, err := pgconn.Connect(ctx, p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(ctx)
	exec := func(sql string) {
		if _, err := other.Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	schema := "guichet_" + strings.ReplaceAll(strings.ToLower(accountUID), "-", "_")
	exec("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('" + schema + "', 0))")
	opened := make(chan error, 1)
	go func() {
		options := p.options(keys)
		options.Shared.Lease = 600 * time.Millisecond
		s, err := store.Open(ctx, options)
		if err == nil {
			defer s.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("it ended with %v (unavailable: %v)", err, errors.Is(err, store.ErrUnavailable))
	case <-time.After(time.Second):
	}
	exec("COMMIT")
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}
