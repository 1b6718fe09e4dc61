package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
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
	if err := g.people.RecordBlocks(r.Context(), from.channel, result.Done, blocked); err != nil {
		return err
	}
	status, answer, err := of.AnswerBlocks(result, blocked, telemetry.NewTraceID())
	if err != nil {
		return err
	}
	writeJSONText(w, status, answer)
	return nil
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
	if err := g.people.RecordConsents(r.Context(), from.channel, request.Consents); err != nil {
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
	body, done, err = g.bodies.Read(r, maxPeopleBody)
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
