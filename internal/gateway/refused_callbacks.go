package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// refusedPage is how many callbacks one answer lists, and one request may name.
const refusedPage = 100

// refusedCallback is a callback that was set aside, as the API lists it.
type refusedCallback struct {
	ID         string    `json:"id"`
	QueuedAt   time.Time `json:"queued_at"`
	SetAsideAt time.Time `json:"set_aside_at"`
	// Status is that of the endpoint's last answer; 0 if there was none.
	Status int `json:"status"`
	// Bytes is about the size of the body.
	Bytes int64 `json:"bytes"`
}

// getRefusedCallbacks lists the callbacks of a number that were set aside because the business's
// endpoint does not take them, oldest first, 100 in an answer:
//
//	{"data":[{"id":"12","queued_at":"2026-11-29T10:00:00Z","set_aside_at":"2026-11-29T10:17:00Z",
//	  "status":400,"bytes":512}],"next":"12"}
//
// Next is there if there may be more: ask with ?after=12.
func (g *Gateway) getRefusedCallbacks(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	var after int64
	if given := r.URL.Query().Get("after"); given != "" {
		if after, err = strconv.ParseInt(given, 10, 64); err != nil {
			return network.Refuse(network.Malformed, "after must be the next of the answer before.")
		}
	}
	var list []store.RefusedCallback
	if err := g.store.View(r.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Callbacks().Refused(from.channel.ID, after, refusedPage)
		return err
	}); err != nil {
		return err
	}
	answer := struct {
		Data []refusedCallback `json:"data"`
		Next string            `json:"next,omitempty"`
	}{Data: make([]refusedCallback, 0, len(list))}
	for _, c := range list {
		answer.Data = append(answer.Data, refusedCallback{
			ID: strconv.FormatInt(
				c.ID, 10,
			), QueuedAt: c.CreatedAt, SetAsideAt: c.SetAsideAt, Status: c.Status, Bytes: c.Bytes,
		})
	}
	if len(list) == refusedPage {
		answer.Next = answer.Data[refusedPage-1].ID
	}
	return writeJSON(w, answer)
}

// postRefusedCallbacks delivers callbacks that were set aside once more: {"ids":["12","13"]}, 100
// at most. Each goes to the end of its customer's line and is tried as a new one. The answer is
// {"success":true,"callbacks":2}, with how many there were.
func (g *Gateway) postRefusedCallbacks(w http.ResponseWriter, r *http.Request) error {
	now := g.store.Now()
	return g.eachRefused(w, r, func(tx *durable.Tx, channel string, id int64) (bool, error) {
		return tx.Callbacks().Replay(channel, id, now)
	})
}

// deleteRefusedCallbacks forgets callbacks that were set aside. It takes and answers what
// postRefusedCallbacks does.
func (g *Gateway) deleteRefusedCallbacks(w http.ResponseWriter, r *http.Request) error {
	return g.eachRefused(w, r, func(tx *durable.Tx, channel string, id int64) (bool, error) {
		return tx.Callbacks().Drop(channel, id)
	})
}

// eachRefused does something to each of the callbacks that a request names.
func (g *Gateway) eachRefused(
	w http.ResponseWriter, r *http.Request, do func(tx *durable.Tx, channel string, id int64) (bool, error),
) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	var request struct {
		IDs []string `json:"ids"`
	}
	if err := g.readPeople(r, &request); err != nil {
		return err
	}
	if len(request.IDs) == 0 || len(request.IDs) > refusedPage {
		return network.Refuse(network.InvalidValue, fmt.Sprintf("ids must name 1 to %d callbacks.", refusedPage))
	}
	ids := make([]int64, 0, len(request.IDs))
	for i, text := range request.IDs {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return network.Refuse(network.InvalidValue, fmt.Sprintf("ids[%d] must be an id of the list.", i))
		}
		ids = append(ids, id)
	}
	done := 0
	if err := g.store.Update(r.Context(), func(tx *durable.Tx) error {
		done = 0
		for _, id := range ids {
			found, err := do(tx, from.channel.ID, id)
			if err != nil {
				return err
			}
			if found {
				done++
			}
		}
		return nil
	}); err != nil {
		return err
	}
	g.callbacks.Notify()
	return writeJSON(w, struct {
		Success   bool `json:"success"`
		Callbacks int  `json:"callbacks"`
	}{true, done})
}
