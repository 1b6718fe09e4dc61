package gateway

import (
	"testing"
	"testing/synctest"
	"time"
)

// A slot that was taken for a message which is then refused is for whoever waits, too: nothing else
// may wake the dispatcher for long.
func TestSlotOfARefusedMessageWakesWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := resting(t, noonClock())
		g.gate.Begin(t.Context())
		timer := g.store.Clock().NewTimer(time.Hour)
		woken := func() bool {
			began := time.Now()
			g.gate.Sleep(t.Context(), timer, time.Hour)
			return time.Since(began) < time.Hour
		}
		for _, waits := range []bool{false, true} {
			g.gate.Notify()
			woken()
			g.gate.SetWaiting(phoneID, false)
			g.gate.SetWaiting(secondPhone, waits)
			if _, err := accept(t, g, g.config.Tenant(), phoneID, textTo(ana, "hi")); err == nil {
				t.Fatal("a text outside the window was accepted")
			}
			if got := woken(); got != waits {
				t.Errorf("the dispatcher was woken: %v, although another message waits: %v", got, waits)
			}
		}
	})
}
