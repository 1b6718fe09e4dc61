package gateway

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/simulator"
)

// A number without its plus sign could be another one to the upstream than to the gateway, which
// decides and prices by its country code.
func TestNumberGoesToTheUpstreamWithItsPlusSign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for written, want := range map[string]string{
			"33612345601": "+33612345601", "(336) 12 34-56.02": "+33612345602", "+33 612 345 603": "+33 612 345 603",
			"+33 (0)612 345 604": "+33612345604",
		} {
			id := w.accepted(templateTo(written, "parcel_ready"))
			w.until(
				"the upstream has it",
				func() bool { return len(w.sim.Messages(simulator.MessageFilter{CallbackData: id})) == 1 },
			)
			if body := string(
				w.sim.Messages(simulator.MessageFilter{CallbackData: id})[0].Body,
			); !strings.Contains(body, `"to":"`+want+`"`) {
				t.Errorf("%q went to the upstream in %s, want %q", written, body, want)
			}
		}
	})
}
