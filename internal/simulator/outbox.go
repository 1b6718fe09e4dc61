package simulator

import (
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// update is one message, status or other change that the business is told.
type update struct {
	// number and display are empty on changes of the account.
	number, display string
	field           string
	// list is messages, statuses or user_preferences; if it is empty, raw is the
	// whole value.
	list string
	// contact is the raw contact of an inbound message.
	contact []byte
	raw     []byte
}

// outboxOf holds an account's updates until they are posted.
func (s *Simulator) outboxOf(st *state, config Account) *stage.Outbox[update] {
	app := stage.App{
		Name: config.ID, Secret: config.AppSecret, Callback: config.CallbackURL, Verify: config.VerifyToken,
	}
	return stage.NewOutbox(s.stage, st.Scene, app, func(batch []update, now time.Time) []byte {
		return envelope(config.ID, batch, now)
	})
}

// post hands an update to its account.
func (n *number) post(u update) { n.account.outbox.Post(u) }

// envelope writes the body of a webhook: neighbours of one number and field
// share a change. Characters beyond ASCII are escaped, as Meta escapes them.
func envelope(account string, batch []update, now time.Time) []byte {
	out := make([]byte, 0, 256+512*len(batch))
	out = append(out, `{"object":"`+webhook.Object+`","entry":[{"id":`...)
	out = appendString(out, account)
	out = append(out, `,"time":`...)
	out = strconv.AppendInt(out, now.Unix(), 10)
	out = append(out, `,"changes":[`...)
	for i := 0; i < len(batch); {
		if i > 0 {
			out = append(out, ',')
		}
		end := i + 1
		for end < len(batch) && batch[i].joins(batch[end]) {
			end++
		}
		out = appendChange(out, batch[i:end])
		i = end
	}
	out = append(out, `]}]}`...)
	return rawjson.ASCII(out)
}

func (u update) joins(next update) bool {
	return u.list != "" && u.number == next.number && u.field == next.field && u.list == next.list
}

func appendChange(out []byte, run []update) []byte {
	first := run[0]
	out = append(out, `{"value":`...)
	if first.list == "" {
		out = append(out, first.raw...)
	} else {
		out = append(out, `{"messaging_product":"whatsapp","metadata":{"display_phone_number":`...)
		out = appendString(out, first.display)
		out = append(out, `,"phone_number_id":`...)
		out = appendString(out, first.number)
		out = append(out, '}')
		out = appendList(out, "contacts", run, func(u update) []byte { return u.contact })
		out = appendList(out, first.list, run, func(u update) []byte { return u.raw })
		out = append(out, '}')
	}
	out = append(out, `,"field":`...)
	out = appendString(out, first.field)
	return append(out, '}')
}

// appendList writes a member with a list, unless the list would be empty.
func appendList(out []byte, name string, run []update, element func(update) []byte) []byte {
	count := 0
	for _, u := range run {
		raw := element(u)
		if raw == nil {
			continue
		}
		if count == 0 {
			out = append(out, `,"`+name+`":[`...)
		} else {
			out = append(out, ',')
		}
		out = append(out, raw...)
		count++
	}
	if count > 0 {
		out = append(out, ']')
	}
	return out
}

func appendString(out []byte, s string) []byte { return append(out, rawjson.Quote(s)...) }
