package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

const (
	// feedPause is the shortest time between two parts of a feed, so that a busy number does not
	// keep a page from drawing.
	feedPause = 50 * time.Millisecond
	// feedBeat is the longest one. It tells a page that the simulator is there, and its time.
	feedBeat = 5 * time.Second
)

// accountsChanged tells those who watch that an account or its templates have changed. The caller
// holds mu.
func (s *Simulator) accountsChanged() {
	s.state.accountsVersion = s.stage.Feed.Advance()
}

// FeedPart is what has changed since the part before it. Members that are nil have not.
type FeedPart struct {
	// Now is the simulator's time.
	Now time.Time `json:"now"`
	// Reset says that what was told before is forgotten.
	Reset    bool          `json:"reset,omitempty"`
	Accounts []FeedAccount `json:"accounts,omitempty"`
	Chats    []stage.Chat  `json:"chats,omitempty"`
	// Callbacks are those that the sink took, the newest at the end.
	Callbacks []Callback `json:"callbacks,omitempty"`
}

// FeedAccount is an account with what its page needs.
type FeedAccount struct {
	// ID is the account's, or a page's own.
	ID string `json:"id"`
	// Tenant is the same for accounts and pages whose webhooks go to one gateway: the ID of the
	// first of them.
	Tenant string `json:"tenant"`
	// Network is whatsapp, or the object of a page: page or instagram.
	Network string `json:"network"`
	Name    string `json:"name,omitempty"`
	// Gateway says that the account's webhooks go to a callback, so that DeskPath leads to it.
	Gateway bool `json:"gateway"`
	// Numbers are those of the account; of a page, the page itself.
	Numbers   []Number                 `json:"numbers"`
	Templates []graph.UpstreamTemplate `json:"templates"`
}

// follower is how far somebody who watches has come.
type follower struct {
	state   *state
	version uint64
}

// part returns what a follower has not been told, and what wakes them.
func (s *Simulator) part(f *follower) (FeedPart, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	part := FeedPart{Now: s.stage.Now()}
	if f.state != s.state {
		part.Reset = true
		*f = follower{state: s.state}
	}
	if part.Reset || max(s.state.accountsVersion, s.state.pages.TemplatesVersion()) > f.version {
		part.Accounts = s.state.feedAccounts()
	}
	part.Chats = s.state.Chats.Since(f.version, s.state.standing)
	part.Callbacks = s.state.callbacksSince(f.version)
	f.version = s.stage.Feed.Version()
	return part, s.stage.Feed.Wait()
}

// Accounts returns the accounts with their templates.
func (s *Simulator) Accounts() []FeedAccount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.feedAccounts()
}

func (st *state) feedAccounts() []FeedAccount {
	accounts := []FeedAccount{}
	tenants := map[string]string{} // by where the webhooks go
	tenantOf := func(id, callback string) string {
		if callback == "" {
			return id
		}
		if tenants[callback] == "" {
			tenants[callback] = id
		}
		return tenants[callback]
	}
	for _, id := range slices.Sorted(maps.Keys(st.accounts)) {
		a := st.accounts[id]
		told := FeedAccount{
			ID: a.ID, Tenant: tenantOf(a.ID, a.outbox.Address()), Network: "whatsapp", Name: a.Name,
			Gateway: a.outbox.Address() != "",
			Numbers: a.Numbers, Templates: []graph.UpstreamTemplate{},
		}
		for _, held := range st.ofAccount(a.ID) {
			told.Templates = append(told.Templates, held.wire())
		}
		accounts = append(accounts, told)
	}
	for _, page := range st.pages.List() {
		accounts = append(accounts, FeedAccount{
			ID: page.ID, Tenant: tenantOf(page.ID, page.Callback), Network: page.Object, Name: page.Name,
			Gateway: page.Callback != "", Numbers: []Number{{ID: page.ID, VerifiedName: page.Name}},
			Templates: page.Templates,
		})
	}
	return accounts
}

// controlFeed tells what happens as server-sent events, until the client or the process ends.
func (s *Simulator) controlFeed(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	writer := http.NewResponseController(w)
	beat := time.NewTicker(feedBeat)
	defer beat.Stop()
	ending := s.ending()
	for f := (&follower{}); ; {
		part, next := s.part(f)
		body, err := json.Marshal(part)
		if err != nil {
			s.stage.Log.Error("Feed failed", "error", err)
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", body); err != nil {
			return // the client has gone
		}
		if writer.Flush() != nil || !s.sleep(r, feedPause) {
			return
		}
		select {
		case <-next:
		case <-beat.C:
		case <-ending:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// Chats returns all chats, the one that changed last at the end.
func (s *Simulator) Chats() []stage.Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Chats.Since(0, s.state.standing)
}

// standing is how a number and a person stand.
func (st *state) standing(key stage.ChatKey) stage.Standing {
	if st.numbers[key.Channel] == nil {
		return st.pages.Standing(key)
	}
	var told stage.Standing
	if known := st.customers[pair{key.Channel, key.Person}]; known != nil {
		told.WindowEnds = instant(known.wrote, serviceWindow)
		told.EntryPointEnds = instant(known.entryPoint, 0)
		told.Blocked, told.Stopped = known.blocked, known.stopped
	}
	if device := st.phones[key.Person]; device != nil {
		told.Off, told.NoReceipts, told.Refuses = device.off, device.noReceipts, device.refuses[key.Channel]
	}
	return told
}

// instant is some time after another one, or nil if that never was.
func instant(t time.Time, after time.Duration) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Add(after)
	return &t
}

// ending is closed when the process ends, so that its server need not wait for those who watch.
func (s *Simulator) ending() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return nil
	}
	return s.running.Done()
}
