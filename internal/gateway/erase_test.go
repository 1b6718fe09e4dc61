package gateway

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store"
)

// A person is erased in steps, each a request or what the network tells, until nothing is left of
// the message to the former number.
func TestP13ErasingAgainErasesWhatWentToAFormerNumber(t *testing.T) {
	t.Parallel()
	const former, present = "33611111111", "33622222222"
	type step func(s *story, id, channel string)
	status := func(name string) step {
		return func(s *story, id, channel string) { s.becomes(channel, id, name, former) }
	}
	moves := func(s *story, _, _ string) {
		s.intake(webhookOf(phoneID, fmt.Sprintf(
			`"messages":[{"id":"wamid.n","from":%q,"timestamp":%q,"type":"system","system":{"type":"user_changed_number","wa_id":%q}}]`,
			former, unixSeconds(s.now), present,
		)))
	}
	erases := func(on string, open int64) step {
		return func(s *story, _, _ string) {
			s.t.Helper()
			if got, err := s.gateway.people.Erase(
				s.t.Context(), on, []identity.Address{present},
			); err != nil || got != open {
				s.t.Errorf("erased with %s: %d are open, %v; want %d", on, got, err, open)
			}
		}
	}
	for name, tc := range map[string]struct {
		channel string
		steps   []step
	}{
		"before and after its delivery": {phoneID, []step{
			status("sent"), moves, erases(phoneID, 1), status("delivered"), erases(phoneID, 0),
		}},
		"with one number after the other": {secondPhone, []step{
			status("delivered"), moves, erases(phoneID, 0), erases(secondPhone, 0),
		}},
		"before its delivery with another number": {secondPhone, []step{
			status("sent"), moves, erases(phoneID, 1), status("delivered"), erases(phoneID, 0), erases(secondPhone, 0),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, "2026-10-29T08:00:00Z", rand.New(rand.NewPCG(1, 2)), func(*config.Document) {})
			s.post(tc.channel, former, "template", "utility")
			id := s.sent[0]
			for _, step := range tc.steps {
				step(s, id, tc.channel)
				s.now = s.now.Add(time.Minute)
			}
			if s.remembers(id) {
				t.Error("the message to the former number was not erased")
			}
		})
	}
}

// becomes is a status of a message that was sent.
func (s *story) becomes(channel, id, status, to string) {
	s.intake(webhookOf(channel, fmt.Sprintf(
		`"statuses":[{"id":"wamid.up.%s","status":%q,"timestamp":%q,"recipient_id":%q,"biz_opaque_callback_data":%q}]`,
		id[len(id)-20:], status, unixSeconds(s.now), to, id,
	)))
}

// remembers tells whether a message is stored.
func (s *story) remembers(id string) (found bool) {
	s.t.Helper()
	if err := s.gateway.store.Update(s.t.Context(), func(tx *durable.Tx) (err error) {
		_, found, err = tx.Messages().ByID(id)
		return err
	}, store.Subject{Message: id}); err != nil {
		s.t.Fatal(err)
	}
	return found
}
