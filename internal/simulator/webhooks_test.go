package simulator

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// postFixture has the simulator post a fixture about Ana and the first number.
func (w *world) postFixture(name string, v fixtures.Values) {
	w.Helper()
	f, err := fixtures.Find(name)
	if err != nil {
		w.Fatal(err)
	}
	v.Now, v.Account, v.Number, v.Display, v.From = time.Now(), account1, number1, "15550783881", ana
	body, err := f.Webhook(v)
	if err != nil {
		w.Fatal(err)
	}
	w.control(http.MethodPost, "/control/webhooks", string(body), 200)
	w.idle()
}

// What customers do in a webhook that is posted counts as if their phones had done it.
func TestPostedWebhooksCount(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.refused(text(ana), 131047)
	w.postFixture("message.text", fixtures.Values{})
	w.mustSend(text(ana))
	w.postFixture("preference.stop", fixtures.Values{})
	if known := w.customer(ana); !known.stopped {
		t.Error("she has not stopped marketing")
	}
	w.postFixture("preference.resume", fixtures.Values{})
	w.postFixture("message.page_button", fixtures.Values{})
	if known := w.customer(ana); known.stopped || known.cameByAd.IsZero() {
		t.Errorf("she has not resumed, or came by no page: %+v", known)
	}
	caller := newWorld(t, testConfig(), nil)
	caller.postFixture("call.connect", fixtures.Values{})
	caller.mustSend(text(ana))
	if got := len(w.business.messages()); got != 2 {
		t.Errorf("the business got %d messages, want 2", got)
	}
}

// A phone that is silent leaves the statuses of its messages to whoever posts them, and the record
// has those.
func TestSilentPhoneLeavesStatusesToOthers(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.control(http.MethodPut, "/control/phones/"+ana, `{"silent":true}`, 200)
	id := w.mustSend(orderReadyTo(ana))
	w.idle()
	if told := w.business.statuses(); len(told) != 0 {
		t.Fatalf("a silent phone told %v", steps(told))
	}
	w.postFixture("status.failed", fixtures.Values{Message: id, Code: 131049})
	if diff := cmp.Diff([]string{id[len(id)-2:] + " failed 131049"}, steps(w.business.statuses())); diff != "" {
		t.Error(diff)
	}
	recorded := w.s.Messages(MessageFilter{To: ana})[0].Statuses
	if len(recorded) != 1 || recorded[0].Status != "failed" || recorded[0].Code != 131049 {
		t.Errorf("the record has %+v", recorded)
	}
}

func TestPostedWebhooksNeedAnAccountOfTheirs(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for body, want := range map[string]string{
		`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"x","value":{}}]}]}`: `no account has the id \"9\"`,
		`{"object":"whatsapp_business_account","entry":[]}`:                                                "give entries with changes",
		`{"object":"page","entry":[{"id":"9"}]}`:                                                           `no page has the id \"9\"`,
		`{"object":"page","entry":[]}`:                                                                     "give entries",
		`{"object":"page","entry":[7]}`:                                                                    "give a list of objects",
		`{"account":"9","field":"x","value":{}}`:                                                           "give the id of an account",
	} {
		if answer := w.control(http.MethodPost, "/control/webhooks", body, 400); !strings.Contains(answer, want) {
			t.Errorf("%s: got %s, want %s", body, answer, want)
		}
	}
}
