package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/test/port"
	"github.com/guichet-dev/guichet/test/rig"
)

// stage is a gateway with a store of its own and the upstream's stand-in, each a process.
type stage struct {
	account   *rig.Account
	gateway   *rig.Gateway // the first of the replicas
	replicas  []*rig.Gateway
	upstream  string
	simulator *exec.Cmd
	service   *rig.Proxy // in front of several replicas
	client    *http.Client
	// ready is how long the gateway took from its start until it was ready.
	ready time.Duration
}

// clients is how many requests are under way at once when as many as possible are made.
const clients = 64

// backing is what a stage's gateway stores in, and how many of them there are. The zero backing is
// one gateway with an embedded store.
type backing struct {
	storage  config.Storage
	replicas int
	server   int // the process of a shared store's server; 0 for none
}

// cpu returns the processor time that a shared store's server has used so far.
func (on backing) cpu() (time.Duration, error) {
	if on.server == 0 {
		return 0, nil
	}
	return rig.TreeCPU(on.server)
}

// stage starts a stage with an embedded store. Prepare, if there is one, fills the store before.
func (b *bench) stage(ctx context.Context, prepare func(*rig.Account) error) (*stage, error) {
	return b.stageOn(ctx, backing{}, prepare)
}

func (b *bench) stageOn(ctx context.Context, on backing, prepare func(*rig.Account) error) (s *stage, err error) {
	directory, err := b.directory()
	if err != nil {
		return nil, err
	}
	addresses, err := port.Free(1)
	if err != nil {
		return nil, err
	}
	s = &stage{
		upstream: "http://" + addresses[0],
		client:   &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 8 * clients}},
	}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.account, err = rig.NewAccount(directory, s.upstream); err != nil {
		return nil, err
	}
	s.account.Document.Storage = on.storage
	if err := s.account.WriteDocument(); err != nil {
		return nil, err
	}
	if prepare != nil {
		if err := prepare(s.account); err != nil {
			return nil, err
		}
	}
	for range max(on.replicas, 1) {
		replica, err := rig.NewGateway(b.programs, s.account, "WARN")
		if err != nil {
			return nil, err
		}
		s.replicas = append(s.replicas, replica)
	}
	s.gateway = s.replicas[0]
	if err := s.simulate(b.programs, addresses[0]); err != nil {
		return nil, err
	}
	if err := get(ctx, s.client, s.upstream+"/healthz", nil); err != nil {
		return nil, err
	}
	for _, replica := range s.replicas {
		ready, err := replica.Start(ctx)
		if err != nil {
			return nil, err
		}
		s.ready = max(s.ready, ready)
	}
	return s, nil
}

// cpu returns the processor time that the gateways have used so far.
func (s *stage) cpu() (total time.Duration, err error) {
	for _, replica := range s.replicas {
		used, err := rig.CPU(replica.PID())
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// webhooks returns where the upstream calls. In front of several replicas its connections are
// shared out among them.
func (s *stage) webhooks() (url string, err error) {
	if len(s.replicas) == 1 {
		return s.gateway.API() + "/webhooks", nil
	}
	addresses := make([]string, len(s.replicas))
	for i, replica := range s.replicas {
		addresses[i] = replica.Address()
	}
	if s.service, err = rig.NewProxy(addresses...); err != nil {
		return "", err
	}
	return "http://" + s.service.Address() + "/webhooks", nil
}

// simulate starts the upstream's stand-in. It keeps totals only, so that it costs as little as it
// can.
func (s *stage) simulate(programs rig.Programs, address string) error {
	callback, err := s.webhooks()
	if err != nil {
		return err
	}
	upstream := rig.Upstream(callback)
	upstream.Record = simulator.RecordCounts
	text, err := json.Marshal(upstream)
	if err != nil {
		return err
	}
	path := s.account.Path("simulator.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	s.simulator = child(programs.Path("simulator"), "--listen", address, "--config", path, "--log-level", "ERROR")
	return s.simulator.Start()
}

// child returns a command that ends when this program does.
func child(path string, args ...string) *exec.Cmd {
	command := exec.Command(path, args...)
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return command
}

func (s *stage) stop() {
	for _, replica := range s.replicas {
		replica.Stop()
	}
	end(s.simulator)
	if s.service != nil {
		s.service.Close()
	}
}

// end kills a child, if it runs.
func end(command *exec.Cmd) {
	if command == nil || command.Process == nil {
		return
	}
	_ = command.Process.Kill() // it may have ended
	_ = command.Wait()         // that it was killed is no news
}

// settled waits until so many messages are settled, then until the upstream has nothing more to
// tell.
func (s *stage) settled(ctx context.Context, messages int) (at time.Time, err error) {
	err = poll(ctx, 20*time.Millisecond, func() (bool, error) {
		r, err := s.gateway.Report(ctx)
		return r.Period.Messages >= int64(messages), err
	})
	at = time.Now()
	if err != nil {
		return at, err
	}
	return at, get(ctx, s.client, s.upstream+"/control/idle?timeout=1m", nil)
}

// poll asks again and again until done.
func poll(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeoutCause(
		ctx, patience, errors.New("what was waited for did not come within "+patience.String()),
	)
	defer cancel()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// get fetches a URL until it answers with 200, and hands the body over.
func get(ctx context.Context, client *http.Client, url string, body func([]byte)) error {
	return poll(ctx, 10*time.Millisecond, func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		response, err := client.Do(request)
		if err != nil {
			return false, nil // it is starting
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err == nil && body != nil {
			body(content)
		}
		return response.StatusCode == http.StatusOK, err
	})
}

// template returns the message that is measured, to one of twenty thousand customers.
func template(n int) rig.Send {
	const customers = 20_000
	return rig.Send{
		Number: rig.PhoneNumberIDs()[0], Body: rig.Template(fmt.Sprintf("336%08d", n%customers), "utility", "Ana"),
	}
}
