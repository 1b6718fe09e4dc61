//go:build chaos && linux

package chaos

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/test/rig"
)

// backWithin is how long after the promotion of a standby a gateway may take to go on.
const backWithin = 10 * time.Second

// TestP1P2P3P5PrimaryDiesUnderTraffic runs two replicas on a database that a standby follows
// synchronously, kills the primary with SIGKILL and promotes the standby. Nothing that was promised
// is lost or billed twice.
func TestP1P2P3P5PrimaryDiesUnderTraffic(t *testing.T) {
	programs, err := rig.Compile(t.Context(), t.TempDir(), "gateway", "guichet")
	if err != nil {
		t.Fatal(err)
	}
	s := readSettings(t).on(postgres)
	s.doubt, s.budgetStep, s.standby = config.Doubt{Resolution: "Fail", WaitSeconds: 8}, 20, true
	newRun(t, s, programs).playWithAFailover(t, programs)
}

// pairURL gives the database a standby, and returns the URL of both.
func (r *run) pairURL() string {
	database, _, err := r.database.Create() // it goes with its server
	if err != nil {
		r.t.Fatal(err)
	}
	if r.standby, err = r.database.Standby(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.standby.Stop)
	if err := r.database.Replicate(true); err != nil {
		r.t.Fatal(err)
	}
	located, err := r.database.Either(database, r.standby)
	if err != nil {
		r.t.Fatal(err)
	}
	return located
}

func (r *run) playWithAFailover(t *testing.T, programs rig.Programs) {
	second := *r
	var err error
	if second.gateway, err = rig.NewGateway(programs, r.account, "INFO"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.gateway.Kill)
	second.flow = newFlow(&second)
	second.start()

	r.phones.openWindows()
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
	if err := r.database.Kill(); err != nil {
		t.Error(err)
	}
	g := gomega.NewWithT(t)
	g.Eventually(func() int { return r.logged("Store became unavailable") }, "20s", "10ms").Should(
		gomega.BeNumerically(">=", 2), "both replicas notice it",
	)
	if err := r.standby.Promote(); err != nil {
		t.Error(err)
	}
	promoted := time.Now()
	for _, f := range []*flow{r.flow, second.flow} {
		before := f.accepted()
		g.Eventually(f.accepted, backWithin-time.Since(promoted), "10ms").Should(
			gomega.BeNumerically(">", before), "each replica accepts within %s of the promotion", backWithin,
		)
	}
	t.Logf("both replicas accept messages %s after the promotion", time.Since(promoted).Round(time.Millisecond))
	pause(flowing, together)
	stop()
	actors.Wait()

	r.heal()
	last := r.settle()
	second.gateway.Kill()
	r.gateway.Kill()
	r.takeOver(&second)
	r.auditMessages(last.Period.InDoubt)
	r.needs(map[string]int{
		"repetitions of what the failure left without an answer": r.flow.repeats,
		"samples of the budget":                                  r.budget.samples,
	})
}
