package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/test/rig"
)

// openWindows measures the gateway's memory with many open windows in its store: when it is ready, and after messages to many of those customers.
func (b *bench) openWindows(ctx context.Context) error {
	heading("Memory by open windows")
	fmt.Printf("  %12s %12s %14s %16s %12s\n", "open windows", "store, MiB", "start, ms", "memory idle, MiB", "after load")
	for _, windows := range []int{0, b.windows / 10, b.windows} {
		if err := b.withWindows(ctx, windows); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) withWindows(ctx context.Context, windows int) error {
	s, err := b.stage(ctx, func(a *rig.Account) error {
		return filled(ctx, a, func(f *fill) error {
			return f.each(ctx, windows, func(tx *store.Tx, i int) error { return f.window(tx, i) })
		})
	})
	if err != nil {
		return err
	}
	defer s.stop()
	size, err := storeSize(s.account)
	if err != nil {
		return err
	}
	r, err := s.gateway.Report(ctx)
	if err != nil {
		return err
	}
	if r.OpenWindows != int64(windows) {
		return fmt.Errorf("the report has %d open windows, not %d", r.OpenWindows, windows)
	}
	idle, err := rig.Resident(s.gateway.PID())
	if err != nil {
		return err
	}
	if err := saturate(b.messages, func(n int) error { return s.accepted(ctx, n) }); err != nil {
		return err
	}
	if _, err := s.settled(ctx, b.messages); err != nil {
		return err
	}
	loaded, err := rig.Resident(s.gateway.PID())
	if err != nil {
		return err
	}
	fmt.Printf("  %12d %12.1f %14.1f %16.1f %12.1f\n", windows, mib(size), micros(s.ready)/1000, mib(idle), mib(loaded))
	return nil
}

// settledMessages measures the time from the gateway's start until it is ready, and its memory then, by the messages that its store has settled.
func (b *bench) settledMessages(ctx context.Context) error {
	heading("Start and memory by settled messages, %d starts each", b.rounds)
	fmt.Printf("  %12s %12s %14s %16s %14s\n", "settled", "store, MiB", "start, ms", "memory idle, MiB", "first report, ms")
	s, err := b.stage(ctx, nil)
	if err != nil {
		return err
	}
	defer s.stop()
	before := 0
	for _, settled := range []int{0, b.settled / 10, b.settled} {
		s.gateway.Stop()
		if err := filled(ctx, s.account, func(f *fill) error {
			return f.concurrently(ctx, before, settled, func(tx *store.Tx, i int) error { return f.settled(tx, i) })
		}); err != nil {
			return err
		}
		before = settled
		if err := b.starts(ctx, s, settled); err != nil {
			return err
		}
	}
	return nil
}

// starts starts the gateway several times over one store.
func (b *bench) starts(ctx context.Context, s *stage, settled int) error {
	var ready, idle, report series
	for range b.rounds {
		s.gateway.Stop()
		took, err := s.gateway.Start(ctx)
		if err != nil {
			return err
		}
		ready.add(micros(took) / 1000)
		began := time.Now()
		r, err := s.gateway.Report(ctx)
		if err != nil {
			return err
		}
		report.add(micros(time.Since(began)) / 1000)
		if r.Ledger.Sequence != int64(settled) {
			return fmt.Errorf("the ledger has %d records, not %d", r.Ledger.Sequence, settled)
		}
		resident, err := rig.Resident(s.gateway.PID())
		if err != nil {
			return err
		}
		idle.add(mib(resident))
	}
	size, err := storeSize(s.account)
	if err != nil {
		return err
	}
	fmt.Printf("  %12d %12.1f %14.1f %16.1f %14.1f\n", settled, mib(size), ready.median(), idle.median(), report.median())
	return nil
}

// storeSize is what the store takes on the disk, in bytes.
func storeSize(account *rig.Account) (int64, error) {
	var size int64
	files, err := filepath.Glob(account.Path("data", "*"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}
