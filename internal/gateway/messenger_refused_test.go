package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// What Meta refuses for one person's sake fails that message alone: the page goes on, also where
// the code is one that otherwise says that the page may send nothing.
func TestP2ARefusalForOnePersonStopsNobodyElse(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{
		"the window":           `"code":10,"subcode":2018278`,
		"another app's thread": `"code":10,"subcode":2018300`,
		"receives nothing":     `"code":10,"subcode":2018108`,
		"unavailable":          `"code":551,"subcode":1545041`,
		"unavailable, in code": `"code":200,"subcode":1545041`,
		"nobody by this id":    `"code":100,"subcode":2018001`,
		"a parameter's value":  `"code":100`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t))
				n := networkCases()["Messenger"]
				first, second := n.writes(w, 1, "hello", time.Hour), n.writes(w, 2, "hello", time.Hour)
				w.control(http.MethodPost, "faults", `{"to":"`+first+`","next":1,`+fault+`}`)
				refused := n.sends(w, first, "to the first")
				n.sends(w, second, "to the second")
				r := w.settled(2)
				if r.Period.Billed != usd("0.01") || len(stopped(r)) != 0 {
					t.Errorf("%s is billed and %d channels are stopped; want 0.01 USD and none", r.Period.Billed,
						len(stopped(r)))
				}
				w.until("the business is told", func() bool {
					told := w.business.received(refused)
					return len(told) == 1 && strings.Contains(told[0], `"message_failed"`)
				})
			})
		})
	}
}

// Somebody whose thread another app has gets nothing of ours, and everybody else does.
func TestAThreadOfAnotherAppStopsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		n := networkCases()["Messenger"]
		first, second := n.writes(w, 1, "hello", time.Hour), n.writes(w, 2, "hello", time.Hour)
		inbox := "263902037430900"
		if err := w.sim.Pages().SetPerson(first, pages.PersonState{To: pageID, ThreadOwner: &inbox}); err != nil {
			t.Fatal(err)
		}
		refused := n.sends(w, first, "to the first")
		n.sends(w, second, "to the second")
		if r := w.settled(2); r.Period.Billed != usd("0.01") || len(stopped(r)) != 0 {
			t.Errorf("%s is billed, %d channels are stopped", r.Period.Billed, len(stopped(r)))
		}
		w.until("the business is told why", func() bool {
			return strings.Contains(fmt.Sprint(w.business.received(refused)), `"error_subcode":2018300`)
		})
	})
}
