package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/simulator"
)

const (
	family = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
	priya  = "919812345678"
)

// toGroup makes a send to a customer one to the group.
func toGroup(body string) string {
	return strings.Replace(body, `"to":"`+ana+`"`, `"recipient_type":"group","to":"`+family+`"`, 1)
}

// inGroup has a member write in the group, and waits until the business was told.
func (w *world) inGroup(from, text string) {
	w.t.Helper()
	id, err := w.sim.Write(from, simulator.Inbound{
		To: phoneID, Text: text, Message: map[string]json.RawMessage{"group_id": json.RawMessage(`"` + family + `"`)},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the business is told", func() bool { return len(w.business.received(id)) == 1 })
}

// ofGroup is a status of a message to the group, about a member unless that is empty.
func (w *world) ofGroup(id, step, member string) string {
	about := `,"recipient_type":"group"`
	if member != "" {
		about += `,"recipient_participant_id":"` + member + `"`
	}
	body := w.status(w.submittedID(id), step, about+`,"biz_opaque_callback_data":"`+id+`"`)
	return strings.ReplaceAll(body, `"recipient_id":"`+ana+`"`, `"recipient_id":"`+family+`"`)
}

// A group has one window for all its members, and each member who gets a message is charged for at
// the own market's rate, once, whatever is told how often. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/pricing
func TestP2P4AGroupHasOneWindowAndACharge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if got := w.send(toGroup(textTo(ana, "hi"))); got.code != 131047 {
			t.Fatalf("before anybody wrote: got %d %s, want 131047", got.status, got.body)
		}
		w.inGroup(ana, "hello")
		if got := w.send(textTo(ana, "alone")); got.code != 131047 {
			t.Errorf("a member's own window: got %d %s, want 131047", got.status, got.body)
		}
		got := w.send(toGroup(textTo(ana, "hi")))
		if got.status != http.StatusOK || !strings.Contains(got.body, `"group_id":"`+family+`"`) {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		text, sale := got.id, w.accepted(toGroup(templateTo(ana, "summer_sale")))
		for _, id := range []string{text, sale} {
			for range 2 {
				w.webhook(w.ofGroup(id, webhook.StatusSent, ""), appSecret)
				w.webhook(w.ofGroup(id, webhook.StatusRead, priya), appSecret)
				w.webhook(w.ofGroup(id, webhook.StatusDelivered, ana), appSecret)
				w.webhook(w.ofGroup(id, webhook.StatusDelivered, priya), appSecret)
				w.webhook(w.ofGroup(id, webhook.StatusDelivered, ""), appSecret)
			}
		}
		w.settled(4)
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, r := range w.records() {
			lines = append(lines, strings.Join([]string{
				strings.TrimPrefix(strings.TrimPrefix(r.MessageID, text), sale), r.Market, r.Category,
				r.Charge.String(), r.FreeReason,
			}, " "))
		}
		want := []string{
			" India group_service 0 allowance", ".1 France group_service 0 allowance",
			" India group_marketing 0.0118 ", ".1 France group_marketing 0.0859 ",
		}
		if strings.Join(lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("the ledger has\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A message of the group is pinned by a message, which is billed as any other that is no template.
// It names what it pins as the network does.
func TestP2AMessageOfAGroupIsPinned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.inGroup(ana, "hello")
		text := w.accepted(toGroup(textTo(ana, "the menu")))
		known := w.submittedID(text)
		pin := w.accepted(`{"messaging_product":"whatsapp","recipient_type":"group","to":"` + family +
			`","type":"pin","pin":{"type":"pin","message_id":"` + text + `","expiration_days":4}}`)
		w.submittedID(pin)
		sent := w.sim.Messages(simulator.MessageFilter{})
		if last := string(sent[len(sent)-1].Body); !strings.Contains(last, `"message_id":"`+known+`"`) {
			t.Errorf("the upstream was asked to pin %s, want %s", last, known)
		}
		w.webhook(w.ofGroup(pin, webhook.StatusDelivered, ana), appSecret)
		w.settled(1)
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		if r := w.records()[0]; r.Category != "group_service" || r.FreeReason != "allowance" {
			t.Errorf("got %s, free by %q; want group_service in the allowance", r.Category, r.FreeReason)
		}
	})
}

// A member is one under every address that the network calls the same (P13).
func TestP2P13AMemberIsOneUnderEveryAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.accepted(toGroup(templateTo(ana, "parcel_ready")))
		both := strings.Replace(
			w.ofGroup(id, webhook.StatusDelivered, ana), `"recipient_participant_id":"`+ana+`"`,
			`"recipient_participant_id":"`+ana+`","recipient_participant_user_id":"FR.1349"`, 1,
		)
		w.webhook(both, appSecret)
		w.webhook(w.ofGroup(id, webhook.StatusRead, ana), appSecret)
		w.webhook(strings.Replace(
			w.ofGroup(id, webhook.StatusRead, "FR.1349"), "recipient_participant_id",
			"recipient_participant_user_id", 1,
		), appSecret)
		w.webhook(w.ofGroup(id, webhook.StatusDelivered, priya), appSecret)
		if r := w.settled(2); r.Ledger.Sequence != 2 || r.Period.Billed != usd("0.0314") {
			t.Errorf("%d records, %s billed; want 2 and 0.0314 USD", r.Ledger.Sequence, r.Period.Billed)
		}
	})
}

// A member who is told of by a user id, and by a number once the two are known to be one, is billed
// once.
func TestP2AMemberIsOneThoughThatIsLearnedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.accepted(toGroup(templateTo(ana, "parcel_ready")))
		w.webhook(strings.Replace(
			w.ofGroup(id, webhook.StatusDelivered, "FR.1349"), "recipient_participant_id",
			"recipient_participant_user_id", 1,
		), appSecret)
		w.settled(1)
		w.webhook(strings.Replace(
			w.inbound(phoneID, ana, "wamid.both", "hello"), `"from":"`+ana+`"`,
			`"from":"`+ana+`","from_user_id":"FR.1349"`, 1,
		), appSecret)
		w.webhook(w.ofGroup(id, webhook.StatusRead, ana), appSecret)
		w.webhook(w.ofGroup(id, webhook.StatusDelivered, priya), appSecret)
		if r := w.settled(2); r.Ledger.Sequence != 2 {
			t.Errorf("%d records; want one for each of the two members", r.Ledger.Sequence)
		}
	})
}

// A message to a group reserves what it can cost for as many members as a group can have, wherever
// they live: marketing is dearest in the Netherlands (P3).
func TestP3AGroupReservesForEveryMember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("1.2775"), Action: config.BudgetBlock}
		})
		sale := toGroup(templateTo(ana, "summer_sale"))
		if got := w.send(sale); got.code != 131042 || !strings.Contains(got.details, "Poland") {
			t.Fatalf("without a rate for Poland: got %d %s, want 131042", got.status, got.body)
		}
		w.priceLikeFrance("Poland")
		w.until("the plan is served", func() bool {
			return strings.Contains(w.send(sale).details, "budget does not cover")
		})
		if r := w.report(); r.Queues.Unsettled != 0 || !r.Period.Reserved.Amount.IsZero() {
			t.Fatalf("%d unsettled, %s reserved by what was refused", r.Queues.Unsettled, r.Period.Reserved)
		}
		w.document.Budget.Limit = usd("1.2776")
		w.writeDocument()
		var id string
		w.until("the budget is served", func() bool { id = w.send(sale).id; return id != "" })
		if r := w.report(); r.Period.Reserved != usd("1.2776") {
			t.Errorf("%s is reserved; want eight times 0.1597 USD", r.Period.Reserved)
		}
		w.webhook(w.ofGroup(id, webhook.StatusDelivered, ana), appSecret)
		if r := w.settled(1); r.Period.Reserved != usd("1.1179") || r.Period.Billed != usd("0.0859") {
			t.Errorf(
				"%s billed and %s reserved; want 0.0859 and seven times 0.1597", r.Period.Billed, r.Period.Reserved,
			)
		}
	})
}

// What of a group's message nobody took is given back when the message's time is over, and the
// ledger knows nothing of it; what nobody got at all is settled once, as undelivered (P2).
func TestP2SharesThatNobodyTakesAreGivenBack(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]bool{"one member": true, "nobody": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				id := w.accepted(toGroup(templateTo(ana, "summer_sale")))
				w.submittedID(id)
				if taken {
					w.webhook(w.ofGroup(id, webhook.StatusDelivered, ana), appSecret)
					w.settled(1)
				}
				w.clock.Advance(30*24*time.Hour + outcomeGrace + time.Minute)
				w.until("nothing is unsettled", func() bool { return w.report().Queues.Unsettled == 0 })
				if r := w.report(); !r.Period.Reserved.Amount.IsZero() || r.Ledger.Sequence != 1 {
					t.Errorf("%s reserved and %d records; want nothing and one", r.Period.Reserved, r.Ledger.Sequence)
				}
				if !taken {
					return
				}
				w.webhook(w.ofGroup(id, webhook.StatusDelivered, priya), appSecret)
				w.until("a late delivery is billed", func() bool { return w.report().Ledger.Sequence == 2 })
			})
		})
	}
}

// A message that the upstream refuses, or fails for the whole group, gives all of its shares back
// at once.
func TestP2ARefusedGroupMessageReservesNothing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{
		"refused": `{"code":131026,"next":1}`, "failed": `{"code":131026,"next":1,"async":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.control(http.MethodPost, "faults", fault)
				w.accepted(toGroup(templateTo(ana, "summer_sale")))
				r := w.settled(1)
				if r.Queues.Unsettled != 0 || !r.Period.Reserved.Amount.IsZero() || r.Ledger.Sequence != 1 {
					t.Errorf("%d unsettled, %s reserved, %d records; want one record and no more",
						r.Queues.Unsettled, r.Period.Reserved, r.Ledger.Sequence)
				}
			})
		})
	}
}

// A group may turn out larger than was thought: what is delivered is billed all the same.
func TestP2EveryMemberIsBilledHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	for engine, changes := range map[string]func(*testing.T) []func(*config.Document){
		"sqlite": func(*testing.T) []func(*config.Document) { return nil },
		"postgres": func(t *testing.T) []func(*config.Document) {
			return []func(*config.Document){onDatabase(postgrestest.Database(t))}
		},
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, changes(t)...)
			id := w.accepted(toGroup(templateTo(ana, "parcel_ready")))
			for n := range 10 {
				for range 2 {
					w.webhook(w.ofGroup(id, webhook.StatusDelivered, fmt.Sprintf("336000000%02d", n)), appSecret)
				}
			}
			if r := w.settled(10); r.Ledger.Sequence != 10 || r.Period.Billed != usd("0.3") {
				t.Errorf("%d records, %s billed; want 10 and 0.3 USD", r.Ledger.Sequence, r.Period.Billed)
			}
		})
	}
}

// The simulator's groups tell as Meta does: each member by itself.
func TestAGroupOfTheSimulatorIsBilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.control(http.MethodPut, "groups/"+family, `{"members":["`+ana+`","`+priya+`"]}`)
		w.inGroup(ana, "hello")
		id := w.accepted(toGroup(textTo(ana, "hi")))
		utility := w.accepted(toGroup(templateTo(ana, "parcel_ready")))
		if r := w.settled(4); r.Period.Billed != usd("0.0314") || r.Period.Charged != 2 {
			t.Errorf("%s billed for %d; want 0.0314 for two", r.Period.Billed, r.Period.Charged)
		}
		for _, sent := range []string{id, utility} {
			w.until("the business hears of both", func() bool { return len(w.business.received(sent)) >= 4 })
		}
		if got := w.metric(`guichet_gateway_verdict_differences_total{verdict="category"}`); got != "" && got != "0" {
			t.Errorf("%s differences on the category", got)
		}
	})
}
