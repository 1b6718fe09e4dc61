package simulator

import (
	"bytes"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

const (
	account1 = "102290129340398"
	number1  = "106540352242922"
	number2  = "106540352242923"
	token    = "token-1"
	secret   = "app-secret"
	ana      = "5511999990000"
)

func TestWhatACustomerChangesOrDeletesOpensNoWindow(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for _, kind := range []string{"edit", "revoke"} {
		w.write(ana, Inbound{Message: map[string]json.RawMessage{
			"type": []byte(`"` + kind + `"`), kind: []byte(`{"original_message_id":"wamid.1"}`),
		}})
		w.refused(text(ana), graph.CodeReEngagement)
	}
}

// Outside coexistence they come as unsupported messages.
func TestWhatComesAsUnsupportedOpensAWindowUnlessItIsAnEdit(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	unsupported := func(kind string) Inbound {
		return Inbound{Message: map[string]json.RawMessage{
			"type": []byte(`"unsupported"`), "unsupported": []byte(`{"type":"` + kind + `"}`),
			"referral": []byte(`{"source_type":"ad","source_id":"1202"}`),
		}}
	}
	for _, kind := range []string{"edit", "revoke"} {
		w.write(ana, unsupported(kind))
		w.refused(text(ana), graph.CodeReEngagement)
	}
	w.write(ana, unsupported("poll_update"))
	w.mustSend(text(ana))
	w.idle()
}

func TestCustomerWritesAndBusinessAnswers(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	inbound := w.write("+"+ana, Inbound{Text: "Where is my parcel? \U0001F4E6", Name: "Ana"})
	w.idle()
	got := w.business.messages()
	if len(got) != 1 || got[0].ID != inbound || got[0].From != ana || got[0].Text != "Where is my parcel? \U0001F4E6" {
		t.Fatalf("inbound: got %+v", got)
	}
	if bytes.ContainsFunc(w.business.bodies[0], func(r rune) bool { return r > 127 }) {
		t.Error("the webhook is not ASCII")
	}
	id := w.mustSend(text(ana))
	w.idle()
	statuses := w.business.statuses()
	tail := id[len(id)-2:]
	want := []string{
		tail + " sent free_customer_service/service", tail + " delivered free_customer_service/service", tail + " read",
	}
	if diff := cmp.Diff(want, steps(statuses)); diff != "" {
		t.Error(diff)
	}
	for _, s := range statuses {
		if s.ID != id || s.RecipientID != ana || s.CallbackData != "d1" || s.Conversation != nil {
			t.Errorf("status: got %+v", s)
		}
	}
	record := w.s.Messages(MessageFilter{})
	if len(record) != 1 || record[0].ID != id || string(record[0].Body) != string(text(ana)) ||
		len(record[0].Statuses) != 3 {
		t.Errorf("record: got %s", jsonOf(record))
	}
}

// The simulator is Meta: it has its own view of the window.
func TestOwnWindow(t *testing.T) {
	start := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		age  time.Duration
		open bool
	}{
		"just written":      {0, true},
		"a second to go":    {24*time.Hour - time.Second, true},
		"exactly 24 hours":  {24 * time.Hour, false},
		"25 hours ago":      {25 * time.Hour, false},
		"never written":     {-1, false},
		"ten days too late": {240 * time.Hour, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testConfig(), func() time.Time { return start })
			if tc.age >= 0 {
				at := start.Add(-tc.age)
				w.write(ana, Inbound{Text: "hi", Timestamp: &at})
			}
			if tc.open {
				w.mustSend(text(ana))
				return
			}
			failure := w.refused(text(ana), graph.CodeReEngagement)
			want := "No service window: the customer has not written to this number. Send an approved template instead."
			if tc.age >= 0 {
				want = "The service window closed at " + start.Add(
					24*time.Hour-tc.age,
				).Format(time.RFC3339) + ". Send an approved template, or wait for the customer to write."
			}
			if failure.Details != want {
				t.Errorf("got %q, want %q", failure.Details, want)
			}
			w.mustSend(orderReadyTo(ana))
		})
	}
}

func TestWindowsOfTwoNumbersAreApart(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "hi", To: number2})
	w.refused(text(ana), graph.CodeReEngagement)
}

// Whoever changes their number or user id has one window, one pace and one refusal under all of
// them.
func TestWhoChangesTheirAddressIsOnePerson(t *testing.T) {
	const newNumber, user, parent = "5521988887777", "BR.13491208655302741918", "BR.ENT.11815799212886844830"
	for name, tc := range map[string]struct{ change, address string }{
		"to a number":           {`{"type":"user_changed_number","wa_id":"` + newNumber + `"}`, newNumber},
		"to a number, before":   {`{"type":"customer_changed_number","new_wa_id":"` + newNumber + `"}`, newNumber},
		"to a user id":          {`{"type":"user_changed_user_id","user_id":"` + user + `"}`, user},
		"to a parent's user id": {`{"type":"user_changed_user_id","parent_user_id":"` + parent + `"}`, parent},
	} {
		change := Inbound{Message: map[string]json.RawMessage{
			"type": []byte(`"system"`), "system": []byte(tc.change),
		}}
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testConfig(), nil)
			w.write(ana, change)
			w.refused(text(tc.address), graph.CodeReEngagement)
			w.write(ana, Inbound{Text: "hi"})
			w.mustSend(text(tc.address))
			w.idle()
		})
		t.Run(name+", of whom both are known", func(t *testing.T) {
			var later atomic.Int64
			start := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
			config := testConfig()
			config.EnforceRates = true
			w := newWorld(t, config, func() time.Time { return start.Add(time.Duration(later.Load())) })
			w.write(ana, Inbound{Text: "hi"})
			for range 23 {
				w.mustSend(text(ana))
				w.mustSend(orderReadyTo(tc.address))
			}
			if err := w.s.Prefer(ana, number1, "stop"); err != nil {
				t.Fatal(err)
			}
			w.write(ana, change)
			w.refused(text(tc.address), graph.CodePairRateLimit)
			later.Store(int64(2 * pairInterval))
			w.mustSend(text(tc.address))
			w.refused(text(ana), graph.CodePairRateLimit)
			if c := w.customer(tc.address); !c.stopped {
				t.Error("marketing is not stopped")
			}
			w.idle()
		})
	}
}

func TestAMessageMayNameItsAuthorByAUserIDAlone(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "hi", Message: map[string]json.RawMessage{
		"from": []byte(`null`), "from_user_id": []byte(`"BR.77"`),
	}})
	w.mustSend(text("BR.77"))
	w.refused(text(ana), graph.CodeReEngagement)
	w.idle()
}

// A message from a page's button counts as one from an advertisement, and only what says where it
// comes from does.
func TestReferralsOfARawMessage(t *testing.T) {
	for source, entry := range map[string]bool{"ad": true, "post": true, "elsewhere": false} {
		w := newWorld(t, testConfig(), nil)
		referral := json.RawMessage(`{"source_type":"` + source + `","source_id":"1202"}`)
		w.write(ana, Inbound{Text: "hi", Message: map[string]json.RawMessage{"referral": referral}})
		if c := w.customer(ana); c.cameByAd.IsZero() == entry {
			t.Errorf("%s: came by an entry point %v, want %v", source, !entry, entry)
		}
		w.idle()
	}
}

func TestAccessAndUnknownIDs(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	stranger, err := newClient(graph.ClientOptions{BaseURL: w.api.URL, Token: "other"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stranger.Send(t.Context(), number1, text(ana))
	if failure, ok := graph.AsError(err); !ok || failure.Code != 190 || failure.HTTPStatus != 401 {
		t.Errorf("unknown token: got %v, want 190", err)
	}
	_, err = w.client.Send(t.Context(), "999", text(ana))
	if failure, ok := graph.AsError(err); !ok || failure.Code != 33 || failure.HTTPStatus != 400 {
		t.Errorf("unknown number: got %v, want 33", err)
	}
	w.refused([]byte(`{"messaging_product":"whatsapp"}`), graph.CodeMissingParameter)
	number, err := w.client.PhoneNumber(t.Context(), number1)
	if err != nil {
		t.Fatal(err)
	}
	want := whatsapp.PhoneNumber{
		ID: number1, DisplayPhoneNumber: "+1 555-078-3881", VerifiedName: "Shop", QualityRating: "GREEN",
		Status: "CONNECTED", Throughput: &whatsapp.Throughput{Level: "STANDARD"},
	}
	if diff := cmp.Diff(want, number); diff != "" {
		t.Error(diff)
	}
	if err := w.client.MarkRead(t.Context(), number1, &request.ReadReceipt{MessageID: "wamid.1"}); err != nil {
		t.Errorf("read receipt: %v", err)
	}
	if got := w.s.Counts().Accepted; got != 0 {
		t.Errorf("accepted: got %d, want 0", got)
	}
}

func TestPricingOf2026(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "hi"})
	for range 1000 {
		w.mustSend(text(ana))
	}
	w.idle()
	last := w.mustSend(text(ana))
	inWindow := w.mustSend(orderReadyTo(ana))
	reaction := w.mustSend(
		[]byte(
			`{"messaging_product":"whatsapp","to":"+` + ana + `","type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}`,
		),
	)
	w.idle()
	got := map[string]string{}
	for _, m := range w.s.Messages(MessageFilter{After: 999}) {
		line := jsonOf(len(m.Statuses))
		if m.Pricing != nil {
			line += " " + m.Pricing.Type + "/" + m.Pricing.Category
		}
		got[m.ID] = line
	}
	if got[last] != "3 regular/service" || got[inWindow] != "3 regular/utility" || got[reaction] != "1" {
		t.Errorf(
			"got %s for the 1,001st, %s for a template in the window, %s for a reaction", got[last], got[inWindow],
			got[reaction],
		)
	}
	counts := w.s.Counts()
	if counts.Accepted != 1003 || counts.Sent != 1003 || counts.Delivered != 1002 || counts.Read != 1002 ||
		counts.Billable != 2 || counts.Lost != 0 {
		t.Errorf("counts: got %+v", counts)
	}
	if counts.Updates != 1+1003+1002+1002 || len(w.business.statuses()) != 1003+1002+1002 {
		t.Errorf("webhooks: got %d updates and %d statuses", counts.Updates, len(w.business.statuses()))
	}
}

func TestPricingOf2025(t *testing.T) {
	config := testConfig()
	config.Pricing = "2025-07"
	w := newWorld(t, config, nil)
	outside := w.mustSend(orderReadyTo(ana))
	w.idle()
	w.write(ana, Inbound{Text: "hi"})
	inside := w.mustSend(orderReadyTo(ana))
	w.idle()
	record := w.s.Messages(MessageFilter{})
	if record[0].ID != outside || record[0].Pricing.Type != "regular" || !record[0].Pricing.Billable {
		t.Errorf("outside the window: got %s", jsonOf(record[0].Pricing))
	}
	if record[1].ID != inside || record[1].Pricing.Type != "free_customer_service" || record[1].Pricing.Billable {
		t.Errorf("inside the window: got %s", jsonOf(record[1].Pricing))
	}
}

func TestFreeEntryPoint(t *testing.T) {
	start := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	w := newWorld(t, testConfig(), func() time.Time { return start })
	w.write(ana, Inbound{Text: "hi", Referral: json.RawMessage(`{"source_type":"ad","source_id":"1202"}`)})
	w.mustSend(orderReadyTo(ana))
	w.idle()
	statuses := w.business.statuses()
	sent := statuses[0]
	if sent.Conversation == nil || sent.Conversation.Origin != "referral_conversion" ||
		!sent.Conversation.Expires.Equal(start.Add(168*time.Hour)) {
		t.Errorf("conversation: got %+v", sent.Conversation)
	}
	if sent.Pricing.Type != "free_entry_point" || sent.Pricing.Category != "utility" || *sent.Pricing.Billable {
		t.Errorf("pricing: got %+v", sent.Pricing)
	}
	if got := w.business.messages()[0].Referral; got == nil || got.SourceType != "ad" {
		t.Errorf("referral: got %+v", got)
	}
}
