package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// BenchmarkLifecycle is what a message costs the store: accepted, claimed, submitted, sent,
// delivered and settled, read, each a durable operation of its own. PostgreSQL syncs its log to
// disk here, as it does by default; replicas share one account.
func BenchmarkLifecycle(b *testing.B) {
	keys := newKeys(b)
	b.Run(string(embedded), func(b *testing.B) { benchmarkReplicas(b, embedded.newPlace(b).open(b, keys)) })
	server := postgrestest.Start(b)
	for _, replicas := range []int{1, 3} {
		b.Run(fmt.Sprintf("%s/replicas=%d", shared, replicas), func(b *testing.B) {
			where := place{url: server.Database(b)}
			stores := make([]*store.Store, replicas)
			for i := range stores {
				stores[i] = where.open(b, keys)
			}
			benchmarkReplicas(b, stores...)
		})
	}
}

func benchmarkReplicas(b *testing.B, replicas ...*store.Store) {
	var n atomic.Int64
	next := func() error {
		message := n.Add(1)
		return lifecycle(replicas[message%int64(len(replicas))], message)
	}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism((writers + 1) / 2)
			if writers == 1 {
				for b.Loop() {
					if err := next(); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := next(); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lifecycles/s")
		})
	}
}

func lifecycle(s *store.Store, n int64) error {
	ctx := context.Background()
	to := customer(int(n))
	id, upstreamID := fmt.Sprintf("wamid.%d", n), fmt.Sprintf("upstream.%d", n)
	at := noon.Add(time.Duration(n) * time.Millisecond)
	steps := []func(*store.Tx) error{
		func(tx *store.Tx) error {
			if _, err := tx.People().Conversation(channel, to); err != nil {
				return err
			}
			total, err := tx.Figures().Total(ledger.TotalKey{Period: "2026-11", Currency: "USD"})
			if err != nil {
				return err
			}
			reserved, err := tx.Figures().Reserved("USD")
			if err != nil {
				return err
			}
			if total.Billed.Sign() < 0 || reserved.Sign() < 0 {
				return errors.New("a sum is negative")
			}
			m := newMessage(id, to)
			m.AcceptedAt = at
			return tx.Queue().Accept(m)
		},
		func(tx *store.Tx) error {
			_, err := tx.Queue().Claim(channel, at.Add(time.Hour), 1)
			return err
		},
		func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID(id)
			if err != nil {
				return err
			}
			if _, _, err := tx.Intake().TakeEarlyStatuses(upstreamID); err != nil {
				return err
			}
			return tx.Queue().Submit(m, upstreamID, at.Add(time.Second))
		},
		func(tx *store.Tx) error { return status(tx, upstreamID, store.Sent, at) },
		func(tx *store.Tx) error { return status(tx, upstreamID, store.Delivered, at) },
		func(tx *store.Tx) error { return status(tx, upstreamID, store.Read, at) },
	}
	for _, step := range steps {
		if err := s.Update(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

func status(tx *store.Tx, upstreamID string, to store.State, at time.Time) error {
	m, found, err := tx.Messages().ByUpstreamID(upstreamID)
	if err != nil || !found {
		return err
	}
	if _, err := tx.Queue().Advance(m, to, at); err != nil || to != store.Delivered {
		return err
	}
	if _, err := tx.People().Conversation(m.Channel, m.Customer); err != nil {
		return err
	}
	_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
	return err
}
