package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/test/port"
	"github.com/guichet-dev/guichet/test/rig"
)

// onDisk is where programs are compiled: what is in memory may not be executed everywhere.
var onDisk = os.TempDir()

// programs are the real gateway, compiled once if a test wants it; it is removed when the tests
// have ended.
var programs = sync.OnceValues(func() (rig.Programs, error) {
	compiled = filepath.Join(onDisk, "guichet-gateway-"+rand.Text())
	return rig.Compile(context.Background(), compiled, "gateway")
})

// compiled is the directory of the programs; empty while there are none.
var compiled string

// process is the real program, running.
type process struct {
	*world
	programs  rig.Programs
	addresses []string // API, metrics, report
	command   *exec.Cmd
}

// newProcess starts the real program between a simulator and a business. Its plan is that of
// October 2026, in force since long ago, whatever this machine's clock says.
func newProcess(tb testing.TB, changes ...func(*config.Document)) *process {
	tb.Helper()
	p := &process{}
	var err error
	if p.programs, err = programs(); err != nil {
		tb.Fatal(err)
	}
	if p.addresses, err = port.Free(3); err != nil {
		tb.Fatal(err)
	}
	timeless := func(d *config.Document) {
		last := d.Plan.Revisions[len(d.Plan.Revisions)-1]
		last.EffectiveDate = "2018-08-01"
		d.Plan.Revisions = d.Plan.Revisions[:1]
		d.Plan.Revisions[0] = last
	}
	p.world = prepareWorldOn(
		tb, gatewaytest.Loopback(), clock.New(nil), "http://"+p.addresses[0],
		append([]func(*config.Document){timeless}, changes...)...,
	)
	p.metrics, p.reportURL = "http://"+p.addresses[1], "https://"+p.addresses[2]+report.Path
	p.launch()
	tb.Cleanup(p.kill)
	p.runSimulator()
	return p
}

func (p *process) launch() {
	p.t.Helper()
	p.command = p.programs.Gateway(p.directory, p.addresses, "DEBUG", p.logs)
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.becomesReady()
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended already
	_ = p.command.Wait()         // that it was killed is no news
}

func TestIdleProcessStaysSmall(t *testing.T) {
	p := newProcess(t)
	p.report()
	const most = 24 << 20 // bytes; the aim is 20 MiB, with room for other machines
	idle, err := rig.Resident(p.command.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if idle > most {
		t.Fatalf("the idle process has %d KiB resident, more than %d", idle>>10, most>>10)
	}
}

// TestP1P2P12KilledProcessLosesNothingAndBillsOnce kills the real program again and again while
// messages flow, and compares what the business was promised, what the upstream has, and what the
// ledger says.
func TestP1P2P12KilledProcessLosesNothingAndBillsOnce(t *testing.T) {
	t.Parallel()
	p := newProcess(t, func(d *config.Document) { d.Doubt.WaitSeconds = 1 })
	p.control(
		http.MethodPut, "knobs", `{"duplicateRate":0.2,"reorderRate":0.2,"reorderWithin":"20ms","sendDelay":"2ms"}`,
	)
	var promised sync.Map
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var senders sync.WaitGroup
	for s := range 4 {
		senders.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if id, ok := p.trySend(ctx, templateTo(fmt.Sprintf("+336%d%07d", s, n%50), "parcel_ready")); ok {
					promised.Store(id, true)
				}
			}
		})
	}
	for range 5 {
		before := p.acceptedUpstream()
		p.until("messages flow", func() bool { return p.acceptedUpstream() > before+40 })
		p.kill()
		p.launch()
	}
	stop()
	senders.Wait()
	p.until("everything is settled", func() bool {
		r := p.report()
		return r.Queues.Unsettled == 0 && r.Period.InDoubt == 0 && r.Queues.Outbound == 0
	})
	if err := p.sim.WaitIdle(context.Background()); err != nil {
		t.Fatal(err)
	}
	p.until("every delivery is in the ledger", func() bool {
		charged := p.report().Period.Charged
		return charged == int64(p.sim.Counts().Delivered-p.resent())
	})
	p.kill()
	p.audit(&promised)
}

// trySend sends over a connection that may break at any time.
func (p *process) trySend(ctx context.Context, body string) (id string, ok bool) {
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, p.api+"/v26.0/"+phoneID+"/messages", strings.NewReader(body),
	)
	if err != nil {
		return "", false
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", false
	}
	return acceptedID(response)
}

func (p *process) acceptedUpstream() int { return p.sim.Counts().Accepted }

// resent counts what the upstream got more than once.
func (p *process) resent() int {
	seen := map[string]bool{}
	again := 0
	for _, m := range p.sim.Messages(simulator.MessageFilter{}) {
		if seen[m.CallbackData] {
			again++
		}
		seen[m.CallbackData] = true
	}
	return again
}

// audit opens the store that the process has left, verifies the ledger's chain, and holds the
// upstream's own record against it.
func (p *process) audit(promised *sync.Map) {
	t := p.t
	t.Helper()
	keyset, err := os.ReadFile(filepath.Join(p.directory, "keys", config.KeysetFile))
	if err != nil {
		t.Fatal(err)
	}
	customer, err := os.ReadFile(filepath.Join(p.directory, "keys", config.CustomerKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Parse(keyset, customer)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := store.Open(context.Background(), store.Options{
		Path: filepath.Join(p.directory, "data", "gateway.db"), AccountUID: p.document.Account.UID, Keys: keys,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	charged, free, doubts := map[string]int{}, map[string]int{}, map[string]int{}
	err = opened.View(context.Background(), func(tx *store.Tx) error {
		if _, _, err := ledger.Verify(p.document.Account.UID, tx.Ledger().Entries(0)); err != nil {
			return err
		}
		for entry, err := range tx.Ledger().Entries(0) {
			if err != nil {
				return err
			}
			record, err := ledger.ParseCanonical(entry.Canonical)
			if err != nil {
				return err
			}
			switch {
			case record.Kind == ledger.Doubt:
				doubts[record.MessageID]++
			case record.Charged():
				charged[record.MessageID]++
			default:
				free[record.MessageID]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	upstream := map[string]int{}
	for _, m := range p.sim.Messages(simulator.MessageFilter{}) {
		upstream[m.CallbackData]++
	}
	for id, times := range upstream {
		if charged[id] != 1 {
			t.Errorf("message %s was delivered and is charged %d times", id, charged[id])
		}
		if times > 1 && doubts[id] == 0 {
			t.Errorf("message %s was sent %d times and the ledger has no doubt about it", id, times)
		}
	}
	kept := 0
	promised.Range(func(id, _ any) bool {
		kept++
		if name := id.(string); charged[name]+free[name] == 0 {
			t.Errorf("message %s was promised and is lost", name)
		}
		return true
	})
	t.Logf(
		"%d messages promised, %d at the upstream, %d charged, %d given up, %d doubts", kept, len(upstream),
		len(charged), len(free), len(doubts),
	)
	if kept == 0 || len(upstream) == 0 {
		t.Error("nothing was sent: the test shows nothing")
	}
}

// acceptedID is the id of the message that an answer accepts.
func acceptedID(response *http.Response) (id string, ok bool) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return "", false
	}
	parsed, err := whatsapp.ParseSendResponse(body)
	if err != nil {
		return "", false
	}
	return parsed.Messages[0].ID, true
}

// A callback that was on its way when the gateway was killed is delivered again by the next
// process, and not when its lease would be over.
func TestP1CallbackUnderWayAtAKillIsDeliveredAtOnce(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server sees the end of a connection only once it has read the request
		if tries.Add(1) == 1 {
			<-r.Context().Done() // the first answer never comes
		}
	}))
	defer endpoint.Close()
	p := newProcess(t, func(d *config.Document) { d.Callback.URL = endpoint.URL })
	if _, err := p.sim.Write(ana, simulator.Inbound{To: phoneID, Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	p.until("a delivery is under way", func() bool { return tries.Load() == 1 })
	p.kill()
	p.launch()
	p.until("it is made again", func() bool { return tries.Load() == 2 })
	p.until("nothing waits", func() bool { return p.report().Queues.Callbacks == 0 })
}

// What the platform has not allowed is not connected to, whatever its name says, and is as soon as
// it is.
func TestGatewayConnectsToNoInternalAddressThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	var allowed []string
	p := newProcess(t, func(d *config.Document) {
		allowed, d.AllowedEgress = d.AllowedEgress, nil
		d.Callback.URL = strings.Replace(d.Callback.URL, "127.0.0.1", "localhost", 1)
	})
	hello := p.inbound(phoneID, ana, "wamid.guarded", "hello")
	if got := p.webhook(hello, appSecret); got.status != http.StatusOK {
		t.Fatalf("the webhook got %d %s, want 200", got.status, got.body)
	}
	p.accepted(textTo(ana, "held back"))
	p.until("both refusals are logged", func() bool {
		logs := p.logs.String()
		return strings.Count(logs, "127.0.0.1 is an internal address") >= 2
	})
	if sent := p.sim.Messages(simulator.MessageFilter{}); len(sent) > 0 || len(p.business.received("wamid")) > 0 {
		t.Fatalf("%d messages and %d callbacks left", len(sent), len(p.business.received("wamid")))
	}
	p.document.AllowedEgress = allowed
	p.writeDocument()
	p.settled(1)
	p.until("the business is told", func() bool { return len(p.business.received("wamid.guarded")) == 1 })
}
