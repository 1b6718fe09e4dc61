package replay

import (
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// What leads to nothing because its message is not the one that it must be is counted: a status of
// an id that is sent nowhere, a send of an id that has not ended. What is told again of a message
// that has ended is neither.
func TestWhatIsPassedOverIsCounted(t *testing.T) {
	r := New(book(t, "whatsapp"), &pricing.Account{Zone: time.UTC})
	for _, line := range []string{
		status("2026-10-05T10:00:00Z", "never sent", "delivered"),
		status("2026-10-05T10:00:00Z", "never sent", "read"),
		status("2026-10-05T10:01:00Z", "m1", "sent"), // within the second of its send
		send("2026-10-05T10:01:00Z", "m1", utility),
		send("2026-10-05T10:01:01Z", "m1", utility),
		status("2026-10-05T10:01:02Z", "m1", "delivered"),
		status("2026-10-05T10:01:03Z", "m1", "delivered"),
		status("2026-10-05T10:01:04Z", "m1", "read"),
		send("2026-10-05T10:02:00Z", "m2", utility),
		status("2026-10-05T10:02:01Z", "m2", "failed"),
		status("2026-10-05T10:02:02Z", "m2", "failed"),
		status("2026-10-05T10:03:00Z", "not sent either", "failed"),
	} {
		var e Event
		if err := Parse([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Apply(&e); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := r.PassedOver(), (PassedOver{Statuses: 3, Sends: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := r.Unsettled(); got != 0 {
		t.Errorf("%d are unsettled, want none: m2 has failed", got)
	}
}

func TestWhatHasNotEndedIsCounted(t *testing.T) {
	r := New(book(t, "whatsapp"), &pricing.Account{Zone: time.UTC})
	lines := []string{
		send("2026-10-05T10:01:00Z", "m1", utility), send("2026-10-05T10:01:00Z", "m2", utility),
		send("2026-10-05T10:01:00Z", "m3", text), status("2026-10-05T10:01:01Z", "m1", "delivered"),
	}
	for _, line := range lines {
		var e Event
		if err := Parse([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Apply(&e); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Unsettled(); got != 1 {
		t.Errorf("got %d, want 1: m2", got)
	}
}

// What is over is forgotten, and nothing changes by it.
func TestMemoryIsBounded(t *testing.T) {
	r := New(book(t, "whatsapp"), &pricing.Account{Zone: time.UTC})
	at := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	most := 0
	for i := range 300_000 {
		at = at.Add(time.Second)
		customer := fmt.Appendf(nil, "336%08d", i)
		id := fmt.Appendf(nil, "m%d", i)
		for _, e := range []Event{
			{Time: at, Type: Inbound, Channel: []byte("1066"), Customer: customer, Kind: []byte("text")},
			{Time: at, Type: Send, ID: id, Channel: []byte("1066"), Customer: customer, Kind: []byte("text")},
			{Time: at, Type: Status, ID: id, Status: []byte("delivered")},
		} {
			if _, _, err := r.Apply(&e); err != nil {
				t.Fatal(err)
			}
		}
		most = max(most, len(r.customers))
	}
	// A day has 86,400 customers; twice what is open at a time may be remembered.
	if most > 2*86_401 || len(r.messages) != 0 {
		t.Errorf("%d customers and %d messages were remembered", most, len(r.messages))
	}
}

// A sweep leaves alone whose window is open and whose message is under way.
func TestWhatIsOpenIsNotForgotten(t *testing.T) {
	r := New(book(t, "whatsapp"), &pricing.Account{Zone: time.UTC})
	at := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	apply := func(e Event) Result {
		e.Time, e.Channel = at, []byte("1066")
		result, _, err := r.Apply(&e)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	first, second, id := []byte("33612345678"), []byte("33687654321"), []byte("m1")
	apply(Event{Type: Inbound, Customer: first, Kind: []byte("text")})
	apply(Event{Type: Send, ID: id, Customer: second, Kind: []byte("template"), Category: []byte("utility")})
	for i := range 2 * sweepAt {
		apply(Event{Type: Inbound, Customer: fmt.Appendf(nil, "336%08d", i), Kind: []byte("text")})
	}
	at = at.Add(23 * time.Hour)
	if got := apply(Event{Type: Send, ID: []byte("m2"), Customer: first, Kind: []byte("text")}); got == Refused {
		t.Error("the window of the first customer was forgotten")
	}
	if got := apply(Event{Type: Status, ID: id, Status: []byte("delivered")}); got != Settled {
		t.Error("the message of the second customer was forgotten")
	}
}

func TestSummaryAddsChargesAndCosts(t *testing.T) {
	sum := NewSummary()
	cents := money.MustParse("0.03")
	for _, out := range []pricing.Outcome{
		{Result: pricing.Free, FreeReason: pricing.InAllowance, Market: "France"},
		{Result: pricing.Charged, Cost: cents, Charge: money.MustParse("0.033"), Market: "France"},
		{Result: pricing.Charged, Cost: cents, Charge: cents, Market: "Spain"},
		{Market: "Spain"},
	} {
		if err := sum.Add(GroupOf(&out), &out); err != nil {
			t.Fatal(err)
		}
	}
	sum.Refuse()
	want := Totals{
		Charged: 2, Free: 1, Refused: 1, Unpriced: 1, Amount: money.MustParse("0.063"), Cost: money.MustParse("0.06"),
	}
	if sum.Totals != want {
		t.Errorf("got %+v, want %+v", sum.Totals, want)
	}
	groups := Sorted(sum, sum)
	if len(groups) != 2 || groups[0].Market != "France" || groups[1].Market != "Spain" ||
		sum.Groups[groups[1]].Messages() != 2 {
		t.Errorf("got %v", groups)
	}
}
