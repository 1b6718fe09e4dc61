package simulator

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
	"github.com/guichet-dev/guichet/internal/template"
)

// Options are what a simulator is given by its surroundings.
type Options struct {
	// Clock is what it goes by; the machine's unless set.
	Clock *clock.Clock
	// Logger is slog.Default unless set. It is told ids and codes, no content.
	Logger *slog.Logger
	// Transport posts the webhooks; a transport of its own unless set.
	Transport http.RoundTripper
}

// Simulator is a stand-in for Meta. Serve its Handler and Run it.
type Simulator struct {
	config  Config
	stage   *stage.Stage
	workers sync.WaitGroup

	// mu is the stage's.
	mu *sync.Mutex
	// running is the context of Run, nil before it.
	running context.Context
	state   *state
}

// state is everything that a reset forgets. Simulator.mu guards it.
type state struct {
	*stage.Scene
	accounts  map[string]*account
	numbers   map[string]*number
	templates map[string]*heldTemplate
	byName    map[templateKey]*heldTemplate
	customers map[pair]*customer
	media     shelf
	objects   objects
	phones    map[identity.Address]*phone
	// groups are the members of each group.
	groups    map[string][]string
	people    identity.Directory
	analytics Analytics
	pages     *pages.Pages
	callbacks []Callback
	// accountsVersion is the feed's at the latest change of an account or a template.
	accountsVersion uint64
}

// account is an Account at work.
type account struct {
	Account
	tokens map[string]bool
	outbox *stage.Outbox[update]
}

// number is a Number at work.
type number struct {
	Number
	account *account
	limiter limiter
	// free counts the service messages delivered in the month, for the allowance.
	free allowance
}

// New checks the configuration and returns a simulator at rest.
func New(config Config, options Options) (*Simulator, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	if options.Clock == nil {
		options.Clock = clock.New(nil)
	}
	if options.Transport == nil {
		options.Transport = &http.Transport{MaxIdleConnsPerHost: 64, ForceAttemptHTTP2: true}
	}
	s := &Simulator{config: config, stage: stage.New(stage.Options{
		Clock: options.Clock, Log: cmp.Or(options.Logger, slog.Default()), Transport: options.Transport,
		Webhooks: config.Webhooks,
	})}
	s.mu = &s.stage.Mu
	s.state = s.fresh()
	return s, nil
}

// Run delivers statuses and webhooks until the context ends.
func (s *Simulator) Run(ctx context.Context) {
	s.mu.Lock()
	s.running = ctx
	for _, a := range s.state.accounts {
		s.start(a)
	}
	s.state.pages.Start(ctx, &s.workers)
	s.mu.Unlock()
	s.stage.Schedule.Run(ctx)
	s.workers.Wait()
}

// Reset forgets all that happened and returns to the configuration.
func (s *Simulator) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.state.accounts {
		a.outbox.Halt()
	}
	s.state.pages.Halt()
	s.stage.Schedule.Clear()
	s.state.Over = true
	s.state = s.fresh()
	s.stage.Feed.Advance()
	if s.running == nil {
		return
	}
	for _, a := range s.state.accounts {
		s.start(a)
	}
	s.state.pages.Start(s.running, &s.workers)
}

// WaitIdle returns when every planned status and webhook is done, or with the
// context's error.
func (s *Simulator) WaitIdle(ctx context.Context) error { return s.stage.Activity.Wait(ctx) }

func (s *Simulator) fresh() *state {
	seed := s.config.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	st := &state{
		Scene:     stage.NewScene(s.config.Record, seed),
		accounts:  map[string]*account{},
		numbers:   map[string]*number{},
		templates: map[string]*heldTemplate{},
		byName:    map[templateKey]*heldTemplate{},
		customers: map[pair]*customer{},
		media:     shelf{byID: map[string]*file{}},
		objects:   newObjects(),
		phones:    map[identity.Address]*phone{},
		groups:    map[string][]string{},
	}
	if s.config.Record == RecordFull {
		st.Chats = stage.NewChats(&s.stage.Feed)
	}
	for _, a := range s.config.Accounts {
		s.add(st, a)
	}
	st.pages = pages.New(s.stage, st.Scene, s.config.ofPages(), s.config.Pages)
	return st
}

// add puts an account and what belongs to it into the state.
func (s *Simulator) add(st *state, config Account) *account {
	a := &account{Account: config, tokens: map[string]bool{}, outbox: s.outboxOf(st, config)}
	for _, token := range config.Tokens {
		a.tokens[token] = true
	}
	st.accounts[a.ID] = a
	for _, n := range config.Numbers {
		n.QualityRating = orElse(n.QualityRating, "GREEN")
		n.Status = orElse(n.Status, "CONNECTED")
		n.Throughput = orElse(n.Throughput, "STANDARD")
		st.numbers[n.ID] = &number{Number: n, account: a, limiter: newNumberLimiter()}
	}
	for _, definition := range config.Templates {
		if compiled, err := template.Compile(definition); err == nil { // validated before
			st.hold(a.ID, definition, compiled, statusApproved)
		}
	}
	return a
}

// replace puts an account in the place of one with its id, if there is one.
// Messages and windows stay; templates of the configuration are added.
func (s *Simulator) replace(config Account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := map[string]bool{}
	for id, n := range s.state.numbers {
		if n.account.ID != config.ID {
			taken[id], taken[n.account.ID] = true, true
		}
	}
	for _, id := range s.state.pages.IDs() {
		taken[id] = true
	}
	if err := config.validate(taken); err != nil {
		return err
	}
	if old := s.state.accounts[config.ID]; old != nil {
		old.outbox.Halt()
		for _, n := range old.Numbers {
			delete(s.state.numbers, n.ID)
		}
	}
	added := s.add(s.state, config)
	s.accountsChanged()
	if s.running != nil {
		s.start(added)
	}
	return nil
}

// start lets an account's webhooks flow. The caller holds mu.
func (s *Simulator) start(a *account) { a.outbox.Start(s.running, &s.workers) }

// authorized tells whether a bearer token is let in by the account.
func (a *account) authorized(header string) bool {
	token, found := strings.CutPrefix(header, "Bearer ")
	if !found || token == "" {
		return false
	}
	return len(a.tokens) == 0 || a.tokens[token]
}
