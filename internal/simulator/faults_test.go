package simulator

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/template"
)

func TestFaultAnswersTheNextSends(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control("POST", "/control/faults", `{"code":131016,"next":2}`, 200)
	w.refused(orderReadyTo(ana), 131016)
	w.refused(orderReadyTo(ana), 131016)
	w.mustSend(orderReadyTo(ana))
	w.control("POST", "/control/faults", `{"code":130429,"rate":1,"to":"491"}`, 200)
	w.mustSend(orderReadyTo(ana))
	w.control("POST", "/control/faults", `{"code":131056,"rate":1}`, 200)
	w.refused(orderReadyTo(ana), 131056)
	w.control("DELETE", "/control/faults", "", 200)
	w.mustSend(orderReadyTo(ana))
	if diff := cmp.Diff(map[int]int{131016: 2, 131056: 1}, w.s.Counts().Refused); diff != "" {
		t.Error(diff)
	}
}

func TestFaultReportsByWebhook(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control("POST", "/control/faults", `{"code":131049,"next":1,"async":true}`, 200)
	id := w.mustSend(orderReadyTo(ana))
	w.idle()
	if diff := cmp.Diff([]string{id[len(id)-2:] + " failed 131049"}, steps(w.business.statuses())); diff != "" {
		t.Error(diff)
	}
}

func TestWindowRefusalByWebhook(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control("PUT", "/control/knobs", `{"asyncRefusals":true}`, 200)
	id := w.mustSend(text(ana))
	w.idle()
	if diff := cmp.Diff([]string{id[len(id)-2:] + " failed 131047"}, steps(w.business.statuses())); diff != "" {
		t.Error(diff)
	}
}

// A connection that is cut leaves the business in doubt; the record tells.
func TestP12ConnectionIsCutBeforeOrAfterAcceptance(t *testing.T) {
	for effect, accepted := range map[string]int{"dropBefore": 0, "dropAfter": 1} {
		t.Run(effect, func(t *testing.T) {
			w := newWorld(t, testConfig(), nil)
			w.control("POST", "/control/faults", `{"effect":"`+effect+`","next":1}`, 200)
			_, err := w.send(orderReadyTo(ana))
			failure, ok := errors.AsType[*network.TransportError](err)
			if !ok || failure.NotSent {
				t.Fatalf("got %v, want a *TransportError that leaves a doubt", err)
			}
			w.idle()
			counts := w.s.Counts()
			if counts.Accepted != accepted || counts.Delivered != accepted || counts.Dropped != 1 {
				t.Errorf("got %+v, want %d accepted and delivered", counts, accepted)
			}
		})
	}
}

func TestHangAcceptsAndAnswersTooLate(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	impatient, err := newClient(
		graph.ClientOptions{BaseURL: w.api.URL, Token: token, Timeout: 50 * time.Millisecond},
	)
	if err != nil {
		t.Fatal(err)
	}
	w.control("POST", "/control/faults", `{"effect":"hang","delay":"1m","next":1}`, 200)
	_, err = impatient.Send(t.Context(), number1, orderReadyTo(ana))
	if _, ok := errors.AsType[*network.TransportError](err); !ok {
		t.Fatalf("got %v, want a *TransportError", err)
	}
	w.idle()
	if got := w.s.Counts().Delivered; got != 1 {
		t.Errorf("delivered: got %d, want 1", got)
	}
}

func TestWebhooksAreDuplicatedAndReordered(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control("PUT", "/control/knobs", `{"duplicateRate":1,"reorderRate":1,"reorderWithin":"20ms"}`, 200)
	id := w.mustSend(orderReadyTo(ana))
	w.idle()
	times := map[string]int{}
	for _, s := range w.business.statuses() {
		if s.ID != id {
			t.Errorf("id: got %s, want %s", s.ID, id)
		}
		times[s.Status]++
	}
	if diff := cmp.Diff(map[string]int{"sent": 2, "delivered": 2, "read": 2}, times); diff != "" {
		t.Error(diff)
	}
	if got := w.s.Counts().Duplicates; got != 3 {
		t.Errorf("duplicates: got %d, want 3", got)
	}
}

func TestWebhookIsRepeatedUntilItIsTaken(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.business.mu.Lock()
	w.business.failures = 2
	w.business.mu.Unlock()
	w.write(ana, Inbound{Text: "hi"})
	w.idle()
	counts := w.s.Counts()
	if len(w.business.messages()) != 1 || counts.Retries != 2 || counts.Requests != 1 {
		t.Errorf("got %d messages and %+v, want 1 after 2 retries", len(w.business.messages()), counts)
	}
}

func TestPhoneThatIsOffReceivesLater(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control("PUT", "/control/phones/"+ana, `{"off":true,"readReceipts":false}`, 200)
	id := w.mustSend(orderReadyTo(ana))
	w.idle()
	tail := id[len(id)-2:]
	if diff := cmp.Diff([]string{tail + " sent regular/utility"}, steps(w.business.statuses())); diff != "" {
		t.Error(diff)
	}
	w.control("PUT", "/control/phones/"+ana, `{"off":false}`, 200)
	w.idle()
	if diff := cmp.Diff(
		[]string{tail + " sent regular/utility", tail + " delivered regular/utility"}, steps(w.business.statuses()),
	); diff != "" {
		t.Error(diff)
	}
}

func TestCustomerWhoBlocksIsNeverReached(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control("PUT", "/control/phones/"+ana, `{"refuses":["`+number1+`"]}`, 200)
	id := w.mustSend(orderReadyTo(ana))
	w.idle()
	if diff := cmp.Diff([]string{id[len(id)-2:] + " sent regular/utility"}, steps(w.business.statuses())); diff != "" {
		t.Error(diff)
	}
}

func TestBusinessBlocksCustomers(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "rude"})
	result, err := w.client.block(t.Context(), number1, []string{"+" + ana, "+15550002222"}, true)
	if err != nil {
		t.Fatal(err)
	}
	want := whatsapp.BlockResult{
		Done: []whatsapp.BlockedUser{{Input: "+" + ana, WAID: ana}},
		Failed: []whatsapp.BlockFailure{{
			BlockedUser: whatsapp.BlockedUser{Input: "+15550002222", WAID: "15550002222"},
			Errors: []byte(
				`[{"code":131047,"error_data":{"details":"The user has not written within 24 hours."},"message":"Re-engagement required"}]`,
			),
		}},
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	w.refused(text(ana), graph.CodeUndeliverable)
	if _, err := w.s.Write(ana, Inbound{To: number1, Text: "again"}); err == nil {
		t.Error("a blocked phone could write")
	}
	if _, err := w.client.block(t.Context(), number1, []string{ana}, false); err != nil {
		t.Fatal(err)
	}
	w.mustSend(text(ana))
}

func TestCustomerStopsAndResumesMarketing(t *testing.T) {
	config := testConfig()
	config.Accounts[0].Templates = append(config.Accounts[0].Templates, marketingTemplate())
	w := newWorld(t, config, nil)
	for _, tc := range []struct{ value, want string }{{"stop", "failed 131050"}, {"resume", "sent regular/marketing"}} {
		if err := w.s.Prefer(ana, number1, tc.value); err != nil {
			t.Fatal(err)
		}
		before := len(w.business.statuses())
		id := w.mustSend(noticeTo("news"))
		w.idle()
		if got := steps(w.business.statuses()[before:])[0]; got != id[len(id)-2:]+" "+tc.want {
			t.Errorf("after %s: got %s, want %s", tc.value, got, tc.want)
		}
		w.mustSend(orderReadyTo(ana))
		w.idle()
	}
}

func marketingTemplate() template.Definition {
	d := notice("news", "The new catalogue is here.")
	d.Category = template.CategoryMarketing
	return d
}

func TestRecipientCannotBeTheSender(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.refused(orderReadyTo("15550783881"), graph.CodeRecipientIsSender)
}

func TestRatesOfAPair(t *testing.T) {
	config := testConfig()
	config.EnforceRates = true
	at := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	w := newWorld(t, config, func() time.Time { return at })
	for range 45 {
		w.mustSend(orderReadyTo(ana))
	}
	w.refused(orderReadyTo(ana), graph.CodePairRateLimit)
	for range 34 { // with the one refused, the number's 80 of this second
		w.mustSend(orderReadyTo("4915112345678"))
	}
	w.refused(orderReadyTo("33612345678"), graph.CodeThroughput)
}

func TestControlRefusesWhatItDoesNotUnderstand(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	tests := map[string]struct{ method, path, body, want string }{
		"unknown field":      {"PUT", "/control/knobs", `{"x":1}`, "unknown field"},
		"rate above 1":       {"PUT", "/control/knobs", `{"duplicateRate":2}`, "a rate is from 0 to 1"},
		"unknown code":       {"POST", "/control/faults", `{"code":42,"next":1}`, "give a code of the error catalogue"},
		"fault without end":  {"POST", "/control/faults", `{"code":131016}`, "give next (a count) or rate"},
		"unknown effect":     {"POST", "/control/faults", `{"effect":"x","next":1}`, "effect: use error"},
		"hang without delay": {"POST", "/control/faults", `{"effect":"hang","next":1}`, "delay: give how long"},
		"unknown number":     {"POST", "/control/phones/" + ana + "/messages", `{"to":"9","text":"hi"}`, "a phone number id of the configuration"},
		"empty message":      {"POST", "/control/phones/" + ana + "/messages", `{"to":"` + number1 + `"}`, "give text, or message"},
		"odd preference":     {"POST", "/control/phones/" + ana + "/preferences", `{"to":"` + number1 + `","value":"maybe"}`, "use stop or resume"},
		"unknown template":   {"PUT", "/control/templates/9", `{"status":"APPROVED"}`, "no template has this id"},
		"unknown account":    {"POST", "/control/webhooks", `{"account":"9","field":"x","value":{}}`, "give the id of an account"},
		"number taken":       {"PUT", "/control/accounts/77", `{"id":"77","numbers":[{"id":"` + number1 + `","displayPhoneNumber":"1"}]}`, "give an id that nothing else has"},
		"odd filter":         {"GET", "/control/messages?after=-1", ``, "use a whole number from 0"},
		"odd timeout":        {"GET", "/control/idle?timeout=soon", ``, "use a duration"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := w.control(tc.method, tc.path, tc.body, http.StatusBadRequest); !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %q in it", got, tc.want)
			}
		})
	}
}
