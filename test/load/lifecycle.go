package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/test/rig"
)

// lifecycles measures whole lives of messages: accepted through the API, sent to the upstream,
// sent, delivered and read by webhook, settled in the ledger; each step durable. Kannel, where it
// is installed, takes turns with them, so that whatever else the machine does falls on both.
func (b *bench) lifecycles(ctx context.Context) error {
	var all rounds
	var kannel yardstick
	var ratio series
	withKannel := b.kannelIsThere()
	for n := range b.rounds {
		r, err := b.lifecycle(ctx, backing{}, b.messages)
		if err != nil {
			return err
		}
		all.add(r, b.messages)
		b.round("lifecycles, SQLite", n, all.settled.last("/s"), all.cpu.last(" µs"))
		if !withKannel {
			continue
		}
		if err := b.kannel(ctx, &kannel); err != nil {
			return fmt.Errorf("kannel: %w", err)
		}
		ratio.add(all.cpu[n] / kannel.cpu[n])
		b.round("Kannel", n, kannel.through.last("/s"), kannel.cpu.last(" µs"))
	}
	t := b.lifecycleTable(backing{}, b.messages)
	t.row("full lifecycles", all.settled.in("/s"), "5,000/s")
	t.row("accepted meanwhile", all.accepted.in("/s"), "")
	t.row("gateway's CPU for a message", all.cpu.in(" µs"), "100 µs")
	t.row("memory idle", all.idle.in(" MiB"), "16 MiB")
	t.row("of that not the program's file", all.own.in(" MiB"), "")
	t.row("memory after the round", all.resident.in(" MiB"), "")
	if withKannel {
		b.yardstickTable(&kannel, ratio)
	}
	return nil
}

// rounds are the figures of several rounds of lifecycles.
type rounds struct{ accepted, settled, cpu, idle, own, resident series }

func (all *rounds) add(r round, messages int) {
	all.accepted.add(float64(messages) / r.accepted.Seconds())
	all.settled.add(float64(messages) / r.settled.Seconds())
	all.cpu.add(micros(r.cpu) / float64(messages))
	all.idle.add(mib(r.idle))
	all.own.add(mib(r.own))
	all.resident.add(mib(r.resident))
}

// lifecycleTable begins the table of lifecycles on a store.
func (b *bench) lifecycleTable(on backing, messages int) *table {
	return b.table(fmt.Sprintf("lifecycles, %s, %s messages a round", on, whole(int64(messages))), "", "aim")
}

// round is what one round of lifecycles took.
type round struct {
	accepted, settled time.Duration
	// cpu is what the gateways used, and database what the server of a shared store did.
	cpu, database       time.Duration
	idle, own, resident int64
	turns               counters
}

func (b *bench) lifecycle(ctx context.Context, on backing, messages int) (r round, err error) {
	s, err := b.stageOn(ctx, on, nil)
	if err != nil {
		return r, err
	}
	defer s.stop()
	if _, err := s.gateway.Report(ctx); err != nil {
		return r, err
	}
	if r.idle, err = rig.Resident(s.gateway.PID()); err != nil {
		return r, err
	}
	if r.own, err = rig.Anonymous(s.gateway.PID()); err != nil {
		return r, err
	}
	before, err := s.cpu()
	if err != nil {
		return r, err
	}
	served, err := on.cpu()
	if err != nil {
		return r, err
	}
	counted, err := s.counters(ctx)
	if err != nil {
		return r, err
	}
	began := time.Now()
	if err := saturate(messages, func(n int) error { return s.accepted(ctx, n) }); err != nil {
		return r, err
	}
	r.accepted = time.Since(began)
	end, err := s.settled(ctx, messages)
	if err != nil {
		return r, err
	}
	r.settled = end.Sub(began)
	after, err := s.cpu()
	if err != nil {
		return r, err
	}
	r.cpu = after - before
	if after, err = on.cpu(); err != nil {
		return r, err
	}
	r.database = after - served
	turns, err := s.counters(ctx)
	if err != nil {
		return r, err
	}
	r.turns = turns.since(counted)
	r.resident, err = rig.Resident(s.gateway.PID())
	return r, err
}

// accepted posts a message that must be accepted. The replicas take turns.
func (s *stage) accepted(ctx context.Context, n int) error {
	answer, err := template(n).Post(ctx, s.client, s.replicas[n%len(s.replicas)].API())
	if err == nil && answer.Status != http.StatusOK {
		err = fmt.Errorf("a send got %d with code %d", answer.Status, answer.Code)
	}
	return err
}

// saturate calls do n times from all clients, each as fast as it can.
func saturate(n int, do func(int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var work sync.WaitGroup
	for range clients {
		work.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1))
				if i > n {
					return
				}
				if err := do(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	work.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
