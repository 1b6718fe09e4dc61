package gateway

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// Whoever looks at the log sees that messages fail, and why.
func TestLogTellsOfFailedMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPost, "faults", `{"code":131026,"rate":1}`)
		id := w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		if want := `"msg":"Messages failed","code":"131026","messages":1,"latest":"` + id + `"`; !strings.Contains(
			w.logs.String(), want,
		) {
			t.Errorf("the log lacks %s", want)
		}
	})
}
