//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/test/rig"
)

// The page's run: whoever has written, how fast the business sends, and its budget, which is used
// up before the end of even the short form.
const (
	pagePeople    = 40
	pageSenders   = 8
	pagePerSecond = 60
	pagePrice     = "0.01"
	pageBudget    = 4 // of the plan's currency
	// Codes of the Send API.
	codeUnpaid      = 200
	codeUnreachable = 551
	codeTemporary   = 1200
)

// pageRun is the fault run of a page: nothing but watermarks, echoes and the answers to sends tells
// what became of a message, and any of them may be lost with the gateway that took it.
type pageRun struct {
	settings settings
	account  *rig.Account
	gateway  *rig.Gateway
	sim      *simulator.Simulator
	people   []string
	flow     *flow
	kills    int
}

// TestP1P2P3P5P12PageFaultRun kills the gateway again and again while a business sends from a page,
// and Meta loses answers, refuses, repeats and disorders its webhooks, and tells of deliveries with
// and without the ids of messages.
func TestP1P2P3P5P12PageFaultRun(t *testing.T) {
	t.Parallel()
	s := readSettings(t)
	programs, err := rig.Compile(t.Context(), t.TempDir(), "gateway")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d, messages flow for %s", s.seed, s.flow)
	r := newPageRun(t, s, programs)
	r.disturb(t)
	r.heal(t)
	r.settle(t)
	r.gateway.Kill()
	r.audit(t)
}

func newPageRun(t *testing.T, s settings, programs rig.Programs) *pageRun {
	t.Helper()
	r := &pageRun{settings: s}
	upstream := httptest.NewUnstartedServer(nil)
	address := "http://" + upstream.Listener.Addr().String()
	var err error
	if r.account, err = rig.NewAccount(t.TempDir(), address); err != nil {
		t.Fatal(err)
	}
	if err := r.account.AddPage(address); err != nil {
		t.Fatal(err)
	}
	r.configure(t)
	if r.gateway, err = rig.NewGateway(programs, r.account, "INFO"); err != nil {
		t.Fatal(err)
	}
	callback := r.gateway.API() + config.WebhookPath
	scene := rig.Upstream(callback)
	scene.Pages = []pages.Page{rig.UpstreamPage(callback)}
	if r.sim, err = simulator.New(scene, simulator.Options{Logger: quiet()}); err != nil {
		t.Fatal(err)
	}
	upstream.Config.Handler = r.sim.Handler()
	upstream.Start()
	t.Cleanup(upstream.Close)
	t.Cleanup(r.gateway.Kill)
	if _, err := r.gateway.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	simulating, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.sim.Run(simulating) }()
	t.Cleanup(func() { stop(); <-done })
	r.openWindows(t)
	return r
}

// configure prices every message of the page, and gives the account a budget.
func (r *pageRun) configure(t *testing.T) {
	t.Helper()
	d := &r.account.Document
	d.Account.TimeZone = zoneFarFromMidnight(time.Now())
	d.Doubt = config.Doubt{Resolution: config.DoubtFail, WaitSeconds: 8}
	d.Budget = &config.Budget{Limit: usd(pageBudget), Action: config.BudgetBlock}
	for i := range d.Plans[0].Plan.Revisions {
		revision := &d.Plans[0].Plan.Revisions[i]
		revision.Free = nil
		revision.Rates = []pricing.MarketRates{{Market: "Any", Prices: []pricing.Price{
			{Category: "Service", Amount: pagePrice},
		}}}
	}
	if err := r.account.WriteDocument(); err != nil {
		t.Fatal(err)
	}
}

// openWindows has everybody write, and waits until the gateway has heard it.
func (r *pageRun) openWindows(t *testing.T) {
	t.Helper()
	for i := range pagePeople {
		acted, err := r.sim.Pages().Act(fmt.Sprintf("person-%d", i), pages.Act{To: rig.PageID, Text: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		r.people = append(r.people, acted.Person)
	}
	gomega.NewWithT(t).Eventually(func() (int64, error) {
		now, err := r.gateway.Report(t.Context())
		return now.OpenWindows, err
	}, "1m", "20ms").Should(gomega.BeEquivalentTo(pagePeople))
}

// disturb lets messages flow while the gateway is killed and Meta has its moods.
func (r *pageRun) disturb(t *testing.T) {
	t.Helper()
	flowing, stop := context.WithTimeout(t.Context(), r.settings.flow)
	defer stop()
	r.flow = newFlowAt(pagePerSecond)
	var actors sync.WaitGroup
	for i := range pageSenders {
		actors.Go(func() {
			random := r.settings.random(actorSender + uint64(i))
			for n := 0; r.flow.pace.Wait(flowing) == nil; n++ {
				r.flow.send(r.gateway.API(), rig.Send{
					Number: rig.PageID, Key: fmt.Sprintf("page-%d-%d", i, n),
					Body: rig.PageText(r.people[random.IntN(pagePeople)], fmt.Sprintf("About %d-%d", i, n)),
				}, random.IntN(20) == 0)
			}
		})
	}
	actors.Go(func() { r.upset(flowing, t) })
	actors.Go(func() {
		random := r.settings.random(actorSaboteur)
		for pause(flowing, between(random, 300*time.Millisecond, 1500*time.Millisecond)) {
			r.gateway.Kill()
			r.kills++
			if _, err := r.gateway.Start(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	actors.Wait()
}

// upset changes Meta's mood again and again.
func (r *pageRun) upset(ctx context.Context, t *testing.T) {
	random := r.settings.random(actorUpstream)
	for n := 0; ; n++ {
		r.sim.ClearFaults()
		knobs := simulator.Knobs{
			DuplicateRate: 0.2, ReorderRate: 0.3, ReorderWithin: simulator.Duration(300 * time.Millisecond),
			NoMessageIDs: n%2 == 1,
		}
		if err := r.sim.SetKnobs(knobs); err != nil {
			t.Error(err)
		}
		for _, fault := range []simulator.Fault{
			{Code: codeTemporary, Rate: 0.03},
			{Code: codeUnreachable, Rate: 0.03},
			{Effect: simulator.EffectDropBefore, Rate: 0.03},
			{Effect: simulator.EffectDropAfter, Rate: 0.08},
		} {
			if err := r.sim.AddFault(fault); err != nil {
				t.Error(err)
			}
		}
		if !pause(ctx, between(random, 500*time.Millisecond, 1500*time.Millisecond)) {
			return
		}
	}
}

func (r *pageRun) heal(t *testing.T) {
	t.Helper()
	r.sim.ClearFaults()
	if err := r.sim.SetKnobs(simulator.Knobs{}); err != nil {
		t.Fatal(err)
	}
}

// settle waits until nothing is open any more, at the gateway and at the upstream.
func (r *pageRun) settle(t *testing.T) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() error {
		if err := r.sim.WaitIdle(t.Context()); err != nil {
			return err
		}
		now, err := r.gateway.Report(t.Context())
		if err == nil && (now.Queues != (report.Queues{}) || now.Period.InDoubt != 0) {
			err = fmt.Errorf("still waiting: %+v, %d in doubt", now.Queues, now.Period.InDoubt)
		}
		return err
	}, "2m", "50ms").Should(gomega.Succeed())
}

// audit compares the ledger with what Meta has.
func (r *pageRun) audit(t *testing.T) {
	t.Helper()
	opened, err := r.account.OpenStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if _, err := opened.Audit(t.Context()); err != nil {
		t.Errorf("P5: the ledger or its totals do not verify: %v", err)
	}
	b := &books{fates: map[string]*fate{}}
	for id, send := range r.flow.promised {
		b.fates[id] = &fate{send: send}
	}
	if err := opened.View(t.Context(), b.enterAll); err != nil {
		t.Fatal(err)
	}
	for _, m := range r.sim.Messages(simulator.MessageFilter{}) {
		b.fate(m.CallbackData).upstream++
	}
	for id, f := range b.fates {
		switch charged := f.charge == money.MustParse(pagePrice); {
		case f.settled != 1:
			t.Errorf("P1, P2: %s is settled %d times; want once", id, f.settled)
		case f.upstream > 1:
			t.Errorf("P12: Meta has %s %d times; what is in doubt fails, by the rule", id, f.upstream)
		case f.send == rig.Send{}:
			t.Errorf("P2: %s was neither promised nor a repetition", id)
		case charged != (f.upstream == 1) || !charged && !f.charge.IsZero():
			t.Errorf("P2: Meta has %s %d times, and it is charged %s", id, f.upstream, f.charge)
		}
	}
	if b.billed.Cmp(usd(pageBudget).Amount) > 0 {
		t.Errorf("P3: %s is billed, of a budget of %d", b.billed, pageBudget)
	}
	doubts := b.count(func(f *fate) bool { return f.doubts > 0 })
	lost, unpaid := r.sim.Counts().Dropped, r.flow.refusals(codeUnpaid)
	t.Logf("%d kills; %d promised, %d refused for the budget, %d sent again without an answer; %d answers lost, "+
		"%d doubts noted, %d corrected; %s billed", r.kills, len(r.flow.promised), unpaid,
		r.flow.repeats, lost, doubts, b.count(func(f *fate) bool { return f.corrected > 0 }), b.billed)
	if r.kills == 0 || lost == 0 || unpaid == 0 || len(r.flow.renamed) > 0 {
		t.Errorf("the run proves nothing: %d kills, %d answers lost, %d refused for the budget; %d keys with two ids",
			r.kills, lost, unpaid, len(r.flow.renamed))
	}
}
