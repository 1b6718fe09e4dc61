package pricing

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
)

// samplePlan reads a plan that is shipped.
func samplePlan(tb testing.TB, name string) Plan {
	tb.Helper()
	text, err := os.ReadFile("../../config/samples/pricingplan_" + name + ".yaml")
	if err != nil {
		tb.Fatal(err)
	}
	var object struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &object); err != nil {
		tb.Fatal(err)
	}
	var plan Plan
	if err := json.Unmarshal(object.Spec, &plan); err != nil {
		tb.Fatal(err)
	}
	return plan
}

func compiled(tb testing.TB, plan Plan) *Book {
	tb.Helper()
	book, err := Compile(plan)
	if err != nil {
		tb.Fatal(err)
	}
	return book
}

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return location
}

func country(tb testing.TB, code string) market.Country {
	tb.Helper()
	c, err := market.ParseCountry(code)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// at returns the Unix second of an instant such as "2026-10-05T10:00:00Z".
func at(tb testing.TB, text string) int64 {
	tb.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return instant.Unix()
}

// counts is a ledger's counts in memory.
type counts map[CounterKey]int64

func (c counts) Count(key CounterKey) int64 { return c[key] }

// desk prices a story, message by message, with one conversation for each (channel, customer).
type desk struct {
	t       testing.TB
	book    *Book
	account Account
	counts  counts
	states  map[string]*conversation.State
	start   int64 // hour 0 of the story
}

func newDesk(tb testing.TB, book *Book, start string) *desk {
	tb.Helper()
	return &desk{
		t: tb, book: book, account: Account{Zone: time.UTC, Portfolio: "p1"}, counts: counts{},
		states: map[string]*conversation.State{}, start: at(tb, start),
	}
}

func (d *desk) state(channel, customer string) *conversation.State {
	key := channel + "/" + customer
	if d.states[key] == nil {
		d.states[key] = &conversation.State{}
	}
	return d.states[key]
}

// seconds returns the instant of an hour of the story.
func (d *desk) seconds(hour float64) int64 { return d.start + int64(hour*3600) }

// writes lets the customer write at an hour.
func (d *desk) writes(customer string, hour float64, events conversation.Events) {
	at := d.seconds(hour)
	d.state("1066", customer).Receive(conversation.Inbound{At: at, Events: events}, d.book.Rules(at, d.account.Zone))
}

// message returns one to a customer of channel 1066 that is sent and delivered at an hour.
func (d *desk) message(customer string, hour float64, form conversation.Form, category conversation.Category) Message {
	d.t.Helper()
	country, err := market.CountryOf(customer)
	if err != nil {
		d.t.Fatal(err)
	}
	at := d.seconds(hour)
	return Message{
		Channel: "1066", Country: country, Form: form, Category: category, SentAt: at, EndedAt: at, Delivered: true,
	}
}

// settle prices a message and records it.
func (d *desk) settle(customer string, m Message) Outcome {
	state := d.state(m.Channel, customer)
	out := d.book.Rate(&d.account, &m, state, d.counts)
	state.Apply(out.Change)
	if out.Count.By > 0 {
		d.counts[out.Count.Key] += out.Count.By
	}
	return out
}

// template and text send, deliver and price at an hour, and tell the outcome in a word.
func (d *desk) template(customer string, hour float64, category conversation.Category) string {
	d.t.Helper()
	return told(d.settle(customer, d.message(customer, hour, conversation.Templated, category)))
}

func (d *desk) text(customer string, hour float64) string {
	d.t.Helper()
	return told(d.settle(customer, d.message(customer, hour, conversation.FreeForm, conversation.None)))
}

// told returns an outcome in a word: "utility 0.03", "service free: allowance", "marketing
// unpriced".
func told(out Outcome) string {
	switch out.Result {
	case Charged:
		return fmt.Sprintf("%s %s", out.Category, out.Charge)
	case Free:
		return fmt.Sprintf("%s free: %s", out.Category, out.FreeReason)
	default:
		return fmt.Sprintf("%s unpriced", out.Category)
	}
}

func expect(tb testing.TB, what, got, want string) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %q, want %q", what, got, want)
	}
}
