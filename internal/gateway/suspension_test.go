package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/report"
)

const suspensionSentence = "Sending is suspended: ask the platform team."

// A suspended account sends nothing: not what a client asks for, and not what waited. Webhooks,
// windows and callbacks go on, and what waited goes when the suspension ends.
func TestSuspendedAccountSendsNothingAndHearsEverything(t *testing.T) {
	onEveryNetwork(t, func(t *testing.T, w *world, n networkCase) {
		to := n.writes(w, 0, "hello", 0)
		n.sends(w, to, "before the suspension")
		w.settled(1)

		w.control(http.MethodPost, "faults", `{"code":190,"rate":1}`)
		n.sends(w, to, "accepted, and not sent yet")
		w.until("the channel is stopped", func() bool { return len(stopped(w.report())) == 1 })
		w.suspend(suspensionSentence)
		w.control(http.MethodDelete, "faults", "")

		got := w.sendFrom(n.channel, n.text(to, "during the suspension"))
		if got.status != http.StatusForbidden || got.code != n.suspended ||
			!strings.Contains(got.body, suspensionSentence) {
			t.Errorf("a send got %d %s; want 403 with code %d and the sentence", got.status, got.body, n.suspended)
		}
		windows := w.report().OpenWindows
		n.writes(w, 1, "somebody else writes", 0) // returns once the business is told
		w.until("a window is opened", func() bool { return w.report().OpenWindows == windows+1 })

		w.clock.Advance(10 * time.Minute)
		w.until("the report says why the message waits", func() bool {
			waits := w.report().Waiting
			return len(waits) == 1 && waits[0].Reason == report.WaitingForResumption && waits[0].Messages == 1
		})
		if r := w.report(); r.Period.Messages != 1 || r.Queues.Outbound != 1 {
			t.Errorf("%d messages are settled and %d wait; want 1 and 1", r.Period.Messages, r.Queues.Outbound)
		}

		w.suspend("")
		if r := w.settled(2); r.Queues.Outbound != 0 {
			t.Errorf("%d messages wait after the suspension", r.Queues.Outbound)
		}
		n.sends(w, to, "after the suspension")
		w.settled(3)
	})
}

// suspend has the gateway serve a suspension; none if the sentence is empty.
func (w *world) suspend(sentence string) {
	w.t.Helper()
	before := w.report().ConfigDigest
	w.document.SendingStopped = sentence
	w.writeDocument()
	w.until("it is served", func() bool { return w.report().ConfigDigest != before })
}
