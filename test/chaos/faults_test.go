//go:build chaos && linux

package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/test/rig"
)

// sabotage kills and restarts the gateway at random moments, and troubles its store. It leaves a
// running gateway with a sound store.
func (r *run) sabotage(ctx context.Context) {
	random := r.settings.random(actorSaboteur)
	for n := 1; ; n++ {
		if !pause(ctx, r.uptime(random)) {
			return
		}
		if n%r.settings.troubleEvery != 0 {
			r.killAndRestart()
			continue
		}
		if r.settings.engine == postgres {
			r.troubleDatabase(ctx, random)
		} else {
			r.fillDisk(ctx, random)
		}
	}
}

// fillDisk lets the gateway's disk be full for a while, which now and then it does not survive.
func (r *run) fillDisk(ctx context.Context, random *rand.Rand) {
	r.did.fullDisks++
	r.limitFiles(1)
	pause(ctx, between(random, 400*time.Millisecond, 1200*time.Millisecond))
	if random.IntN(3) == 0 {
		r.did.killsInTrouble++
		r.killAndRestart() // with room again
	} else {
		r.limitFiles(unlimited)
	}
}

// troubleDatabase lets the database crash, now and then with the gateway, cuts the gateway's
// connections several times, and lets the database fall silent, in turns.
func (r *run) troubleDatabase(ctx context.Context, random *rand.Rand) {
	const cuts = 5 // at a time
	switch {
	case r.did.crashes > r.did.cuts/cuts:
		for range cuts {
			r.did.cuts++
			if err := r.database.Exec(
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
			); err != nil {
				r.t.Error(err)
			}
			pause(ctx, between(random, 20*time.Millisecond, 200*time.Millisecond))
		}
	case r.did.crashes > r.did.databaseHoles:
		r.silenceDatabase(ctx, random)
	default:
		r.did.crashes++
		r.database.Crash(r.t)
		if random.IntN(3) == 0 {
			r.did.killsInTrouble++
			r.killAndRestart()
		}
	}
}

// silenceDatabase makes the way to the database a black hole, for longer than the gateway's
// patience with an answer and with an attempt to connect together. Sometimes the gateway is killed
// in it, and has to start with a database that says nothing.
func (r *run) silenceDatabase(ctx context.Context, random *rand.Rand) {
	r.did.databaseHoles++
	lasts, kill := between(random, 18*time.Second, 24*time.Second), random.IntN(3) == 0
	r.routes.database.Silence()
	var hole sync.WaitGroup
	hole.Go(func() {
		pause(ctx, lasts)
		restore(r.routes.database, r.did.databaseHoles)
	})
	if kill {
		pause(ctx, lasts/2)
		r.did.killsInTrouble++
		r.killAndRestart()
	}
	hole.Wait()
}

// restore ends the nth black hole on a way: in turns everything that it held back is lost with its
// connections, and arrives late.
func restore(way *rig.Proxy, n int) {
	if n%2 == 1 {
		way.Forget()
	} else {
		way.Speak()
	}
}

func (r *run) uptime(random *rand.Rand) time.Duration {
	if r.settings.calm > 0 && random.IntN(12) == 0 {
		return r.settings.calm
	}
	return between(random, r.settings.uptime/16, r.settings.uptime)
}

func (r *run) killAndRestart() {
	r.gateway.Kill()
	r.did.kills++
	r.start()
}

// unlimited is RLIM_INFINITY.
const unlimited = ^uint64(0)

// limitFiles makes every write of the running gateway beyond a file's first bytes fail, as on a
// full disk, without a need for root: SQLite meets EFBIG where a full disk would be ENOSPC, and
// takes both as an error of its log. Source: https://man7.org/linux/man-pages/man2/prlimit64.2.html
func (r *run) limitFiles(bytes uint64) {
	limit := syscall.Rlimit{Cur: bytes, Max: unlimited}
	_, _, failed := syscall.RawSyscall6(
		syscall.SYS_PRLIMIT64, uintptr(r.gateway.PID()), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0,
	)
	if failed != 0 {
		r.t.Errorf("the limit on the gateway's files could not be set: %v", failed)
	}
}

// upset changes the upstream's mood again and again.
func (r *run) upset(ctx context.Context) {
	random := r.settings.random(actorUpstream)
	for {
		r.did.moods++
		if r.did.moods%8 == 4 {
			r.silenceUpstream(ctx)
		}
		r.sim.ClearFaults()
		faults, delay := r.mood()
		if err := r.sim.SetKnobs(simulator.Knobs{
			DuplicateRate: 0.15, ReorderRate: 0.3, ReorderWithin: simulator.Duration(300 * time.Millisecond),
			SendDelay:    simulator.Duration(between(random, 0, 20*time.Millisecond)),
			WebhookDelay: simulator.Duration(delay),
		}); err != nil {
			r.t.Error(err)
		}
		for _, fault := range faults {
			if err := r.sim.AddFault(fault); err != nil {
				r.t.Error(err)
			}
		}
		if !pause(ctx, between(random, time.Second, 3*time.Second)) {
			return
		}
	}
}

// silenceUpstream makes the way to the upstream a black hole: in the long form for longer than a
// call is waited for.
func (r *run) silenceUpstream(ctx context.Context) {
	r.did.upstreamHoles++
	r.routes.upstream.Silence()
	pause(ctx, r.settings.hang)
	restore(r.routes.upstream, r.did.upstreamHoles)
}

// mood returns the upstream's next one: what it does to sends, and how late its webhooks come.
func (r *run) mood() (faults []simulator.Fault, delay time.Duration) {
	const usual = 50 * time.Millisecond
	switch r.did.moods % 4 {
	case 0: // the API errs, at once or by webhook
		faults = []simulator.Fault{
			{Code: graph.CodeThroughput, Rate: 0.03},
			{Code: graph.CodeUnavailable, Rate: 0.03},
			{Code: graph.CodeInternal, Rate: 0.02},
			{Code: graph.CodeUnknown, Rate: 0.01},
			{Code: graph.CodeUndeliverable, Rate: 0.02},
			{Code: graph.CodeReEngagement, Rate: 0.02},
			{Code: graph.CodeUndeliverable, Async: true, Rate: 0.03},
			{Code: graph.CodeReEngagement, Async: true, Rate: 0.02},
		}
		if r.settings.pairLimits > 0 {
			faults = append(faults, simulator.Fault{Code: graph.CodePairRateLimit, Rate: r.settings.pairLimits})
		}
		return faults, usual
	case 1: // the network cuts connections, before and after the upstream has the message
		return []simulator.Fault{
			{Effect: simulator.EffectDropBefore, Rate: 0.03},
			{Effect: simulator.EffectDropAfter, Rate: 0.05},
			{Effect: simulator.EffectHang, Delay: simulator.Duration(r.settings.hang), Rate: 0.01},
		}, usual + r.settings.late
	case 2: // the API is down
		return []simulator.Fault{{Code: graph.CodeUnavailable, Rate: 0.6}}, usual
	default:
		return nil, usual
	}
}

// reload changes the configuration again and again: a higher budget, another retention, and now and
// then a document that no gateway can use. Some changes come while the upstream lacks a means of
// payment, which they end.
func (r *run) reload(ctx context.Context) {
	random := r.settings.random(actorReloader)
	for pause(ctx, between(random, 2*time.Second, 4*time.Second)) {
		if r.settings.unpaid && random.IntN(4) == 0 {
			if err := r.sim.AddFault(simulator.Fault{Code: graph.CodePayment, Next: 1}); err != nil {
				r.t.Error(err)
			}
			pause(ctx, 500*time.Millisecond)
		}
		if random.IntN(3) == 0 {
			r.did.badDocuments++
			r.write(func() error { return r.account.WriteConfiguration([]byte(`{"format":1,"account":`)) })
			pause(ctx, 1200*time.Millisecond)
		}
		r.budget.raiseOnceBitten()
		r.account.Document.RetentionSeconds = random.Int32N(60)
		r.write(r.account.WriteDocument)
		r.did.reloads++
	}
}

func (r *run) write(document func() error) {
	if err := document(); err != nil {
		r.t.Error(err)
	}
}
