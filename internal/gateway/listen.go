package gateway

import "net/http"

// getCallbacks lets a client follow the account's callbacks, see listeners.Answer.
func (g *Gateway) getCallbacks(w http.ResponseWriter, r *http.Request) error {
	_, token, err := g.authenticate(r)
	if err != nil {
		return err
	}
	g.log.Info("Callbacks are listened to", "token", token)
	defer g.log.Info("Callbacks are no longer listened to", "token", token)
	return g.callbacks.Listeners().Answer(w, r, g.options.Replica, func() bool { return g.authentic(r) })
}
