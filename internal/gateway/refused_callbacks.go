package gateway

import (
	"context"
	"net/http"
)

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
	page, err := g.callbacks.ListRefused(r.Context(), from.channel.ID, r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	return writeJSON(w, page)
}

// postRefusedCallbacks delivers callbacks that were set aside once more: {"ids":["12","13"]}, 100
// at most. The answer is {"success":true,"callbacks":2}, with how many there were.
func (g *Gateway) postRefusedCallbacks(w http.ResponseWriter, r *http.Request) error {
	return g.changeRefused(w, r, g.callbacks.ReplayRefused)
}

// deleteRefusedCallbacks forgets callbacks that were set aside. It takes and answers what
// postRefusedCallbacks does.
func (g *Gateway) deleteRefusedCallbacks(w http.ResponseWriter, r *http.Request) error {
	return g.changeRefused(w, r, g.callbacks.DropRefused)
}

func (g *Gateway) changeRefused(
	w http.ResponseWriter, r *http.Request, do func(ctx context.Context, channel string, ids []string) (int, error),
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
	done, err := do(r.Context(), from.channel.ID, request.IDs)
	if err != nil {
		return err
	}
	return writeJSON(w, struct {
		Success   bool `json:"success"`
		Callbacks int  `json:"callbacks"`
	}{true, done})
}
