package gateway

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // opens the store as it was before an upgrade

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
)

// upgrade closes the store and opens it as one that an earlier version has left.
func (s *story) upgrade() {
	s.t.Helper()
	if err := s.gateway.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(s.world.directory, "data", "gateway.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`DROP TABLE former_spellings; DROP TABLE differences; DROP TABLE pools;
		ALTER TABLE messages DROP COLUMN opened;
		CREATE TABLE allowances (name TEXT NOT NULL PRIMARY KEY, places TEXT NOT NULL);
		ALTER TABLE callbacks RENAME COLUMN failed_at TO refused_at; DROP TABLE callback_endpoint;
		ALTER TABLE channels DROP COLUMN unheard_since; ALTER TABLE channels DROP COLUMN silent_at;
		ALTER TABLE channels DROP COLUMN refused_at; DROP TABLE recipients; DROP TABLE enforcements;
		DROP TABLE template_requests; DROP TABLE upstream_counts;
		DROP INDEX ledger_adoptions; ALTER TABLE owner DROP COLUMN ledger_id;
		DELETE FROM schema_migrations WHERE version >= 12`); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

// keeps stores what an earlier version remembered of a spelling.
func (s *story) keeps(spelling identity.Address, change func(*conversation.State)) {
	s.t.Helper()
	if err := s.gateway.store.Update(s.t.Context(), func(tx *durable.Tx) error {
		var state conversation.State
		change(&state)
		return tx.People().PutConversation(
			phoneID, s.gateway.keys.Seal().CustomerHash(phoneID, string(spelling)), &state,
		)
	}); err != nil {
		s.t.Fatal(err)
	}
}

// refusal is the code with which a send is refused; 0 if it is accepted.
func (s *story) refusal(to identity.Address, form [2]string) int {
	s.t.Helper()
	_, err := accept(s.t, s.gateway, s.tenant, phoneID, bodyOf(string(to), form[0], form[1]))
	if refusal, refused := graph.AsError(err); refused {
		return refusal.Code
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return 0
}

// What a version before had under its spelling of a number holds after an upgrade: refusals always,
// and windows where the spelling was of one person only.
func TestP13AnUpgradeForgetsNoRefusal(t *testing.T) {
	t.Parallel()
	refusals := map[string]struct {
		refuse func(*conversation.State, int64)
		form   [2]string
		code   int
	}{
		"a stop":              {func(s *conversation.State, at int64) { s.StopMarketing(true, at) }, [2]string{"template", "marketing"}, 131050},
		"a withdrawn consent": {func(s *conversation.State, at int64) { s.RecordConsent(false, at) }, [2]string{"template", "utility"}, 131005},
		"a block":             {func(s *conversation.State, at int64) { s.SetBlocked(true, at) }, [2]string{"template", "utility"}, 131026},
	}
	for name, tc := range map[string]struct {
		before, to identity.Address
		shared     bool
	}{
		"Brazil, a ninth digit that was dropped": {"551152346010", "5511952346010", true},
		"Brazil, a landline":                     {"551152346010", "551152346010", false},
		"Argentina without the 9":                {"541155560004", "541155560004", false},
		"Argentina without the 9, with it now":   {"541155560004", "5491155560004", false},
		"Argentina with the 15":                  {"54111555560004", "5491155560004", false},
		"Ivory Coast, eight digits":              {"22507123456", "22507123456", false},
		"Ivory Coast, eight digits, ten now":     {"22507123456", "2250707123456", false},
		"Benin, eight digits":                    {"22997123456", "2290197123456", false},
		"a trunk zero":                           {"4407911123456", "447911123456", false},
		"a spelling that is as it was":           {"33612345678", "33612345678", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, refusal := range refusals {
				s := newStory(t, "2026-10-29T08:00:00Z", rand.New(rand.NewPCG(1, 2)), func(*config.Document) {})
				s.keeps(tc.before, func(state *conversation.State) { refusal.refuse(state, s.now.Unix()) })
				s.upgrade()
				s.now = s.now.Add(90 * 24 * time.Hour)
				if got := s.refusal(tc.to, refusal.form); got != refusal.code {
					t.Errorf("%s: got %d, want %d", what, got, refusal.code)
				}
			}
			s := newStory(t, "2026-10-29T08:00:00Z", rand.New(rand.NewPCG(1, 2)), func(*config.Document) {})
			s.keeps(tc.before, func(state *conversation.State) {
				rules := s.tenant.Book.Rules(s.now.Unix(), s.tenant.Zone)
				state.Receive(conversation.Inbound{At: s.now.Unix(), Events: conversation.Message}, rules)
			})
			s.upgrade()
			if got, want := s.refusal(
				tc.to, [2]string{"text", ""},
			), map[bool]int{true: 131047}[tc.shared]; got != want {
				t.Errorf("a free text: got %d, want %d", got, want)
			}
		})
	}
}

// Whoever is erased after an upgrade is forgotten under the former spelling too, and what was
// allowed again stays allowed.
func TestP13AnUpgradeIsAnUpgradeOnce(t *testing.T) {
	t.Parallel()
	const before, to = "541155560004", "5491155560004"
	s := newStory(t, "2026-10-29T08:00:00Z", rand.New(rand.NewPCG(1, 2)), func(*config.Document) {})
	s.keeps(before, func(state *conversation.State) { state.StopMarketing(true, s.now.Unix()) })
	s.keeps("551152346010", func(state *conversation.State) { state.StopMarketing(true, s.now.Unix()) })
	s.upgrade()
	s.now = s.now.Add(time.Hour)
	s.intake(webhookOf(phoneID, fmt.Sprintf(
		`"messages":[{"from":"5511952346010","id":"wamid.1","timestamp":%q,"type":"text","text":{"body":"start"}}]`,
		unixSeconds(s.now),
	)))
	if got := s.refusal("5511952346010", [2]string{"template", "marketing"}); got != 0 {
		t.Errorf("marketing after START: got %d", got)
	}
	if _, err := s.gateway.people.Erase(t.Context(), phoneID, []identity.Address{identity.Of(to)}); err != nil {
		t.Fatal(err)
	}
	if got := s.refusal(before, [2]string{"template", "marketing"}); got != 0 {
		t.Errorf("marketing after the erasure: got %d", got)
	}
}
