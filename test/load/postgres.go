package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

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
)

// sharedRates are the open-loop loads on PostgreSQL, in requests a second.
func sharedRates(replicas int) []int {
	if replicas == 1 {
		return []int{200}
	}
	return []int{200, 500}
}

// postgres measures the same on a PostgreSQL server on this machine, which syncs every commit, with
// one replica and with three. Requests and the connections of the upstream's webhooks go to the
// replicas in turn.
func (b *bench) postgres(ctx context.Context) error {
	server, err := postgrestest.Run("shared_buffers=128MB") // PostgreSQL's own default
	if err != nil {
		return err
	}
	defer server.Stop()
	for _, replicas := range []int{1, 3} {
		if err := b.sharedLifecycles(ctx, server, replicas); err != nil {
			return err
		}
		for _, rate := range sharedRates(replicas) {
			if err := b.sharedLatency(ctx, server, replicas, rate); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) sharedLifecycles(ctx context.Context, server *postgrestest.Server, replicas int) error {
	messages := max(b.messages/sharedPart, 1)
	var all rounds
	var database series
	var trips turns
	for n := range b.rounds {
		err := b.inDatabase(server, replicas, func(on backing) error {
			r, err := b.lifecycle(ctx, on, messages)
			if err != nil {
				return err
			}
			all.add(r, messages)
			database.add(micros(r.database) / float64(messages))
			trips.add(r.turns)
			return nil
		})
		if err != nil {
			return err
		}
		b.round(
			"lifecycles, "+sharedBy(replicas).String(), n, all.settled.last("/s"), all.cpu.last(" µs"),
			"PostgreSQL "+database.last(" µs"), trips.exchanges.last(" round trips")+" a batch",
			trips.operations.last(" operations")+" a batch",
		)
	}
	t := b.lifecycleTable(sharedBy(replicas), messages)
	t.row("full lifecycles", all.settled.in("/s"), "")
	t.row("accepted meanwhile", all.accepted.in("/s"), "")
	t.row("gateways' CPU for a message", all.cpu.in(" µs"), "")
	t.row("PostgreSQL's CPU for a message", database.in(" µs"), "")
	t.row("round trips a batch", trips.exchanges.in(""), "4")
	t.row("of them asked by an operation itself", trips.unforeseen.in(""), "")
	t.row("operations a batch", trips.operations.in(""), "")
	t.row("memory of a gateway, idle", all.idle.in(" MiB"), "")
	t.row("memory of a gateway after the round", all.resident.in(" MiB"), "")
	return nil
}

func (b *bench) sharedLatency(ctx context.Context, server *postgrestest.Server, replicas, rate int) error {
	var p50, p99 series
	for n := range b.rounds {
		err := b.inDatabase(server, replicas, func(on backing) error {
			took, err := b.acceptances(ctx, on, rate)
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
		b.round(
			fmt.Sprintf("acceptance, %s, %d/s", sharedBy(replicas), rate), n, "p50 "+p50.last(" ms"),
			"p99 "+p99.last(" ms"),
		)
	}
	b.latencyTable(sharedBy(replicas), rate).row("durable acceptance", p50.in(" ms"), p99.in(" ms"), "")
	return nil
}

// inDatabase runs do on a database of its own, behind a network of the round trip that is wanted.
func (b *bench) inDatabase(server *postgrestest.Server, replicas int, do func(backing) error) error {
	database, remove, err := server.Create()
	if err != nil {
		return err
	}
	if b.roundTrip > 0 {
		behind, stop, err := delayed(database, b.roundTrip)
		if err != nil {
			return errors.Join(err, remove())
		}
		defer stop()
		database = behind
	}
	on := backing{
		storage: config.Storage{Type: config.StorageShared, URL: database}, replicas: replicas, server: server.PID(),
	}
	return errors.Join(do(on), remove())
}

// turns are what the transactions of a round took, of all gateways together.
type turns struct{ exchanges, unforeseen, operations series }

func (t *turns) add(c counters) {
	t.exchanges.add(c.exchanges / c.commits)
	t.unforeseen.add(c.unforeseen / c.commits)
	t.operations.add(c.operations / c.commits)
}

// counters are the gateways' own.
type counters struct{ commits, exchanges, unforeseen, operations float64 }

// since is what was counted after an earlier reading.
func (c counters) since(before counters) counters {
	return counters{
		c.commits - before.commits, c.exchanges - before.exchanges, c.unforeseen - before.unforeseen,
		c.operations - before.operations,
	}
}

// counters reads the gateways' counters.
func (s *stage) counters(ctx context.Context) (total counters, err error) {
	for _, replica := range s.replicas {
		text, err := s.metrics(ctx, replica)
		if err != nil {
			return total, err
		}
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				continue // a comment
			}
			switch name {
			case "guichet_gateway_commit_seconds_count":
				total.commits += number
			case "guichet_gateway_store_exchanges_total":
				total.exchanges += number
			case "guichet_gateway_store_unforeseen_total":
				total.unforeseen += number
			case "guichet_gateway_store_operations_total":
				total.operations += number
			}
		}
	}
	return total, nil
}

func (s *stage) metrics(ctx context.Context, replica *rig.Gateway) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, replica.Metrics()+"/metrics", nil)
	if err != nil {
		return "", err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}
