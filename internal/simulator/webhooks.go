package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// toPost is what controlWebhook posts: one change of an account, or a webhook as Meta writes it.
type toPost struct {
	Account string          `json:"account"`
	Field   string          `json:"field"`
	Value   json.RawMessage `json:"value"`

	Object string            `json:"object"`
	Entry  []json.RawMessage `json:"entry"`
}

// controlWebhook posts any webhook, for shapes that the simulator does not make. What customers do
// in a whole one counts as if their phones had done it.
func (s *Simulator) controlWebhook(w http.ResponseWriter, r *http.Request) {
	var given toPost
	err := readStrict(w, r, &given)
	switch {
	case err != nil:
	case given.Object != "":
		err = s.postWebhook(given.Object, given.Entry)
	default:
		err = s.postChange(given)
	}
	answerControl(w, err)
}

func (s *Simulator) postChange(change toPost) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.state.accounts[change.Account]
	if a == nil || len(change.Value) == 0 {
		return errors.New("give the id of an account, a field and a value")
	}
	a.outbox.Post(update{field: change.Field, raw: change.Value})
	return nil
}

// postWebhook posts a webhook of Meta's shape for the accounts and pages that it is about.
func (s *Simulator) postWebhook(object string, entries []json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw := make([][]byte, len(entries))
	for i, entry := range entries {
		raw[i] = entry
	}
	if object != webhook.Object {
		return s.state.pages.PostEntries(object, raw)
	}
	read, err := webhook.Read(network.Webhook{Object: object, Entries: raw})
	if err != nil {
		return err
	}
	for i := range read.Changes {
		if s.state.accounts[read.Changes[i].EntryID] == nil {
			return fmt.Errorf("entry: no account has the id %.40q", read.Changes[i].EntryID)
		}
	}
	if len(read.Changes) == 0 {
		return errors.New("entry: give entries with changes")
	}
	batches, err := whatsapp.Network{}.Read(network.Webhook{Object: object, Entries: raw})
	if err != nil {
		return err
	}
	for _, batch := range batches {
		if n := s.state.numbers[batch.Channel]; n != nil {
			s.record(n, batch.Events)
		}
	}
	for i := range read.Changes {
		change := &read.Changes[i]
		s.state.accounts[change.EntryID].outbox.Post(update{field: change.Field, raw: change.Value})
	}
	return nil
}

// record takes into the record what customers do, and how far messages come.
func (s *Simulator) record(n *number, events []network.Event) {
	st, now := s.state, s.stage.Now()
	for _, event := range events {
		switch e := event.(type) {
		case *network.Inbound:
			if len(e.From) == 0 {
				continue
			}
			// whoever posts what a blocked phone wrote wants to see what comes of it
			_ = st.wrote(n, e, string(e.From[0]), "", stage.ChatEntry{ID: e.ID, At: at(e.At, now), Message: e.Raw}, now)
		case *network.Preference:
			if len(e.From) > 0 && e.Choice != network.NoChoice {
				with := pair{n.ID, st.people.Primary(e.From[0])}
				st.customer(with).stopped = e.Choice == network.Stop
				st.Chats.Touch(with.chat())
			}
		case *network.Call:
			if len(e.From) > 0 && e.Did != 0 {
				st.customer(pair{n.ID, st.people.Primary(e.From[0])}).write(at(e.At, now), false)
			}
		case *network.Status:
			st.recordStatus(n, e, now)
		}
	}
}

// at is an instant, or now for none.
func at(instant, now time.Time) time.Time {
	if instant.IsZero() {
		return now
	}
	return instant
}

// recordStatus takes a status of a message into the record, if it is one of the number's.
func (st *state) recordStatus(n *number, e *network.Status, now time.Time) {
	if !e.OfDelivery || e.Step == conversation.Untold {
		return
	}
	for _, m := range st.Record.Sent {
		if m.ID != e.ID || m.PhoneNumberID != n.ID {
			continue
		}
		step := StatusStep{Status: e.Word, At: at(e.At, now)}
		for _, failure := range e.Errors[:min(1, len(e.Errors))] {
			step.Code = failure.Code
		}
		st.Record.Status(m, step)
		st.Chats.Touch(st.with(m).chat())
	}
}
