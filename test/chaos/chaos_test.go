//go:build chaos && linux

package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/test/rig"
)

// settings say how hard and how long a run is.
type settings struct {
	seed   uint64
	engine engine
	// uptime is the longest time from one blow to the next, but for calms; every so many blows
	// troubles the store instead of the gateway.
	uptime       time.Duration
	troubleEvery int
	// budgetStep is by how much the budget is raised at a time, in whole units of the currency:
	// less than what is sent until the next raise.
	budgetStep int64
	// flow is for how long new messages are sent, at least: until every kind of blow was felt.
	flow time.Duration
	// doubt is the account's rule for doubts, and late how late statuses come while the network is
	// bad.
	doubt config.Doubt
	late  time.Duration
	// outOfOrder makes the business's endpoint fail every so many requests; 0 is never.
	outOfOrder int
	// calm is how long the gateway is left alone now and then, so that doubts come to be resolved
	// by rule: longer than they wait for one. 0 is never before the end.
	calm time.Duration
	// pairLimits is the share of sends that are refused for the rate of a pair while the API errs.
	// A message waits for a minute once it was tried four times.
	pairLimits float64
	// unpaid lets the upstream lack a means of payment now and then. What it has refused waits for
	// a minute.
	unpaid bool
	// hang is how long a hanging upstream takes to answer, and a black hole before it lasts.
	hang time.Duration
	// standby gives the database a second server, which follows it synchronously.
	standby bool
}

// engine is where the gateway keeps its state.
type engine string

const (
	sqlite   engine = "sqlite"
	postgres engine = "postgres"
)

func readSettings(t *testing.T) settings {
	t.Helper()
	s := settings{
		seed: uint64(time.Now().UnixNano()), flow: 2 * time.Minute, calm: 14 * time.Second, outOfOrder: 40,
		pairLimits: 0.01, unpaid: true, hang: 25 * time.Second,
	}
	if os.Getenv("CHAOS") == "short" {
		s.flow, s.calm, s.outOfOrder, s.pairLimits, s.unpaid, s.hang = 12*time.Second, 0, 0, 0, false, 2*time.Second
	}
	var err error
	if text := os.Getenv("CHAOS_DURATION"); text != "" {
		if s.flow, err = time.ParseDuration(text); err != nil {
			t.Fatalf("CHAOS_DURATION must be a duration such as 5m: %v", err)
		}
	}
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		if s.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CHAOS_SEED must be a whole number: %v", err)
		}
	}
	return s
}

// wantedEngines returns both engines, unless CHAOS_ENGINE names one.
func wantedEngines(t *testing.T) []engine {
	t.Helper()
	switch wanted := engine(os.Getenv("CHAOS_ENGINE")); wanted {
	case "":
		return []engine{sqlite, postgres}
	case sqlite, postgres:
		return []engine{wanted}
	default:
		t.Fatalf("CHAOS_ENGINE %q is not known: use %s or %s", wanted, sqlite, postgres)
		return nil
	}
}

// underEachRule returns the settings under each of the rules for doubts. Under Fail they wait
// longer than the upstream's longest pause between two tries of a webhook and a full disk together,
// so that a status resolves what it can; under Resend they wait so briefly, and the statuses come
// so late, that messages are sent twice.
func (s settings) underEachRule() []settings {
	failing, resending := s, s
	failing.doubt = config.Doubt{Resolution: "Fail", WaitSeconds: 8}
	resending.doubt, resending.late = config.Doubt{Resolution: "Resend", WaitSeconds: 1}, 15*time.Second
	resending.calm = max(s.calm, 4*time.Second)
	return []settings{failing, resending}
}

// on returns the settings for an engine. A start on PostgreSQL takes a second or two, so blows are
// rarer there.
func (s settings) on(e engine) settings {
	s.engine, s.uptime, s.troubleEvery, s.budgetStep = e, 800*time.Millisecond, 6, 8
	if e == postgres {
		s.uptime, s.troubleEvery, s.budgetStep = 4*time.Second, 3, 1
		s.flow = max(s.flow, 20*time.Second)
	}
	return s
}

// random returns a source of its own for each of the run's actors, so that what one does is the
// same whatever the others do.
func (s settings) random(actor uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, actor)) }

// The actors that draw random numbers.
const (
	actorSaboteur uint64 = iota
	actorUpstream
	actorReloader
	actorPhones
	actorSender // and those that follow
)

// run is one fault run.
type run struct {
	t        *testing.T
	settings settings
	programs rig.Programs
	account  *rig.Account
	gateway  *rig.Gateway
	database *postgrestest.Server // nil for SQLite
	standby  *postgrestest.Server // nil without one
	routes   routes
	sim      *simulator.Simulator
	business *business
	flow     *flow
	phones   *phones
	budget   *budget
	did      deeds
}

// routes are the gateway's ways to the upstream and to its database, if it has one.
type routes struct{ upstream, database *rig.Proxy }

// deeds count what was done to the gateway.
type deeds struct {
	kills, killsInTrouble, fullDisks, crashes, cuts, reloads, badDocuments, moods int
	upstreamHoles, databaseHoles                                                  int
	slowestStart                                                                  time.Duration
}

func newRun(t *testing.T, s settings, programs rig.Programs) *run {
	t.Helper()
	r := &run{t: t, settings: s, programs: programs, business: newBusiness(t, s.outOfOrder)}
	directory := t.TempDir()
	upstream := httptest.NewUnstartedServer(nil)
	r.routes.upstream = route(t, upstream.Listener.Addr().String())
	var err error
	if r.account, err = rig.NewAccount(directory, "http://"+r.routes.upstream.Address()); err != nil {
		t.Fatal(err)
	}
	if s.engine == postgres {
		r.database = postgrestest.Start(t)
		r.account.Document.Storage = config.Storage{Type: config.StorageShared, URL: r.databaseURL()}
	}
	if r.gateway, err = rig.NewGateway(r.programs, r.account, "INFO"); err != nil {
		t.Fatal(err)
	}
	if r.sim, err = simulator.New(
		rig.Upstream(r.gateway.API()+"/webhooks"), simulator.Options{Logger: quiet()},
	); err != nil {
		t.Fatal(err)
	}
	upstream.Config.Handler = r.sim.Handler()
	upstream.Start()
	t.Cleanup(upstream.Close)
	r.flow, r.phones, r.budget = newFlow(r), newPhones(r), newBudget(r)
	r.configure()
	t.Cleanup(r.gateway.Kill)
	r.start()
	simulating, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.sim.Run(simulating) }()
	t.Cleanup(func() { stop(); <-done })
	return r
}

// databaseURL makes the run's database, and returns how the gateway gets to it: by a route that can
// become a black hole, or to whichever of two servers takes writes.
func (r *run) databaseURL() string {
	if r.settings.standby {
		return r.pairURL()
	}
	located, err := url.Parse(r.database.Database(r.t))
	if err != nil {
		r.t.Fatal(err)
	}
	r.routes.database = route(r.t, located.Host)
	located.Host = r.routes.database.Address()
	return located.String()
}

// route returns a way to an address that can become a black hole.
func route(t *testing.T, to string) *rig.Proxy {
	t.Helper()
	p, err := rig.NewProxy(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// configure sets up the account: a budget that bites, an allowance that is soon used up, and a
// business that gets every callback.
func (r *run) configure() {
	d := &r.account.Document
	d.Account.TimeZone = zoneFarFromMidnight(time.Now())
	d.Plan.Revisions[0].Allowances[0].Count = freeService
	d.Callback = r.business.callback()
	d.Doubt = r.settings.doubt
	r.budget.raise()
	if err := r.account.WriteDocument(); err != nil {
		r.t.Fatal(err)
	}
}

// freeService is the number of free service messages of each number and month.
const freeService = 150

// zoneFarFromMidnight returns a time zone in which no month turns during a run.
func zoneFarFromMidnight(now time.Time) string {
	if hour := now.UTC().Hour(); hour >= 2 && hour < 20 {
		return "Etc/UTC"
	}
	return "Etc/GMT+12"
}

func (r *run) start() {
	took, err := r.gateway.Start(context.Background())
	if err != nil {
		r.t.Error(err)
	}
	r.did.slowestStart = max(r.did.slowestStart, took)
}

// TestP1P2P3P4P5P12FaultRun is the fault run. Its table says what was done, and what came of it.
func TestP1P2P3P4P5P12FaultRun(t *testing.T) {
	s := readSettings(t)
	programs, err := rig.Compile(t.Context(), t.TempDir(), "gateway", "guichet")
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range wantedEngines(t) {
		for _, s := range s.on(engine).underEachRule() {
			t.Run(fmt.Sprintf("%s/%s", s.engine, s.doubt.Resolution), func(t *testing.T) {
				t.Parallel()
				t.Logf("seed %d, messages flow for %s", s.seed, s.flow)
				newRun(t, s, programs).play()
			})
		}
	}
}

// play plays the whole run.
func (r *run) play() {
	r.phones.openWindows()
	r.disturb()
	r.heal()
	last := r.settle()
	r.gateway.Kill()
	r.audit(last)
}

// longestFlow is how many times its planned time a flow may take until every kind of blow was felt.
const longestFlow = 12

// disturb lets messages flow while everything goes wrong, until every kind of blow was felt: which
// ones come first is left to chance.
func (r *run) disturb() {
	flowing, stop := context.WithTimeout(context.Background(), longestFlow*r.settings.flow)
	defer stop()
	go func() {
		defer stop()
		for pause(flowing, r.settings.flow); !r.felt(); {
			if !pause(flowing, 200*time.Millisecond) {
				return
			}
		}
	}()
	sampling, endSampling := context.WithCancel(context.Background())
	var actors, sampler sync.WaitGroup
	sampler.Go(func() { r.budget.sample(sampling) })
	for _, actor := range []func(context.Context){r.sabotage, r.upset, r.reload, r.phones.write, r.flow.drive} {
		actors.Go(func() { actor(flowing) })
	}
	actors.Wait()
	endSampling()
	sampler.Wait()
}

// felt reports whether the gateway has met what checkProof asks for, as far as can be seen while it
// runs.
func (r *run) felt() bool {
	counts := r.sim.Counts()
	noticed := r.settings.engine == sqlite || r.noticedHoles() > 0
	return noticed && r.routes.upstream.Held() > 0 && counts.Dropped > 0 && counts.Duplicates > 0 && r.logged(
		"Store became unavailable",
	) > 0 && r.logged("in doubt") > 0 &&
		r.flow.refusals(graph.CodePayment) > 0 && r.flow.refusals(
		graph.CodeReEngagement,
	) > 0 && (!r.resends() || r.sentTwice() > 0)
}

// resends reports whether messages must be sent twice: on PostgreSQL, where the gateway has less
// time to itself, they need not.
func (r *run) resends() bool { return r.settings.engine == sqlite && r.settings.late > 0 }

// sentTwice returns how many messages the upstream has more than once.
func (r *run) sentTwice() int {
	times, twice := map[string]int{}, 0
	for _, m := range r.sim.Messages(simulator.MessageFilter{}) {
		if times[m.CallbackData]++; times[m.CallbackData] == 2 {
			twice++
		}
	}
	return twice
}

// heal ends every fault. The new configuration also ends a stop of the upstream's.
func (r *run) heal() {
	r.sim.ClearFaults()
	if err := r.sim.SetKnobs(simulator.Knobs{}); err != nil {
		r.t.Fatal(err)
	}
	r.budget.raise()
	if err := r.account.WriteDocument(); err != nil {
		r.t.Fatal(err)
	}
}

// settle waits until every message has ended, everybody has been told and the last configuration is
// served (P10), and returns the report of then.
func (r *run) settle() report.Report {
	r.t.Helper()
	var last atomic.Pointer[report.Report]
	settled := func() error {
		if _, err := r.rests(); err != nil {
			return err
		}
		idle, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if err := r.sim.WaitIdle(idle); err != nil {
			return err
		}
		now, err := r.rests() // and has told the business what the upstream told last
		if err != nil {
			return err
		}
		last.Store(&now)
		return nil
	}
	gomega.NewWithT(r.t).Eventually(settled, "3m", "50ms").Should(gomega.Succeed())
	return *last.Load()
}

// rests returns the gateway's report, and an error as long as it has anything to do.
func (r *run) rests() (report.Report, error) {
	now, err := r.gateway.Report(context.Background())
	switch wanted := r.configDigest(); {
	case err != nil:
		return report.Report{}, err
	case now.Queues != (report.Queues{}) || now.Period.InDoubt != 0:
		return report.Report{}, fmt.Errorf(
			"still waiting: %+v, %d in doubt, channels %+v", now.Queues, now.Period.InDoubt, now.Channels,
		)
	case now.ConfigDigest != wanted:
		return report.Report{}, fmt.Errorf(
			"P10: the gateway serves %s; the last configuration is %s", now.ConfigDigest, wanted,
		)
	}
	return now, nil
}

// configDigest returns the digest of the configuration that is on the gateway's disk.
func (r *run) configDigest() string {
	document, err := os.ReadFile(r.account.Path("config", config.FileName))
	if err != nil {
		r.t.Fatal(err)
	}
	digest := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(digest[:])
}

// usd returns an amount of the plan's currency.
func usd(amount int64) money.Money {
	whole, err := money.MustParse("1").MulInt(amount)
	if err != nil {
		panic(err)
	}
	return money.Money{Amount: whole, Currency: "USD"}
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// between draws a duration.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}
