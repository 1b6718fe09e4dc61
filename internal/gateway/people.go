package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
)

// maxPeopleBody bounds a request about people, in bytes.
const maxPeopleBody = 1 << 20

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
	if _, err := people.ReadNames(from.channel.Network, "block_users", users); err != nil {
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
	status, answer, err := of.AnswerBlocks(result, blocked, telemetry.NewTraceID())
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
		Consents []people.Consent `json:"consents"`
	}
	if err := g.readPeople(r, &request); err != nil {
		return err
	}
	users := make([]string, 0, len(request.Consents))
	for i, c := range request.Consents {
		if err := c.Check(i); err != nil {
			return err
		}
		users = append(users, c.User)
	}
	addresses, err := people.ReadNames(from.channel.Network, "consents", users)
	if err != nil {
		return err
	}
	now := g.store.Now()
	err = g.store.Update(r.Context(), func(tx *durable.Tx) error {
		for i, c := range request.Consents {
			err := g.changePerson(
				tx, from.channel, addresses[i],
				func(s *conversation.State) { s.RecordConsent(c.IsGranted(), c.At(now)) },
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
