package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

func TestP5ExplainSaysWhatAMessageCosts(t *testing.T) {
	t.Parallel()
	doubted := func(id, note string) ledger.Record {
		return ledger.Record{
			Kind: ledger.Doubt, MessageID: id, SettledAt: time.Date(2026, 11, 20, 12, 0, 1, 0, time.UTC), Note: note,
		}
	}
	late := utility("wamid.C")
	late.Kind, late.Corrects, late.CorrectedFreeReason = ledger.Correction, 3, "undelivered"
	back := utility("wamid.A")
	back.Kind, back.Corrects, back.FreeReason, back.Tier = ledger.Correction, 1, "exempt", 0
	back.Charge, back.Cost, back.Listed = money.MustParse("-0.0335"), money.MustParse("-0.0285"), false
	judged := service("wamid.B")
	judged.UpstreamVerdict = "billable regular service"
	entries := chain(
		utility("wamid.A"), judged, undelivered("wamid.C"), doubted("wamid.C", ledger.NoteDoubtBegan), late, back,
	)
	tests := map[string][]string{
		"wamid.A": {
			"Record 1, of 2026-11-20T12:00:03Z, settles it: a message of type template to France over channel " +
				"106540352242922, accepted at 2026-11-20T12:00:00Z, sent at 2026-11-20T12:00:01Z, delivered at " +
				"2026-11-20T12:00:02Z.",
			`It counts in 2026-11 and is priced as utility by revision "2026-10" of plan "whatsapp".`,
			"The plan's rate for utility in France is 0.03 USD, that of volume tier 1.",
			"0.0335 USD is owed for it: the upstream charges 0.0285 USD, and the plan's mark-up does the rest.",
			"Record 6, of 2026-11-20T12:00:03Z, corrects record 1: what was charged is taken back.",
			`It counts in 2026-11 and is priced as utility by revision "2026-10" of plan "whatsapp".`,
			`It is free by the reason "exempt", and 0.0335 USD is given back.`,
		},
		"wamid.B": {
			"Record 2, of 2026-11-20T12:00:03Z, settles it: a message of type text to France over channel " +
				"106540352242922, accepted at 2026-11-20T12:00:00Z, sent at 2026-11-20T12:00:01Z, delivered at " +
				"2026-11-20T12:00:02Z.",
			`It counts in 2026-11 and is priced as service by revision "2026-10" of plan "whatsapp".`,
			"The plan's rate for service in France is 0.03 USD.",
			`Nothing is owed: it is number 17 of the month in allowance "service".`,
			`The upstream said otherwise, "billable regular service", which changes no amount.`,
		},
		"wamid.C": {
			"Record 3, of 2026-11-20T12:00:04Z, settles it: a message, failed at " +
				"2026-11-20T12:00:03Z.",
			"It counts in 2026-11, and nothing had to price it.",
			"Nothing is owed: it was not delivered.",
			"Record 4, of 2026-11-20T12:00:01Z: whether the upstream had it was not known, and the most that it " +
				"could " +
				"cost stayed reserved.",
			"Record 5, of 2026-11-20T12:00:03Z, corrects record 3: the message had been given up as undelivered, and " +
				"was delivered at 2026-11-20T12:00:02Z.",
			`It counts in 2026-11 and is priced as utility by revision "2026-10" of plan "whatsapp".`,
			"The plan's rate for utility in France is 0.03 USD, that of volume tier 1.",
			"0.0335 USD is owed for it: the upstream charges 0.0285 USD, and the plan's mark-up does the rest.",
		},
		"wamid.D": nil,
	}
	for id, want := range tests {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			got, err := ledger.Explain(id, sequence(entries))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("it is explained otherwise (-want +got):\n%s", diff)
			}
			if text := strings.Join(got, " "); strings.Contains(text, "ab0000") {
				t.Errorf("it names the customer: %s", text)
			}
		})
	}
}
