package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/guichet-dev/guichet/test/rig"
)

// openWindows measures the gateway's memory with many open windows in its store: when it is ready,
// and after messages to many of those customers.
func (b *bench) openWindows(ctx context.Context) error {
	t := b.table(
		"open windows", "store", "start", "memory idle", fmt.Sprintf("after %s messages", whole(int64(b.messages))),
		"aim",
	)
	for _, windows := range []int{0, b.windows / 10, b.windows} {
		if err := b.withWindows(ctx, t, windows); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) withWindows(ctx context.Context, t *table, windows int) error {
	s, err := b.stage(ctx, func(a *rig.Account) error {
		return b.filled(ctx, a, "open windows", func(f *fill) error { return f.each(ctx, 0, windows, f.window) })
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
	t.row(
		whole(int64(windows)), figure(mib(size))+" MiB", figure(millis(s.ready))+" ms", figure(mib(idle))+" MiB",
		figure(mib(loaded))+" MiB", "under 100 MiB",
	)
	return nil
}

// settledMessages measures the time from the gateway's start until it is ready, and its memory
// then, by the messages that its store has settled.
func (b *bench) settledMessages(ctx context.Context) error {
	t := b.table("settled messages", "store", "start", "memory idle", "first report", "aim for the start")
	s, err := b.stage(ctx, nil)
	if err != nil {
		return err
	}
	defer s.stop()
	before := 0
	for _, settled := range []int{0, b.settled / 10, b.settled} {
		s.gateway.Stop()
		if err := b.filled(
			ctx, s.account, "settled messages", func(f *fill) error { return f.each(ctx, before, settled, f.settled) },
		); err != nil {
			return err
		}
		before = settled
		if err := b.starts(ctx, t, s, settled); err != nil {
			return err
		}
	}
	return nil
}

// starts starts the gateway several times over one store.
func (b *bench) starts(ctx context.Context, t *table, s *stage, settled int) error {
	var ready, idle, report series
	for n := range b.rounds {
		s.gateway.Stop()
		took, err := s.gateway.Start(ctx)
		if err != nil {
			return err
		}
		ready.add(millis(took))
		began := time.Now()
		r, err := s.gateway.Report(ctx)
		if err != nil {
			return err
		}
		report.add(millis(time.Since(began)))
		if r.Ledger.Sequence != int64(settled) {
			return fmt.Errorf("the ledger has %d records, not %d", r.Ledger.Sequence, settled)
		}
		resident, err := rig.Resident(s.gateway.PID())
		if err != nil {
			return err
		}
		idle.add(mib(resident))
		b.round(whole(int64(settled))+" settled messages", n, "ready in "+ready.last(" ms"), idle.last(" MiB"))
	}
	size, err := storeSize(s.account)
	if err != nil {
		return err
	}
	t.row(whole(int64(settled)), figure(mib(size))+" MiB", ready.in(" ms"), idle.in(" MiB"), report.in(" ms"), "1 s")
	return nil
}

// storeSize returns what the store takes on the disk, in bytes.
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
