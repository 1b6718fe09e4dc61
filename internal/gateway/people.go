package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
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
	var request struct {
		Users []person `json:"block_users"`
	}
	if err := g.readPeople(r, &request); err != nil {
		return err
	}
	users, err := named("block_users", request.Users)
	if err != nil {
		return err
	}
	call := from.channel.Client.UnblockUsers
	if blocked {
		call = from.channel.Client.BlockUsers
	}
	var result graph.BlockResult
	err = g.pass(func() (err error) {
		result, err = call(r.Context(), from.channel.ID, users)
		return err
	})
	if err != nil {
		return upstreamFailure(err)
	}
	if err := g.recordBlocks(r.Context(), from.channel, result.Done, blocked); err != nil {
		return err
	}
	return writeBlocks(w, result, blocked)
}

// recordBlocks records what the upstream has done, of the people whom it says that it knows.
func (g *Gateway) recordBlocks(ctx context.Context, c *served.Channel, done []graph.BlockedUser, blocked bool) error {
	if len(done) == 0 {
		return nil
	}
	now := g.store.Now()
	return g.store.Update(ctx, func(tx *durable.Tx) error {
		for _, user := range done {
			input := identity.Of(user.Input)
			err := g.learnAnswer(tx, input, []graph.ResponseContact{{Input: user.Input, WAID: user.WAID}}, now)
			if err != nil {
				return err
			}
			err = g.changePerson(tx, c, first(addresses(user.WAID, user.Input)), func(s *conversation.State) {
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

// writeBlocks answers as the upstream does: with 400 and both lists if some users could not be
// (un)blocked.
func writeBlocks(w http.ResponseWriter, result graph.BlockResult, blocked bool) error {
	list := map[string]any{}
	key := "removed_users"
	if blocked {
		key = "added_users"
	}
	if len(result.Done) > 0 {
		list[key] = result.Done
	}
	answer := map[string]any{"messaging_product": "whatsapp", "block_users": list}
	if len(result.Failed) == 0 {
		return writeJSON(w, answer)
	}
	list["failed_users"] = result.Failed
	var shape struct {
		Error json.RawMessage `json:"error"`
	}
	failure := graph.NewError(
		graph.CodeBlockUsersFailed, "Some users could not be blocked or unblocked: see failed_users.",
	)
	failure.TraceID = newTraceID()
	encoded, err := json.Marshal(failure)
	if err == nil {
		err = json.Unmarshal(encoded, &shape)
	}
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	answer["error"] = shape.Error
	return writeJSONStatus(w, http.StatusBadRequest, answer)
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
	if err := checkPeople("consents", users); err != nil {
		return err
	}
	now := g.store.Now()
	err = g.store.Update(r.Context(), func(tx *durable.Tx) error {
		for _, c := range request.Consents {
			err := g.changePerson(
				tx, from.channel, identity.Of(c.User),
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
	return writeJSON(w, graph.Success())
}

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
		return graph.NewError(
			graph.CodeInvalidValue, fmt.Sprintf(`consents[%d].state must be "granted" or "withdrawn".`, i),
		)
	}
	if c.Timestamp == "" {
		return nil
	}
	if at, err := c.Timestamp.Int64(); err != nil || at <= 0 {
		return graph.NewError(graph.CodeInvalidValue, fmt.Sprintf("consents[%d].timestamp must be Unix seconds.", i))
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

func (g *Gateway) readPeople(r *http.Request, into any) error {
	body, done, err := g.bodies.read(r, maxPeopleBody)
	if err != nil {
		return err
	}
	defer done()
	if len(body) > maxPeopleBody {
		return graph.NewError(
			graph.CodeInvalidParameter, "The body is larger than 1 MiB. Name fewer people in one request.",
		)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return graph.NewError(
			graph.CodeInvalidParameter,
			"The body is not the JSON that this path takes. Check its fields and their types.",
		)
	}
	return nil
}

// person is a customer as requests name one.
type person struct {
	User string `json:"user"`
}

// named are the customers that a field of a request names, each checked.
func named(field string, people []person) ([]string, error) {
	users := make([]string, 0, len(people))
	for _, p := range people {
		users = append(users, p.User)
	}
	return users, checkPeople(field, users)
}

// checkPeople refuses a list that is empty, too long, or holds what is no address.
func checkPeople(field string, users []string) error {
	if len(users) == 0 || len(users) > maxPeople {
		return graph.NewError(graph.CodeInvalidValue, fmt.Sprintf("%s must name 1 to %d people.", field, maxPeople))
	}
	for i, user := range users {
		if !isAddress(user) {
			return graph.NewError(graph.CodeInvalidValue, fmt.Sprintf(
				"%s[%d].user must be a phone number with its country code, or a business-scoped user id.", field, i,
			))
		}
	}
	return nil
}

// isAddress tells whether a text is an address that a send takes too. What is remembered under
// another one would be acknowledged and never found.
func isAddress(text string) bool {
	address, ok := identity.Parse(text)
	if !ok {
		return false
	}
	_, err := market.CountryOf(string(address))
	return err == nil
}

func (g *Gateway) changePerson(
	tx *durable.Tx, c *served.Channel, address identity.Address, change func(*conversation.State),
) error {
	customer, err := g.customerAt(tx, c.ID, address)
	if err != nil {
		return err
	}
	if customer == (seal.CustomerHash{}) {
		return fmt.Errorf("a customer of channel %s has no address that can be read", c.Name)
	}
	state, err := tx.Conversation(c.ID, customer)
	if err != nil {
		return err
	}
	change(&state)
	return tx.PutConversation(c.ID, customer, &state)
}
