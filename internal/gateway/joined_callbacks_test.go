package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
)

// While more callbacks wait than can be delivered at once, several go in one, signed as a whole, as
// Meta's own do. Nothing is lost, nothing comes twice, and what the endpoint does not take holds up
// none of those that it was joined with.
func TestP1P2CallbacksAreJoinedWhileTheGatewayIsBehind(t *testing.T) {
	t.Parallel()
	const customers = 200
	for name, status := range map[string]int{"all are taken": 0, "one is refused": 400, "one is a fault": 500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(d *config.Document) { d.Callback.Secret = "" })
				endpoint := newPicky(w)
				endpoint.refusing.Store(int64(status))
				for i := range customers {
					text := fmt.Sprintf("text %d.", i)
					if i == 77 {
						text += " poison"
					}
					w.tells(fmt.Sprintf("336100%05d", i), fmt.Sprintf("wamid.%d", i), text)
				}
				w.tells("33610000000", "wamid.second", "second.")
				w.until("they wait", func() bool { return w.report().Queues.Callbacks == customers+1 })
				w.document.Callback.Secret = hookSecret
				w.writeDocument()

				refused := 0
				if status != 0 {
					refused = 1
				}
				w.until("the others are delivered", func() bool {
					return w.report().Queues.Callbacks == int64(refused)
				})
				all := strings.Join(endpoint.received(""), "\n")
				for i := range customers {
					if n := strings.Count(all, fmt.Sprintf("text %d.", i)); n != 1 && !(i == 77 && n == 1-refused) {
						t.Errorf("text %d was delivered %d times", i, n)
					}
				}
				if n := len(endpoint.received("")); n > customers/2 {
					t.Errorf("%d deliveries were made of %d callbacks", n, customers)
				}
				if endpoint.forged != 0 {
					t.Errorf("%d deliveries were not signed", endpoint.forged)
				}
				if first := strings.Index(all, "text 0."); strings.Index(all, "second.") < first {
					t.Error("a customer's second message came before the first")
				}
				endpoint.refusing.Store(0)
				w.until("the last one is delivered", func() bool { return w.report().Queues.Callbacks == 0 })
				if got := w.do(
					http.MethodGet, "/v26.0/"+phoneID+"/refused_callbacks", "",
				); strings.Contains(got.body, "wamid") {
					t.Errorf("of those set aside it says %s", got.body)
				}
			})
		})
	}
}
