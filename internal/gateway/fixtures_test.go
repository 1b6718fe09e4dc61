package gateway

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// eventsTaken are the events of webhooks that were counted, by their labels.
func (w *world) eventsTaken() map[string]string {
	w.t.Helper()
	response, err := w.client.Get(w.metrics + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	counted := map[string]string{}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "guichet_gateway_webhook_events_total{"); ok {
			labels, count, _ := strings.Cut(rest, "} ")
			counted[strings.NewReplacer(`kind="`, "", `",result="`, " ", `"`, "").Replace(labels)] = count
		}
	}
	return counted
}

// fixtureValues are what makes a fixture one about the world's channels.
func (w *world) fixtureValues() fixtures.Values {
	return fixtures.Values{
		Now: w.clock.Now(), Account: waba, Number: phoneID, Display: "15550783881",
		Page: pageID, Instagram: instagramID,
	}
}

// takes posts a fixture as the upstream does.
func (w *world) takes(f *fixtures.Fixture, v fixtures.Values) {
	w.t.Helper()
	body, err := f.Webhook(v)
	if err != nil {
		w.t.Fatalf("%s: %v", f.Name, err)
	}
	secret := appSecret
	if f.Network() != "WhatsApp" {
		secret = gatewaytest.PageSecret
	}
	if got := w.webhook(string(body), secret); got.status != http.StatusOK {
		w.t.Fatalf("%s: %d %s\n%s", f.Name, got.status, got.body, body)
	}
}

// What a fixture does to a gateway: as what its event counts, and whether the customer may be
// written to freely from then on. Each customer has not written before.
var whatFixturesDo = map[string]string{
	"message applied, opens": `message.text message.reply message.forwarded message.image message.video message.audio
		message.voice message.document message.sticker message.location message.contacts message.order message.product
		message.button message.button_reply message.list_reply message.flow_reply message.call_permission
		message.reaction message.reaction_removed message.ad message.page_button message.group message.username
		message.user_id message.unsupported identity.key_changed
		messenger.message messenger.reply messenger.quick_reply messenger.image messenger.audio messenger.file
		messenger.ad messenger.unsupported messenger.reaction messenger.postback messenger.postback_ad
		messenger.referral messenger.standby
		instagram.message instagram.reply instagram.story_reply instagram.story_mention instagram.share
		instagram.image instagram.quick_reply instagram.postback instagram.reaction instagram.referral instagram.ad
		instagram.standby`,
	"message applied": `message.edit message.revoke identity.number_changed identity.user_id_changed
		messenger.unsent messenger.edit messenger.reaction_removed messenger.optin_checkbox messenger.comment
		instagram.unsent instagram.reaction_removed instagram.comment instagram.live_comment`,
	"call applied, other applied, opens": "call.connect call.accepted",
	"call ignored, other applied":        "call.terminate call.ringing call.rejected",
	"other applied, preference applied":  "preference.stop preference.resume",
	"preference applied":                 "messenger.optin messenger.optin_stopped",
	// of messages that are not the gateway's
	"status unknown": `status.sent status.delivered status.read status.played status.failed
		status.delivered_in_group payment.pending payment.captured payment.failed messenger.echo
		messenger.marketing_echo messenger.marketing_delivery messenger.marketing_read messenger.marketing_failed
		instagram.seen instagram.echo`,
	"status applied": "messenger.delivery messenger.read",
	"template applied": `template.approved template.rejected template.pending template.paused template.unpaused
		template.disabled template.flagged template.reinstated template.in_appeal template.limit_exceeded
		template.locked template.archived template.pending_deletion template.deleted template.quality
		template.category_changed template.category_announced messenger.template_approved
		messenger.template_rejected`,
	"other applied": `echo.message template.components account.banned account.ban_announced account.reinstated
		account.restricted account.violation account.deleted account.tier account.review account.alert
		account.capability account.error number.quality number.name number.security group.created
		group.create_failed group.deleted group.joined group.left group.join_requested group.join_request_revoked
		group.settings group.suspended group.suspension_cleared messenger.handover messenger.account_linking
		messenger.feedback messenger.policy_warning messenger.policy_block messenger.policy_unblock
		messenger.marketing_click instagram.handover`,
}

// Every webhook that guichet trigger can make is taken, does what Meta says that it means, and the
// business is told of it.
func TestFixturesDoWhatTheySay(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for does, names := range whatFixturesDo {
		for name := range strings.FieldsSeq(names) {
			want[name] = does
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		got := map[string]string{}
		for i, f := range fixtures.All() {
			got[f.Name] = w.whatItDoes(&f, fmt.Sprintf("3363998%04d", i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what they do (-want +got):\n%s", diff)
		}
		if w.business.forged > 0 {
			t.Errorf("%d callbacks were not signed", w.business.forged)
		}
	})
}

// whatItDoes posts a fixture about a customer, and returns what it did.
func (w *world) whatItDoes(f *fixtures.Fixture, customer string) string {
	w.t.Helper()
	v, before := w.fixtureValues(), w.eventsTaken()
	v.From, v.User, v.Group = customer, "FR."+customer, "group-of-"+customer
	v.Message, v.TemplateID = "about-"+customer, "77"+customer
	told := len(w.business.received(""))
	w.takes(f, v)
	var does []string
	for labels, count := range w.eventsTaken() {
		if before[labels] != count {
			does = append(does, labels)
		}
	}
	slices.Sort(does)
	w.until(f.Name+" is told to the business", func() bool { return len(w.business.received("")) > told })
	channel, body := phoneID, textTo
	switch {
	case f.Network() == "Messenger":
		channel, body = pageID, messageTo
	case f.Network() == "Instagram":
		channel, body = instagramID, messageTo
	}
	send := body(customer, "hi")
	switch f.Name {
	case "message.username":
		send = strings.Replace(send, `"to":"`+customer, `"recipient":"`+v.User, 1)
	case "message.group":
		send = strings.Replace(send, `"to":"`+customer, `"recipient_type":"group","to":"`+v.Group, 1)
	}
	if answer := w.sendFrom(channel, asDryRun(send)); answer.status == http.StatusOK {
		does = append(does, "opens")
	} else if answer.code != 131047 && answer.code != 10 {
		w.t.Errorf("%s: a text to the customer got %d %s", f.Name, answer.status, answer.body)
	}
	return strings.Join(does, ", ")
}

// A status of one of the gateway's messages ends it: delivered, at the price of the plan whatever
// shape Meta's own price has, or failed with the code.
func TestP2StatusesOfFixturesEndAMessage(t *testing.T) {
	t.Parallel()
	ends := map[string]string{} // what the business is told
	for _, p := range fixtures.Pricings() {
		for _, status := range []string{"sent", "delivered", "read"} {
			ends["status."+status+" "+p.Name] = `"status":"` + status + `"`
		}
	}
	for _, code := range []string{"131026", "131047", "131049", "131050", "130472", "4711"} {
		ends["status.failed "+code] = `"code":` + code + `,`
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		settled := int64(0)
		for i, name := range slices.Sorted(maps.Keys(ends)) {
			customer := fmt.Sprintf("3363998%04d", i)
			silent := true
			w.sim.SetPhone(customer, simulator.PhoneState{Silent: &silent})
			id := w.accepted(templateTo(customer, "parcel_ready"))
			v := w.fixtureValues()
			v.From, v.Message, v.Data = customer, w.submittedID(id), id
			event, shape, _ := strings.Cut(name, " ")
			if _, err := fmt.Sscan(shape, &v.Code); err != nil {
				v.Pricing = shape
			}
			f, err := fixtures.Find(event)
			if err != nil {
				t.Fatal(err)
			}
			w.takes(f, v)
			w.until(name+" is told to the business", func() bool { return len(w.business.received(id)) == 1 })
			if told := w.business.received(id)[0]; !strings.Contains(told, ends[name]) {
				t.Errorf("%s: the business was told %s", name, told)
			}
			if event != "status.sent" {
				settled++
			}
			w.settled(settled)
		}
		r := w.settled(settled)
		// delivered and read, at 0.03 USD each; what failed is free, and so is the free entry point
		if r.Period.Billed != usd("0.54") || r.Period.Charged != 18 {
			t.Errorf("%d are charged, %s in all; want 18 and 0.54 USD", r.Period.Charged, r.Period.Billed)
		}
	})
}
