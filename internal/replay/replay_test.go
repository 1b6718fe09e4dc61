package replay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/pricing"
)

func book(tb testing.TB, name string) *pricing.Book {
	tb.Helper()
	text, err := os.ReadFile("../../config/samples/pricingplan_" + name + ".yaml")
	if err != nil {
		tb.Fatal(err)
	}
	var object struct{ Spec pricing.Plan }
	if err := yaml.Unmarshal(text, &object); err != nil {
		tb.Fatal(err)
	}
	compiled, err := pricing.Compile(object.Spec)
	if err != nil {
		tb.Fatal(err)
	}
	return compiled
}

// run replays lines and tells what each one led to, in a word or not at all.
func run(plan *pricing.Book, lines ...string) ([]string, error) {
	reader := NewReader("events", strings.NewReader(strings.Join(lines, "\n")))
	r := New(plan, &pricing.Account{Zone: time.UTC})
	var told []string
	var e Event
	for {
		err := reader.Next(&e)
		if errors.Is(err, io.EOF) {
			return told, nil
		}
		if err != nil {
			return told, err
		}
		result, out, err := r.Apply(&e)
		if err != nil {
			return told, reader.Errorf("%w", err)
		}
		switch result {
		case Refused:
			told = append(told, fmt.Sprintf("%s refused", e.ID))
		case Settled:
			told = append(told, fmt.Sprintf("%s %s %s %s", e.ID, out.Category, out.Charge, out.FreeReason))
		case Corrected:
			told = append(told, fmt.Sprintf("%s corrected to %s %s %s", e.ID, out.Category, out.Charge, out.FreeReason))
		}
	}
}

func inbound(at, customer string) string {
	return fmt.Sprintf(
		`{"time":"%s","type":"inbound","id":"i1","channel":"1066","customer":"%s","kind":"text","entryPoint":false}`,
		at, customer,
	)
}

func send(at, id, kind string) string {
	return fmt.Sprintf(
		`{"time":"%s","type":"send","id":"%s","channel":"1066","customer":"33612345678","kind":%s}`, at, id, kind,
	)
}

func status(at, id, status string) string {
	return fmt.Sprintf(`{"time":"%s","type":"status","id":"%s","status":"%s"}`, at, id, status)
}

const (
	text    = `"text"`
	utility = `"template","category":"utility"`
)

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestP2StatusesSettleOnce(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		inbound("2026-10-05T10:00:00Z", "33612345678"),
		send("2026-10-05T10:01:00Z", "m1", utility), send("2026-10-05T10:01:00Z", "m2", text),
		send("2026-10-05T10:01:00Z", "m3", text),
		// never delivered: never settled
		send("2026-10-05T10:01:00Z", "m4", utility), status("2026-10-05T10:01:01Z", "m4", "sent"),
		status("2026-10-05T10:01:01Z", "m1", "sent"), status("2026-10-05T10:01:02Z", "m1", "delivered"),
		status("2026-10-05T10:01:02Z", "m1", "delivered"),
		status("2026-10-05T10:01:03Z", "m2", "read"), status("2026-10-05T10:01:04Z", "m2", "delivered"),
		status("2026-10-05T10:01:04Z", "m1", "read"),
		status("2026-10-05T10:01:05Z", "m3", "failed"), status("2026-10-05T10:01:06Z", "m3", "sent"), status(
			"2026-10-05T10:01:06Z", "unknown", "read",
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 utility 0.03 ", "m2 service 0 allowance", "m3 service 0 undelivered")
}

// Statuses may be repeated, and a lesser one may follow a greater one: the settlements stay the
// same.
func TestP2RepeatedStatusesChangeNothing(t *testing.T) {
	plan := book(t, "whatsapp")
	rapid.Check(t, func(t *rapid.T) {
		var once, repeated []string
		at := time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)
		now := func() string {
			at = at.Add(time.Duration(rapid.IntRange(0, 3*3600).Draw(t, "pause")) * time.Second)
			return at.Format(time.RFC3339)
		}
		both := func(line string) { once, repeated = append(once, line), append(repeated, line) }
		again := map[string][]string{} // what may be told again of a message without saying anything new
		ended := []string{}
		for i := range rapid.IntRange(1, 12).Draw(t, "messages") {
			id := fmt.Sprint("m", i)
			both(inbound(now(), "33612345678"))
			both(send(now(), id, rapid.SampledFrom([]string{text, utility}).Draw(t, "kind")))
			end := rapid.SampledFrom([]string{"delivered", "read", "failed"}).Draw(t, "end")
			both(status(now(), id, end))
			ended, again[id] = append(ended, id), []string{"sent", "delivered", "read", "failed"}
			if end == "failed" {
				again[id] = []string{"sent", "failed"}
			}
			for range rapid.IntRange(0, 3).Draw(t, "repetitions") {
				of := rapid.SampledFrom(ended).Draw(t, "of")
				repeated = append(
					repeated, status(at.Format(time.RFC3339), of, rapid.SampledFrom(again[of]).Draw(t, "status")),
				)
			}
		}
		a, err := run(plan, once...)
		if err != nil {
			t.Fatal(err)
		}
		b, err := run(plan, repeated...)
		if err != nil || strings.Join(a, "|") != strings.Join(b, "|") {
			t.Fatalf("%q\n%q, %v", a, b, err)
		}
	})
}

func TestP4FreeFormOutsideTheWindowIsRefused(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		send("2026-10-05T09:00:00Z", "m0", text),
		inbound("2026-10-05T10:00:00Z", "33612345678"),
		send("2026-10-06T09:59:59Z", "m1", text), send("2026-10-06T10:00:00Z", "m2", text), send(
			"2026-10-06T10:00:00Z", "m3", utility,
		),
		status("2026-10-06T10:00:01Z", "m1", "delivered"), status("2026-10-06T10:00:01Z", "m2", "delivered"),
		status("2026-10-06T10:00:01Z", "m3", "delivered"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m0 refused", "m2 refused", "m1 service 0 allowance", "m3 utility 0.03 ")
}

// What a revision refuses now was sent all the same: what it cost is what is asked.
func TestRecordedMarketingIsPricedWherePromotionIsRefused(t *testing.T) {
	got, err := run(book(t, "announcement"),
		send("2019-10-05T09:00:00Z", "m1", `"template","category":"marketing"`),
		status("2019-10-05T09:00:01Z", "m1", "delivered"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 template 0.05 ")
}

func TestEntryPointAndItsEndFromTheUpstream(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		strings.Replace(inbound("2026-10-05T10:00:00Z", "33612345678"), "false", "true", 1),
		send("2026-10-05T11:00:00Z", "m1", utility),
		`{"time":"2026-10-05T11:00:01Z","type":"status","id":"m1","status":"sent","entryPointExpiry":"2026-10-07T11:00:00Z"}`,
		status("2026-10-05T11:00:02Z", "m1", "delivered"),
		send("2026-10-07T10:59:58Z", "m2", utility), status("2026-10-07T10:59:59Z", "m2", "delivered"),
		send("2026-10-07T11:00:00Z", "m3", utility), status("2026-10-07T11:00:00Z", "m3", "delivered"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 utility 0 freeEntryPoint", "m2 utility 0 freeEntryPoint", "m3 utility 0.03 ")
}

// The upstream states the entry point when it has the reply: it holds although the reply is never
// delivered.
func TestEntryPointOfAReplyThatIsNotDelivered(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		strings.Replace(inbound("2026-10-05T10:00:00Z", "33612345678"), "false", "true", 1),
		send("2026-10-05T11:00:00Z", "m1", utility),
		`{"time":"2026-10-05T11:00:01Z","type":"status","id":"m1","status":"sent","entryPointExpiry":"2026-10-08T11:00:01Z"}`,
		status("2026-10-05T11:00:02Z", "m1", "failed"),
		send("2026-10-07T11:00:00Z", "m2", utility), status("2026-10-07T11:00:01Z", "m2", "delivered"),
		send("2026-10-08T11:00:00Z", "m3", utility), status("2026-10-08T11:00:01Z", "m3", "delivered"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 utility 0 undelivered", "m2 utility 0 freeEntryPoint", "m3 utility 0.03 ")
}

// The upstream tells no more of a reaction than that it was sent.
func TestReactionEndsWhenItIsSent(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		strings.Replace(inbound("2026-10-05T10:00:00Z", "33612345678"), "false", "true", 1),
		// it is a reply: the entry point opens
		status("2026-10-05T10:01:00Z", "m1", "sent"), send("2026-10-05T10:01:00.5Z", "m1", `"reaction"`),
		send("2026-10-05T10:02:00Z", "m2", `"reaction"`), status("2026-10-05T10:02:01Z", "m2", "sent"),
		send("2026-10-07T11:00:00Z", "m3", utility), status("2026-10-07T11:00:01Z", "m3", "delivered"),
		send("2026-10-07T11:00:01Z", "m4", utility), status("2026-10-07T11:00:02Z", "m4", "sent"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 service 0 reaction", "m2 service 0 reaction", "m3 utility 0 freeEntryPoint")
}

func TestReactionDirectSendAndUnits(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		inbound("2026-10-05T10:00:00Z", "33612345678"),
		send("2026-10-05T10:01:00Z", "m1", `"reaction"`), status("2026-10-05T10:01:00Z", "m1", "delivered"),
		send("2026-10-05T10:01:00Z", "m2", `"text","category":"utility"`),
		status("2026-10-05T10:01:00Z", "m2", "delivered"),
		send("2026-10-05T10:01:00Z", "m3", `"text","category":"business_agent","units":1000000`),
		status("2026-10-05T10:01:00Z", "m3", "delivered"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 service 0 reaction", "m2 utility 0.03 ", "m3 business_agent 2 ")
}

// A group has one window for all its members; each recipient is priced in the own market. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/pricing
func TestAGroupHasOneWindowAndAMarketForEachRecipient(t *testing.T) {
	toGroup := func(at, id, customer, kind string) string {
		return strings.Replace(
			strings.Replace(send(at, id, kind), "33612345678", customer, 1), `"channel"`, `"group":"g1","channel"`, 1,
		)
	}
	fromGroup := `{"time":"2026-10-05T10:00:00Z","type":"inbound","id":"i1","channel":"1066","group":"g1","kind":"text"}`
	got, err := run(book(t, "whatsapp"),
		toGroup("2026-10-05T09:59:59Z", "m0", "33612345678", `"text","category":"group_service"`),
		fromGroup,
		toGroup("2026-10-05T10:01:00Z", "m1", "33612345678", `"text","category":"group_service"`),
		status("2026-10-05T10:01:01Z", "m1", "delivered"),
		toGroup("2026-10-05T10:01:01Z", "m2", "919812345678", `"template","category":"group_utility"`),
		status("2026-10-05T10:01:01Z", "m2", "delivered"),
		toGroup("2026-10-05T10:01:01Z", "m3", "33698765432", `"template","category":"group_marketing"`),
		status("2026-10-05T10:01:01Z", "m3", "delivered"),
		send("2026-10-05T10:02:00Z", "m4", text), // the group's window is not the member's own
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(
		t, got, "m0 refused", "m1 group_service 0 allowance", "m2 group_utility 0.0014 ", "m3 group_marketing 0.0859 ",
		"m4 refused",
	)
}

// The upstream counts whole seconds: by its clock a message may end a fraction of a second before
// it was sent.
func TestAStatusOfTheSameSecondMayComeBeforeItsSend(t *testing.T) {
	got, err := run(book(t, "whatsapp"),
		strings.Replace(inbound("2026-10-05T09:00:00Z", "33612345678"), "false", "true", 1),
		`{"time":"2026-10-05T10:00:00Z","type":"status","id":"m1","status":"sent","entryPointExpiry":"2026-10-05T10:00:01Z"}`,
		status("2026-10-05T10:00:00Z", "m1", "delivered"), status("2026-10-05T10:00:00Z", "m2", "failed"),
		status("2026-10-05T10:00:00Z", "m3", "delivered"),
		status("2026-10-05T10:00:00Z", "m1", "read"),
		send("2026-10-05T10:00:00.750Z", "m1", text), send("2026-10-05T10:00:00.999Z", "m2", utility),
		send("2026-10-05T10:00:01Z", "m3", utility), // of another second: another message
		send("2026-10-05T10:00:02Z", "m1", utility), status("2026-10-05T10:00:03Z", "m1", "delivered"),
	)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "m1 service 0 freeEntryPoint", "m2 utility 0 undelivered", "m1 utility 0.03 ")
}

// A gateway settles what has failed as undelivered, and corrects that if the delivery is told after
// all; "played" is no end.
func TestP2StatusesEndAMessageAsTheyDoInAGateway(t *testing.T) {
	plan := book(t, "whatsapp")
	for statuses, want := range map[string][]string{
		"failed delivered read":   {"m1 utility 0 undelivered", "m1 corrected to utility 0.03 "},
		"failed read delivered":   {"m1 utility 0 undelivered", "m1 corrected to utility 0.03 "},
		"failed failed sent":      {"m1 utility 0 undelivered"},
		"delivered failed":        {"m1 utility 0.03 "},
		"played":                  nil,
		"played sent played read": {"m1 utility 0.03 "},
	} {
		t.Run(statuses, func(t *testing.T) {
			lines := []string{send("2026-10-05T10:01:00Z", "m1", utility)}
			for i, name := range strings.Fields(statuses) {
				lines = append(lines, status(fmt.Sprintf("2026-10-05T10:01:%02dZ", i+1), "m1", name))
			}
			got, err := run(plan, lines...)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, want...)
		})
	}
}

func show(e Event) string {
	return fmt.Sprintf(
		"%s|%d|%q|%q|%q|%q|%q|%q|%q|%q|%v|%d|%d", e.Time.UTC().Format(time.RFC3339Nano), e.Type, e.ID, e.Channel,
		e.Customer, e.AlsoKnownAs, e.Group, e.Kind, e.Category, e.Status, e.FromEntry, e.Expiry, e.Units,
	)
}

func FuzzReplay(f *testing.F) {
	plan := book(f, "whatsapp")
	f.Add(inbound(
		"2026-10-05T10:00:00Z", "33612345678",
	) + "\n" + send("2026-10-05T10:00:00Z", "m1", utility) + "\n" + status("2026-10-05T10:00:00Z", "m1", "delivered"))
	f.Add(inbound("2023-06-05T10:00:00Z", "US.1349") + "\n" + send("2023-06-05T10:00:00Z", "m1", text) + "\n" + status(
		"2023-06-05T10:00:00Z", "m1", "read",
	))
	f.Fuzz(func(t *testing.T, events string) {
		_, err := run(plan, strings.Split(events, "\n")...)
		if err != nil && !strings.HasPrefix(err.Error(), "events: line ") {
			t.Errorf("an error must name its line: %v", err)
		}
	})
}

func BenchmarkReplay(b *testing.B) {
	plan := book(b, "whatsapp")
	var stream strings.Builder
	for i := range 20_000 {
		at := time.Unix(1790848800+int64(i), 0).UTC().Format(time.RFC3339)
		id := fmt.Sprint("m", i)
		for _, line := range []string{
			inbound(at, "33612345678"), send(at, id, text), status(at, id, "sent"), status(at, id, "delivered"),
			status(at, id, "read"),
		} {
			stream.WriteString(line + "\n")
		}
	}
	lines := 5 * 20_000
	b.ReportAllocs()
	for b.Loop() {
		if _, err := run(plan, stream.String()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
