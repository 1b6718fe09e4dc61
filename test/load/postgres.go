package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/test/rig"
)

// sharedBy returns a store that replicas share, wherever it is.
func sharedBy(replicas int) backing {
	return backing{storage: config.Storage{Type: config.StorageShared}, replicas: replicas}
}

// String says what a stage stores in.
func (on backing) String() string {
	switch {
	case on.storage.Type != config.StorageShared:
		return "SQLite"
	case on.replicas == 1:
		return "PostgreSQL, one replica"
	default:
		return fmt.Sprintf("PostgreSQL, %d replicas", on.replicas)
	}
}

const (
	// sharedPart is the part of a round's messages that a round on PostgreSQL has: each takes
	// several times as long.
	sharedPart = 4
	// sharedPerSecond is the open-loop load on PostgreSQL.
	sharedPerSecond = 200
)

// postgres measures the same on a PostgreSQL server on this machine, which syncs every commit, with
// one replica and with three. Requests and the connections of the upstream's webhooks go to the
// replicas in turn.
func (b *bench) postgres(ctx context.Context) error {
	server, err := postgrestest.Run()
	if err != nil {
		return err
	}
	defer server.Stop()
	for _, replicas := range []int{1, 3} {
		if err := b.sharedLifecycles(ctx, server, replicas); err != nil {
			return err
		}
		if err := b.sharedLatency(ctx, server, replicas); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) sharedLifecycles(ctx context.Context, server *postgrestest.Server, replicas int) error {
	messages := max(b.messages/sharedPart, 1)
	var all rounds
	var database series
	for n := range b.rounds {
		err := inDatabase(server, replicas, func(on backing) error {
			before, err := rig.TreeCPU(server.PID())
			if err != nil {
				return err
			}
			r, err := b.lifecycle(ctx, on, messages)
			if err != nil {
				return err
			}
			after, err := rig.TreeCPU(server.PID())
			if err != nil {
				return err
			}
			all.add(r, messages)
			database.add(micros(after-before) / float64(messages))
			return nil
		})
		if err != nil {
			return err
		}
		b.round(
			"lifecycles, "+sharedBy(replicas).String(), n, all.settled.last("/s"), all.cpu.last(" µs"),
			"PostgreSQL "+database.last(" µs"),
		)
	}
	t := b.lifecycleTable(sharedBy(replicas), messages)
	t.row("full lifecycles", all.settled.in("/s"), "")
	t.row("accepted meanwhile", all.accepted.in("/s"), "")
	t.row("gateways' CPU for a message", all.cpu.in(" µs"), "")
	t.row("PostgreSQL's CPU for a message", database.in(" µs"), "")
	t.row("memory of a gateway, idle", all.idle.in(" MiB"), "")
	t.row("memory of a gateway after the round", all.resident.in(" MiB"), "")
	return nil
}

func (b *bench) sharedLatency(ctx context.Context, server *postgrestest.Server, replicas int) error {
	var p50, p99 series
	for n := range b.rounds {
		err := inDatabase(server, replicas, func(on backing) error {
			took, err := b.acceptances(ctx, on, sharedPerSecond)
			if err != nil {
				return err
			}
			p50.add(took.at(50))
			p99.add(took.at(99))
			return nil
		})
		if err != nil {
			return err
		}
		b.round("acceptance, "+sharedBy(replicas).String(), n, "p50 "+p50.last(" ms"), "p99 "+p99.last(" ms"))
	}
	b.latencyTable(sharedBy(replicas), sharedPerSecond).row("durable acceptance", p50.in(" ms"), p99.in(" ms"), "")
	return nil
}

// inDatabase runs do on a database of its own.
func inDatabase(server *postgrestest.Server, replicas int, do func(backing) error) error {
	url, remove, err := server.Create()
	if err != nil {
		return err
	}
	on := backing{storage: config.Storage{Type: config.StorageShared, URL: url}, replicas: replicas}
	return errors.Join(do(on), remove())
}
