package cli

import (
	"strings"
	"testing"
)

func TestExplainReadsAStore(t *testing.T) {
	path := ledgerFile(t, sample()...)
	const want = `Record 2, of 2026-11-20T12:00:00Z, settles it: a message of type text to France ` +
		`over channel 106540352242922, delivered at 2026-11-20T11:59:59Z.
It counts in 2026-11 and is priced as service by revision "pmp-2026-10" of plan "whatsapp".
The plan's rate for service in France is 0.03 USD.
Nothing is owed: it is number 1 of the month in allowance "free-service-messages".
`
	if got, err := run(t, "explain", "m2", "--store", path); err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	_, err := run(t, "explain", "m9", "--store", path)
	if err == nil ||
		!strings.Contains(err.Error(), "it has no record of the message: it is not settled yet, or another account's") {
		t.Errorf("a message that is not there: %v", err)
	}
}
