package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/pricing"
)

const (
	// storyEvents and storyTime bound one story: about as many events, and no more time than that
	// once it has fewEvents.
	storyEvents = 250
	fewEvents   = 100
	storyTime   = 3 * time.Second
	// seedVariable repeats the stories of a run that failed.
	seedVariable = "GUICHET_SEED"
)

// The rules of windows, entry points, endings and prices have one home, and two users: the gateway,
// and `guichet rate`, which prices recorded traffic. Both are told the same random story, the
// gateway by real sends and webhooks, and must agree on every record of the ledger (P2, P6). The
// stories pass over turns of months and of the rules.
func TestP2P6GatewayAndRateAgreeOnEveryRecord(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	for i, begins := range []string{
		"2018-08-02T08:00:00Z", "2022-01-30T08:00:00Z", "2023-05-30T08:00:00Z", "2024-10-30T08:00:00Z",
		"2025-06-29T08:00:00Z", "2026-09-26T08:00:00Z", "2026-10-29T08:00:00Z",
	} {
		t.Run(begins[:10], func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			s := newStory(t, begins, random, func(d *config.Document) { miss(d.Plan.Revisions, random) })
			defer s.tellSeed(seed)
			for began := time.Now(); s.goesOn(began); {
				s.step()
			}
			s.agree()
		})
	}
}

// seedOf is the seed of a run: a new one, or that of a run to repeat.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(seedVariable)
	if text == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", seedVariable, err)
	}
	return seed
}

// tellSeed says how to repeat a story that has failed.
func (s *story) tellSeed(seed uint64) {
	if s.t.Failed() {
		s.t.Logf("repeat it with %s=%d; the events were\n%s", seedVariable, seed, strings.Join(s.lines, "\n"))
	}
}

// agree compares the two.
func (s *story) agree() {
	s.t.Helper()
	want, got := s.fromLedger(), s.fromRate()
	for _, id := range s.sent {
		if diff := cmp.Diff(want[id], got[id]); diff != "" {
			s.t.Errorf("message %s (-gateway +rate):\n%s", s.names[id], diff)
		}
	}
	if len(want) == 0 || len(got) != len(want) {
		s.t.Errorf("the ledger has records of %d messages, rate has %d", len(want), len(got))
	}
}

// story is one account's traffic, as its gateway takes it and as the lines of `guichet rate`.
type story struct {
	t       *testing.T
	random  *rand.Rand
	now     time.Time
	gateway *Gateway
	tenant  *served.Tenant
	world   *world // its files

	lines   []string
	sent    []string          // ids of the accepted messages, in order
	names   map[string]string // what a message was, by id
	refused []string          // of the gateway, the numbers of the lines
	hooks   []string          // every webhook so far
	people  []*contact
	waiting []waiting // accepted messages; where a budget is to be kept, those that have not ended
}

// waiting is a message that was accepted.
type waiting struct {
	id, channel string
	service     bool // an allowance may pay for it
}

func newStory(t *testing.T, begins string, random *rand.Rand, change func(*config.Document)) *story {
	t.Helper()
	now, err := time.Parse(time.RFC3339, begins)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, random: random, now: now, names: map[string]string{}, people: storyPeople()}
	w := prepareWorld(t, func(d *config.Document) {
		d.Templates = append(d.Templates, gatewaytest.Approved(gatewaytest.BodyTemplate("code", "AUTHENTICATION", "")))
		d.Callback = nil
		scarce(d.Plan.Revisions)
		change(d)
	})
	s.world = w
	s.gateway, err = newGateway(Options{
		ConfigDirectory: filepath.Join(w.directory, "config"), KeysDirectory: filepath.Join(w.directory, "keys"),
		DataDirectory: filepath.Join(w.directory, "data"), Clock: clock.New(func() time.Time { return s.now }),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gateway.config.Look()
	s.tenant = s.gateway.config.Tenant()
	s.open()
	t.Cleanup(func() { s.gateway.store.Close() })
	return s
}

// open opens the store.
func (s *story) open() {
	s.t.Helper()
	if err := s.gateway.store.Open(context.Background(), s.tenant, noRecovery); err != nil {
		s.t.Fatal(err)
	}
}

// scarce makes what a plan grants by the thousand small enough for a story.
func scarce(revisions []pricing.Revision) {
	for i := range revisions {
		r := &revisions[i]
		r.Allowances = slices.Clone(r.Allowances)
		for j := range r.Allowances {
			r.Allowances[j].Count = storyPlaces
		}
		r.Tiers = slices.Clone(r.Tiers)
		for j := range r.Tiers {
			steps := slices.Clone(r.Tiers[j].Steps)
			for k := range steps {
				steps[k].Above = int64(3 * (k + 1))
			}
			r.Tiers[j].Steps = steps
		}
	}
}

// miss takes some prices out of the revisions that bill conversations. What has no price is
// delivered all the same, and opens its conversation.
func miss(revisions []pricing.Revision, random *rand.Rand) {
	for i := range revisions {
		r := &revisions[i]
		if r.Unit != "Conversation" {
			continue
		}
		r.Rates = slices.Clone(r.Rates)
		for j := range r.Rates {
			prices := slices.Clone(r.Rates[j].Prices)
			first := prices[0]
			r.Rates[j].Prices = slices.DeleteFunc(prices, func(price pricing.Price) bool {
				return price != first && random.IntN(2) == 0
			})
		}
	}
}

func pick[T any](s *story, from ...T) T { return from[s.random.IntN(len(from))] }

// step lets time pass, and something happen.
func (s *story) step() {
	s.now = s.now.Add(time.Duration(pick(s, 0, 0, 1, 60, 3600, 4*3600)) * time.Second)
	switch n := s.random.IntN(20); {
	case n < 5:
		s.writes()
	case n == 5 && s.random.IntN(2) == 0:
		s.moves()
	case n < 11:
		s.sends()
	case n < 18 && len(s.sent) > 0:
		s.tells()
	case n < 19 && len(s.hooks) > 0:
		s.intake(pick(s, s.hooks...)) // a webhook that is told again changes nothing
	default:
		s.tellsOfUnknown()
	}
}

func (s *story) line(format string, args ...any) {
	s.lines = append(
		s.lines, fmt.Sprintf(`{"time":%q,`+format+"}", append([]any{s.now.Format(time.RFC3339)}, args...)...),
	)
}

// intake gives the gateway a signed webhook of a number.
func (s *story) intake(body string) {
	s.t.Helper()
	s.hooks = append(s.hooks, body)
	if err := s.gateway.intake.Take(s.t.Context(), s.tenant, []byte(body), appSecret); err != nil {
		s.t.Fatal(err)
	}
}

func webhookOf(channel, content string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"15550783881","phone_number_id":"` + channel + `"},` + content + `}}]}]}`
}

// writes has a customer do something.
func (s *story) writes() {
	channel, who := s.someone()
	kind := pick(
		s, "text", "text", "text", "image", "button", "reaction", "unsupported", "edit", "revoke", "order", "hologram",
	)
	id, referral, led := fmt.Sprintf("wamid.in.%d", len(s.lines)), "", "false"
	if source := pick(s, "", "", "", "ad", "post"); source != "" {
		referral, led = `,"referral":{"source_type":"`+source+`","source_id":"1202"}`, "true"
	}
	from, customer := s.author(who)
	s.intake(webhookOf(channel, fmt.Sprintf(
		`"messages":[{%s,"id":%q,"timestamp":%q,"type":%q,%q:{}%s}]`, from, id, unixSeconds(s.now), kind, kind, referral,
	)))
	s.line(
		`"type":"inbound","id":%q,"channel":%q,%s,"kind":%q,"entryPoint":%s`, id, channel, customer, kind, led,
	)
}

// sends has the business send something.
func (s *story) sends() {
	channel, who := s.someone()
	form := pick(
		s, []string{"text", ""}, []string{"text", ""}, []string{"template", "utility"},
		[]string{"template", "marketing"}, []string{"template", "authentication"}, []string{"reaction", ""},
		[]string{"text", "utility"},
	)
	customer := s.address(who)
	if form[1] == "authentication" { // it must not go to a user id
		customer = pick(s, who.numbers...)
	}
	s.post(channel, customer, form[0], form[1])
}

// post sends a message, and tells whether it was accepted.
func (s *story) post(channel, customer, kind, category string) (accepted bool) {
	s.t.Helper()
	given, err := accept(s.t, s.gateway, s.tenant, channel, bodyOf(customer, kind, category))
	id := fmt.Sprintf("refused %d", len(s.lines))
	switch refusal, refused := graph.AsError(err); {
	case refused && refusal.Code == graph.CodeReEngagement:
		s.refused = append(s.refused, id)
	case refused && refusal.Code == graph.CodePayment && s.tenant.Budget != nil:
		s.unpaid(channel, kind, category)
		return false
	case err != nil:
		s.t.Fatalf("%s %s: %v", kind, category, err)
	default:
		id, accepted = given, true
		s.sent = append(s.sent, id)
		s.waiting = append(s.waiting, waiting{id: id, channel: channel, service: kind == "text" && category == ""})
		s.names[id] = kind + " " + category + " to " + customer + " at " + s.now.Format(time.RFC3339)
	}
	s.line(
		`"type":"send","id":%q,"channel":%q,"customer":%q,"kind":%q,"category":%q`, id, channel, customer, kind,
		category,
	)
	return accepted
}

func bodyOf(customer, kind, category string) string {
	return recipient(bodyTo(customer, kind, category), customer)
}

func bodyTo(customer, kind, category string) string {
	if !identity.IsUserID(customer) {
		customer = "+" + customer
	}
	to := `{"messaging_product":"whatsapp","to":"` + customer + `",`
	switch {
	case kind == "template":
		return templateTo(customer, map[string]string{
			"utility": "parcel_ready", "marketing": "summer_sale", "authentication": "code",
		}[category])
	case kind == "reaction":
		return to + `"type":"reaction","reaction":{"message_id":"wamid.HBgM","emoji":"` + "\U0001F44D" + `"}}`
	case category != "":
		return to + `"category":"` + category + `","type":"text","text":{"body":"hello"}}`
	default:
		return textTo(customer, "hello")
	}
}

// tells has the upstream tell a status of a message: mostly of a late one, whose statuses may have
// come already, in whatever order.
func (s *story) tells() {
	late := s.sent[max(0, len(s.sent)-12):]
	id, status := pick(s, late...), pick(s, "sent", "delivered", "delivered", "read", "failed", "played")
	channel, customer := s.of(id)
	conversation, expiry := "", ""
	if status != "failed" && s.random.IntN(8) == 0 {
		ends := s.now.Add(7 * 24 * time.Hour)
		conversation = `,"conversation":{"id":"c","origin":{"type":"referral_conversion"},"expiration_timestamp":"` + unixSeconds(ends) + `"}`
		expiry = fmt.Sprintf(`,"entryPointExpiry":%q`, ends.Format(time.RFC3339))
		if status != "sent" && status != "delivered" {
			conversation, expiry = "", ""
		}
	}
	s.intake(webhookOf(channel, fmt.Sprintf(`"statuses":[{"id":"wamid.up.%s","status":%q,"timestamp":%q,%s,`+
		`"biz_opaque_callback_data":%q%s}]`,
		id[len(id)-20:], status, unixSeconds(s.now), recipientOf(customer), id, conversation)))
	s.line(`"type":"status","id":%q,"status":%q%s`, id, status, expiry)
}

// of is where a message went.
func (s *story) of(id string) (channel, customer string) {
	var line struct{ Channel, Customer string }
	for _, text := range s.lines {
		if strings.Contains(text, `"type":"send","id":"`+id+`"`) {
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return line.Channel, line.Customer
}

// tellsOfUnknown has the upstream tell of a message that somebody else has sent.
func (s *story) tellsOfUnknown() {
	id := fmt.Sprintf("wamid.unknown.%d", len(s.lines))
	s.intake(webhookOf(phoneID, fmt.Sprintf(
		`"statuses":[{"id":%q,"status":"delivered","timestamp":%q,"recipient_id":%q}]`, id, unixSeconds(s.now), ana,
	)))
	s.line(`"type":"status","id":%q,"status":"delivered"`, id)
}

// goesOn tells whether a story that began then has more to tell.
func (s *story) goesOn(began time.Time) bool {
	return len(s.lines) < fewEvents || len(s.lines) < storyEvents && time.Since(began) < storyTime
}
