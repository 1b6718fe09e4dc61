package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
)

const (
	// maxPeopleBody bounds a request about people, in bytes; maxPeople how many one request may
	// name.
	maxPeopleBody = 1 << 20
	maxPeople     = 1000
)

// postBlocks blocks customers: at the upstream, and here, where sends to them are refused from then
// on. Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (g *Gateway) postBlocks(w http.ResponseWriter, r *http.Request) error {
	return g.block(w, r, true)
}

// deleteBlocks takes blocks back.
func (g *Gateway) deleteBlocks(w http.ResponseWriter, r *http.Request) error {
	return g.block(w, r, false)
}

func (g *Gateway) block(w http.ResponseWriter, r *http.Request, blocked bool) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	of, ok := from.channel.Network.(network.Blocker)
	upstream, can := from.channel.Upstream.(network.BlockingUpstream)
	if !ok || !can {
		return network.Refuse(network.NoMethod, "")
	}
	body, done, err := g.readPeopleBody(r)
	if err != nil {
		return err
	}
	defer done()
	users, err := of.ParseBlocks(body)
	if err != nil {
		return err
	}
	if _, err := readPeopleNames(from.channel.Network, "block_users", users); err != nil {
		return err
	}
	var result network.Blocked
	err = g.pass(func() (err error) {
		result, err = upstream.Block(r.Context(), users, blocked)
		return err
	})
	if err != nil {
		return upstreamFailure(err)
	}
	if err := g.recordBlocks(r.Context(), from.channel, result.Done, blocked); err != nil {
		return err
	}
	status, answer, err := of.AnswerBlocks(result, blocked, newTraceID())
	if err != nil {
		return err
	}
	writeJSONText(w, status, answer)
	return nil
}

// recordBlocks records what the upstream has done, of the people whom it says that it knows.
func (g *Gateway) recordBlocks(ctx context.Context, c *served.Channel, done []network.Known, blocked bool) error {
	if len(done) == 0 {
		return nil
	}
	now := g.store.Now()
	return g.store.Update(ctx, func(tx *durable.Tx) error {
		for _, user := range done {
			unions, err := people.LearnAnswer(tx, user.Input, user, now)
			if err != nil {
				return err
			}
			g.gate.Follow(tx, unions)
			address := people.First(append(slices.Clip(user.Addresses), user.Input))
			err = g.changePerson(tx, c, address, func(s *conversation.State) {
				// the later request counts, be it within the same second
				s.SetBlocked(blocked, max(now.Unix(), s.Block.At+1))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// postConsents records that customers have agreed to be written to, or have taken that back. The
// upstream has no such request: businesses must keep the consent themselves, and this is where they
// tell the gateway. Source of the rule:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/getting-opt-in
//
//	{"messaging_product":"whatsapp","consents":[{"user":"+33612345678","state":"granted","timestamp":"1760000000"}]}
//
// State is "granted" or "withdrawn"; timestamp, when the customer said so in Unix seconds, is now
// unless given. The answer is {"success":true}.
func (g *Gateway) postConsents(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	var request struct {
		Consents []consent `json:"consents"`
	}
	if err := g.readPeople(r, &request); err != nil {
		return err
	}
	users := make([]string, 0, len(request.Consents))
	for i, c := range request.Consents {
		if err := c.check(i); err != nil {
			return err
		}
		users = append(users, c.User)
	}
	addresses, err := readPeopleNames(from.channel.Network, "consents", users)
	if err != nil {
		return err
	}
	now := g.store.Now()
	err = g.store.Update(r.Context(), func(tx *durable.Tx) error {
		for i, c := range request.Consents {
			err := g.changePerson(
				tx, from.channel, addresses[i],
				func(s *conversation.State) { s.RecordConsent(c.State == consentGranted, c.at(now)) },
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return writeJSON(w, succeeded)
}

// succeeded is the answer to a request that has nothing else to tell.
var succeeded = json.RawMessage(`{"success":true}`)

// consent is one person's word.
type consent struct {
	User      string      `json:"user"`
	State     string      `json:"state"`
	Timestamp json.Number `json:"timestamp"`
}

// States of a consent.
const (
	consentGranted   = "granted"
	consentWithdrawn = "withdrawn"
)

func (c consent) check(i int) error {
	if c.State != consentGranted && c.State != consentWithdrawn {
		return network.Refuse(
			network.InvalidValue, fmt.Sprintf(`consents[%d].state must be "granted" or "withdrawn".`, i),
		)
	}
	if c.Timestamp == "" {
		return nil
	}
	if at, err := c.Timestamp.Int64(); err != nil || at <= 0 {
		return network.Refuse(network.InvalidValue, fmt.Sprintf("consents[%d].timestamp must be Unix seconds.", i))
	}
	return nil
}

// at is when the customer said so; never in the future, so that a later word can still overrule it.
func (c consent) at(now time.Time) int64 {
	at, err := c.Timestamp.Int64()
	if err != nil {
		return now.Unix()
	}
	return min(at, now.Unix())
}

// readPeople reads the body of a request about people into a value.
func (g *Gateway) readPeople(r *http.Request, into any) error {
	body, done, err := g.readPeopleBody(r)
	if err != nil {
		return err
	}
	defer done()
	if err := json.Unmarshal(body, into); err != nil {
		return network.Refuse(network.Malformed,
			"The body is not the JSON that this path takes. Check its fields and their types.")
	}
	return nil
}

func (g *Gateway) readPeopleBody(r *http.Request) (body []byte, done func(), err error) {
	body, done, err = g.bodies.read(r, maxPeopleBody)
	if err != nil {
		return nil, nil, err
	}
	if len(body) > maxPeopleBody {
		done()
		return nil, nil, network.Refuse(network.Malformed,
			"The body is larger than 1 MiB. Name fewer people in one request.")
	}
	return body, done, nil
}

// person is a customer as requests name one.
type person struct {
	User string `json:"user"`
}

// named are the customers that a field of a request names, each checked.
func named(of network.Sender, field string, people []person) ([]identity.Address, error) {
	users := make([]string, 0, len(people))
	for _, p := range people {
		users = append(users, p.User)
	}
	return readPeopleNames(of, field, users)
}

// readPeopleNames reads the addresses of people. It refuses a list that is empty, too long, or
// holds what is no address that a message can be sent to: what is remembered under such a one would
// be acknowledged and never found.
func readPeopleNames(of network.Sender, field string, users []string) ([]identity.Address, error) {
	if len(users) == 0 || len(users) > maxPeople {
		return nil, network.Refuse(network.InvalidValue, fmt.Sprintf("%s must name 1 to %d people.", field, maxPeople))
	}
	addresses := make([]identity.Address, 0, len(users))
	for i, user := range users {
		address, err := of.ParseAddress(user)
		if err != nil {
			return nil, network.Refuse(network.InvalidValue, fmt.Sprintf("%s[%d].user %s.", field, i, err))
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

func (g *Gateway) changePerson(
	tx *durable.Tx, c *served.Channel, address identity.Address, change func(*conversation.State),
) error {
	unions, err := people.Adopt(tx, g.store.Now(), c.ID, address)
	if err != nil {
		return err
	}
	g.gate.Follow(tx, unions)
	customer, err := people.Customer(tx, g.keys.Seal(), c.ID, address)
	if err != nil {
		return err
	}
	if customer == (seal.CustomerHash{}) {
		return fmt.Errorf("a customer of channel %s has no address that can be read", c.Name)
	}
	state, err := tx.People().Conversation(c.ID, customer)
	if err != nil {
		return err
	}
	change(&state)
	return tx.People().PutConversation(c.ID, customer, &state)
}
