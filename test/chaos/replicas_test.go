//go:build chaos && linux

package chaos

import (
	"context"
	"maps"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/test/rig"
)

const (
	// pausedFor is longer than a replica's lease and the time until the other one looks for what it
	// left.
	pausedFor = store.DefaultLease + 9*time.Second
	// lateStatus is when statuses come: after the takeover, so that none of them resolves what the
	// paused replica was sending before.
	lateStatus = pausedFor - time.Second
	// together is how long both replicas are at work before and after the pause.
	together = 6 * time.Second
)

// TestP1P2P3P5P12ReplicaPausedPastItsLease runs two replicas on one database and stops one of them,
// without ending it, for longer than its lease. The other takes over what it was sending, and what
// the paused one had in its hands when it comes back changes nothing.
func TestP1P2P3P5P12ReplicaPausedPastItsLease(t *testing.T) {
	programs, err := rig.Compile(t.Context(), t.TempDir(), "gateway", "guichet")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []config.Doubt{{Resolution: "Fail", WaitSeconds: 8}, {Resolution: "Resend", WaitSeconds: 1}} {
		t.Run(rule.Resolution, func(t *testing.T) {
			t.Parallel()
			s := readSettings(t).on(postgres)
			s.doubt, s.budgetStep = rule, 20
			newRun(t, s, programs).playWithAPause(t, programs)
		})
	}
}

func (r *run) playWithAPause(t *testing.T, programs rig.Programs) {
	second := *r
	var err error
	if second.gateway, err = rig.NewGateway(programs, r.account, "INFO"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.gateway.Kill)
	second.flow = newFlow(&second)
	second.start()

	r.phones.openWindows()
	if err := r.sim.SetKnobs(simulator.Knobs{
		DuplicateRate: 0.15, ReorderRate: 0.3, ReorderWithin: simulator.Duration(300 * time.Millisecond),
		SendDelay:    simulator.Duration(500 * time.Millisecond),
		WebhookDelay: simulator.Duration(lateStatus),
	}); err != nil {
		t.Fatal(err)
	}
	flowing, stop := context.WithCancel(context.Background())
	var actors sync.WaitGroup
	for _, actor := range []func(context.Context){
		r.budget.sample,
		r.raiseBudget,
		func(ctx context.Context) { r.flow.driveAs(ctx, "first") },
		func(ctx context.Context) { second.flow.driveAs(ctx, "second") },
	} {
		actors.Go(func() { actor(flowing) })
	}
	pause(flowing, together)
	r.untilBothSend()
	second.signal(syscall.SIGSTOP)
	pause(flowing, pausedFor)
	second.signal(syscall.SIGCONT)
	pause(flowing, together)
	stop()
	actors.Wait()

	r.heal()
	last := r.settle()
	second.gateway.Kill()
	r.gateway.Kill()
	r.takeOver(&second)
	r.auditPause(last.Period.InDoubt)
}

// takeOver makes another gateway's flow a part of this one's.
func (r *run) takeOver(other *run) {
	maps.Copy(r.flow.promised, other.flow.promised)
	r.flow.repeats += other.flow.repeats
	r.flow.again += other.flow.again
	r.flow.renamed = append(r.flow.renamed, other.flow.renamed...)
	for code, n := range other.flow.refused {
		r.flow.refused[code] += n
	}
}

// untilBothSend waits until both replicas have messages on their way to the upstream.
func (r *run) untilBothSend() {
	schema := "guichet_" + strings.ReplaceAll(r.account.Document.Account.UID, "-", "_")
	gomega.NewWithT(r.t).Eventually(func() (int64, error) {
		return postgrestest.Changed(
			r.account.Document.Storage.URL, "SELECT DISTINCT lease FROM "+schema+".messages WHERE state = 1",
		)
	}, "30s", "10ms").Should(gomega.BeEquivalentTo(2))
}

// signal sends a signal to the gateway's process.
func (r *run) signal(s syscall.Signal) {
	if err := syscall.Kill(r.gateway.PID(), s); err != nil {
		r.t.Error(err)
	}
}

// raiseBudget raises the budget each time it has bitten.
func (r *run) raiseBudget(ctx context.Context) {
	for pause(ctx, 3*time.Second) {
		r.budget.raiseOnceBitten()
		r.write(r.account.WriteDocument)
	}
}

func (r *run) auditPause(inDoubt int64) {
	r.t.Helper()
	b := r.auditMessages(inDoubt)
	r.needs(map[string]int{
		"doubts": b.count(func(f *fate) bool { return f.doubts > 0 }), "takeovers": r.logged(
			"Sends were cut off and are in doubt",
		),
		"lost leases": r.logged(store.ErrLeaseLost.Error()), "samples of the budget": r.budget.samples,
	})
}

// auditMessages checks what became of the messages, the ledger and the budget.
func (r *run) auditMessages(inDoubt int64) *books {
	r.t.Helper()
	opened, err := r.account.OpenStore(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	defer opened.Close()
	if _, err := opened.Audit(context.Background()); err != nil {
		r.t.Errorf("P5: the ledger or its totals do not verify: %v", err)
	}
	b := r.read(opened)
	r.readUpstream(b)
	r.t.Log("\n" + r.table(b))
	r.checkMessages(b)
	if allowed, err := r.budget.closest.Add(b.corrected); err != nil || allowed.Sign() < 0 {
		r.t.Errorf("P3: the budget was exceeded by more than the corrections of %s: %s", b.corrected, r.budget.when)
	}
	if inDoubt != 0 {
		r.t.Errorf("P12: %d messages are still in doubt", inDoubt)
	}
	return b
}

// needs fails a run in which something has not happened.
func (r *run) needs(counts map[string]int) {
	r.t.Helper()
	for what, n := range counts {
		if n == 0 {
			r.t.Errorf("no %s: the run proves less than it says", what)
		}
	}
}
