package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Options say what a process serves, and where.
type Options struct {
	// Directory is the folder with the account's keys and its store. It is made if it is not there.
	Directory string
	Manifests *Manifests
	// GatewayAddress and SimulatorAddress are where the two listen, such as "127.0.0.1:8080".
	GatewayAddress, SimulatorAddress string
	// PostgresURL is a server that keeps the store, instead of the folder.
	PostgresURL string
	// CallbackURL is the business's own endpoint; empty for the page's.
	CallbackURL string
	// Delivery is the pace of statuses.
	Delivery simulator.Delivery
	// Clock is the process's; nil is the machine's. It is set forward to where the folder's last
	// process was.
	Clock *clock.Clock
	Log   *slog.Logger
}

const (
	// lookInterval is how often the templates' reviews and the clock are looked at.
	lookInterval = time.Second
	// startTime bounds the wait for the gateway, stopTime the one for requests at the end.
	startTime = 30 * time.Second
	stopTime  = 3 * time.Second
)

// Process is a tenant at work.
type Process struct {
	// GatewayURL is the base URL of the business's client, and Token what it presents.
	GatewayURL, Token string
	// PageURL is the page, with the token.
	PageURL string
	// Channels are the account's, in the order of its manifest.
	Channels []v1alpha1.ChannelIdentity
	// CallbackSecret signs the callbacks.
	CallbackSecret string
	// Notes say what is not as the manifests say.
	Notes []string

	options   Options
	clock     *clock.Clock
	state     State
	account   *account
	simulator *simulator.Simulator
	stop      context.CancelFunc
	ended     chan error
}

// Start starts a process, and returns once the gateway is ready. It ends with ctx.
func Start(ctx context.Context, options Options) (_ *Process, err error) {
	if options.PostgresURL != "" {
		if err := reachServer(ctx, options.PostgresURL); err != nil {
			return nil, err
		}
	}
	state, err := openFolder(options.Directory)
	if err != nil {
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	page, err := net.Listen("tcp", options.SimulatorAddress)
	if err != nil {
		return nil, fmt.Errorf("listen for the page: %w; choose another address with --listen-page", err)
	}
	listeners, err := gateway.Listen(options.GatewayAddress, "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w; choose another address with --listen", err), page.Close())
	}
	if options.Clock == nil {
		options.Clock = clock.New(nil)
	}
	p := &Process{options: options, clock: options.Clock, state: state, ended: make(chan error, 1)}
	p.clock.Advance(state.Ahead)
	simulatorURL := "http://" + page.Addr().String()
	p.GatewayURL = "http://" + listeners.API.Addr().String()
	p.state.Gateway, p.state.Simulator = p.GatewayURL, simulatorURL
	if err := p.prepare(simulatorURL); err != nil {
		listeners.Close()
		return nil, errors.Join(err, page.Close())
	}
	ctx, p.stop = context.WithCancel(ctx)
	go p.run(ctx, page, listeners)
	return p, p.awaitReady(ctx, "http://"+listeners.Metrics.Addr().String()+"/readyz")
}

// prepare makes the simulator, and writes what the gateway reads.
func (p *Process) prepare(simulatorURL string) (err error) {
	o := &p.options
	if p.account, err = newAccount(o.Manifests, &p.state, o, simulatorURL); err != nil {
		return err
	}
	upstream, err := p.account.simulator(o, simulatorURL, p.GatewayURL+config.WebhookPath)
	if err != nil {
		return err
	}
	p.simulator, err = simulator.New(upstream, simulator.Options{
		Clock: p.clock, Logger: o.Log.With("part", "simulator"),
	})
	if err != nil {
		return fmt.Errorf("start the simulator: %w", err)
	}
	p.account.follow(p.simulator.Accounts())
	p.Notes, p.Token, p.CallbackSecret = p.account.notes, p.state.APIToken, p.state.CallbackSecret
	for _, tokens := range p.account.secrets[tenant.APITokensSecretName(o.Manifests.Account)] {
		p.Token = string(tokens)
	}
	p.state.Token = p.Token
	p.PageURL = simulatorURL + "/#token=" + p.Token
	for _, channel := range o.Manifests.Account.Spec.Channels {
		p.Channels = append(p.Channels, channel.Identity())
	}
	if err := writeKeys(o.Directory, func() (map[string][]byte, error) {
		return tenant.NewKeys(o.Manifests.Account, p.clock.Now())
	}); err != nil {
		return fmt.Errorf("write the account's keys: %w", err)
	}
	if err := p.state.write(o.Directory); err != nil {
		return err
	}
	return p.configure()
}

// configure writes the gateway's configuration, which it takes over by itself.
func (p *Process) configure() error {
	document, err := p.account.document()
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(p.options.Directory, configDirectory, config.FileName), document)
}

// run serves until ctx is done: the gateway ends first, so that what it is sending is answered.
func (p *Process) run(ctx context.Context, page net.Listener, listeners gateway.Listeners) {
	defer p.stop()
	outer, end := context.WithCancel(context.WithoutCancel(ctx))
	server := &http.Server{
		Handler: p.simulator.Handler(), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return outer },
	}
	served, simulated, looked := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() { served <- server.Serve(page) }()
	go func() { defer close(simulated); p.simulator.Run(outer) }()
	go func() { defer close(looked); p.look(ctx) }()
	o := &p.options
	err := gateway.Run(ctx, gateway.Options{
		ConfigDirectory: filepath.Join(o.Directory, configDirectory),
		KeysDirectory:   filepath.Join(o.Directory, keysDirectory),
		DataDirectory:   filepath.Join(o.Directory, dataDirectory),
		Replica:         "dev", Log: o.Log.With("part", "gateway"), Clock: p.clock,
	}, listeners)
	end()
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if closing := server.Shutdown(shutdown); closing != nil {
		_ = server.Close() // a client that does not read its answer is not waited for
	}
	if failed := <-served; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	<-simulated
	<-looked
	p.ended <- errors.Join(err, p.keepTime())
}

// look takes over the templates' reviews, and keeps the time, until ctx is done.
func (p *Process) look(ctx context.Context) {
	timer := p.clock.NewTimer(lookInterval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(lookInterval)
		}
		if p.account.follow(p.simulator.Accounts()) {
			if err := p.configure(); err != nil {
				p.options.Log.Error("Configuration could not be written", "error", err)
			}
		}
		if err := p.keepTime(); err != nil {
			p.options.Log.Error("Time could not be kept", "error", err)
		}
	}
}

// keepTime keeps how far the clock was set forward, for the next process.
func (p *Process) keepTime() error {
	ahead := p.clock.Now().Sub(p.clock.Machine()).Round(time.Second)
	if ahead == p.state.Ahead {
		return nil
	}
	p.state.Ahead = ahead
	return p.state.write(p.options.Directory)
}

// awaitReady waits until the gateway says that it is ready.
func (p *Process) awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	const pause = 20 * time.Millisecond
	for {
		if isReady(ctx, url) {
			return nil
		}
		select {
		case err := <-p.ended:
			return errors.Join(errors.New("the gateway ended"), err)
		case <-ctx.Done():
			p.stop()
			return errors.Join(fmt.Errorf("the gateway was not ready within %s", startTime), <-p.ended)
		case <-time.After(pause):
		}
	}
}

func isReady(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// Wait returns when the process has ended, with what went wrong.
func (p *Process) Wait() error { return <-p.ended }

// Stop ends the process and waits for it.
func (p *Process) Stop() error {
	p.stop()
	return p.Wait()
}

// SimulatorURL is where the simulator serves the page and its control API.
func (p *Process) SimulatorURL() string { return p.state.Simulator }

// StorePath is what the command line reads the ledger from: a file, or the server that keeps it.
func (p *Process) StorePath() string {
	if p.options.PostgresURL != "" {
		return "PostgreSQL, ledger " + p.state.AccountUID
	}
	return filepath.Join(p.options.Directory, dataDirectory, "gateway.db")
}
