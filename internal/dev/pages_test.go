package dev_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/dev"
	"github.com/guichet-dev/guichet/internal/gateway/reporting"
)

const (
	pageID = "108181820024680"
	lea    = "7301982645501234"
)

// act has somebody act on the page, and waits until the gateway has been told.
func (w *world) act(act string) {
	w.Helper()
	w.must(http.MethodPost, w.SimulatorURL()+"/control/people/"+lea, `{"to":"`+pageID+`",`+act+`}`)
	w.must(http.MethodGet, w.SimulatorURL()+"/control/idle", "")
}

// sendFromPage sends a message of a messaging_type as the page.
func (w *world) sendFromPage(kind, message string) (int, string) {
	w.Helper()
	return w.call(http.MethodPost, w.GatewayURL+"/v26.0/"+pageID+"/messages",
		`{"recipient":{"id":"`+lea+`"},"messaging_type":"`+kind+`","message":`+message+`}`)
}

// booksOfPage waits until the ledger has so many records, and returns the books as the page's
// client gets them.
func (w *world) booksOfPage(records int64) reporting.Books { return w.booksAt(pageID, records) }

const (
	hello   = `{"text":"It left Recife this morning."}`
	waiting = `{"template":{"name":"parcel_waiting","language":{"code":"en_US"},"components":[` +
		`{"type":"body","parameters":[{"type":"text","text":"881"},{"type":"text","text":"Friday"}]}]}}`
)

// The samples' page has its people, its window, its templates and its plan, beside the numbers, and
// both networks' messages are in one ledger.
func TestP4PageIsPlayedBesideTheNumber(t *testing.T) {
	w := start(t, t.TempDir())
	defer w.end()
	want := []v1alpha1.ChannelIdentity{{Type: "WhatsApp", ID: number}, {Type: "Messenger", ID: pageID}}
	if diff := cmp.Diff(want, w.Channels); diff != "" {
		t.Errorf("the channels (-want +got):\n%s", diff)
	}
	if status, answer := w.sendFromPage("RESPONSE", hello); status == http.StatusOK ||
		!strings.Contains(answer, `"code":10,`) {
		t.Errorf("a text before anybody wrote: %d %s; want code 10", status, answer)
	}
	w.act(`"name":"Léa Moreau","text":"Where is my parcel?"`)
	if status, answer := w.sendFromPage("RESPONSE", hello); status != http.StatusOK {
		t.Fatalf("a text within the window: %d %s", status, answer)
	}
	within := w.booksOfPage(1)
	got := within.Records[0]
	if got.FreeReason != "serviceWindow" || got.Plan != "acme-page" || within.OpenWindows != 1 {
		t.Errorf("%d windows are open, and the text was %+v; want 1, and free by the plan acme-page",
			within.OpenWindows, got)
	}
	w.write()
	if status, answer := w.send(text); status != http.StatusOK {
		t.Fatalf("a text from the number: %d %s", status, answer)
	}
	w.booksOfPage(2)

	w.must(http.MethodPost, w.SimulatorURL()+"/control/clock", `{"advance":"25h"}`)
	if status, answer := w.sendFromPage("RESPONSE", hello); status == http.StatusOK ||
		!strings.Contains(answer, "2018278") {
		t.Errorf("a text outside the window: %d %s; want 2018278", status, answer)
	}
	if status, answer := w.sendFromPage("UTILITY", waiting); status != http.StatusOK {
		t.Fatalf("the template outside the window: %d %s", status, answer)
	}
	books := w.booksOfPage(3)
	if last := books.Records[0]; last.Category != "utility" || last.Charge.String() != "0" || last.FreeReason != "" {
		t.Errorf("the template was %+v, want utility at the plan's price of 0", last)
	}
	w.booksAreTheLedgers(books)
}

// The first message after an advertisement lets the page write for seven days (2026-09-28).
func TestP4AdvertisementGivesThePageAWeek(t *testing.T) {
	w := start(t, t.TempDir())
	defer w.end()
	w.act(`"text":"I saw your ad","referral":{"source":"ADS","type":"OPEN_THREAD","ad_id":"120208480000000001"}`)
	w.must(http.MethodPost, w.SimulatorURL()+"/control/clock", `{"advance":"144h"}`)
	if status, answer := w.sendFromPage("RESPONSE", hello); status != http.StatusOK {
		t.Errorf("on the sixth day: %d %s", status, answer)
	}
	w.must(http.MethodPost, w.SimulatorURL()+"/control/clock", `{"advance":"25h"}`)
	if status, answer := w.sendFromPage("RESPONSE", hello); status == http.StatusOK {
		t.Errorf("on the eighth day: %d %s; want a refusal", status, answer)
	}
}

// A page's callbacks come to the sink as the account's others do.
func TestPagesCallbacksArriveAtThePage(t *testing.T) {
	w := start(t, t.TempDir())
	defer w.end()
	w.act(`"text":"Where is my parcel?"`)
	gomega.NewWithT(t).Eventually(func() string {
		return w.must(http.MethodGet, w.SimulatorURL()+"/sink/", "")
	}).WithTimeout(patience).Should(gomega.ContainSubstring(`\"object\":\"page\"`))
}

// An account may have pages and Instagram accounts only.
func TestAccountWithoutNumbers(t *testing.T) {
	manifests := samples(t)
	spec := &manifests.Account.Spec
	spec.WhatsAppBusinessAccountID = ""
	spec.Channels[0] = v1alpha1.Channel{
		Name: "photos", Type: v1alpha1.ChannelInstagram, InstagramID: "17841400000000001", PlanName: "messenger",
		CredentialsSecretName: "acme-photos",
	}
	process, err := dev.Start(t.Context(), options(t.TempDir(), manifests))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, Process: process}
	defer w.end()
	w.act(`"text":"Where is my parcel?"`)
	if status, answer := w.sendFromPage("RESPONSE", hello); status != http.StatusOK {
		t.Errorf("from the page: %d %s", status, answer)
	}
	w.must(http.MethodPost, w.SimulatorURL()+"/control/people/lea", `{"to":"17841400000000001","text":"Here, too?"}`)
}

func TestPagesThatCannotBePlayedAreRefused(t *testing.T) {
	tests := map[string]struct {
		change func(m *dev.Manifests)
		want   string
	}{
		"a plan that is not there": {
			func(m *dev.Manifests) { m.Account.Spec.Channels[1].PlanName = "other" },
			`no PricingPlan "other", which channel "page" names: give a folder of plans with --plan`,
		},
		"a template of no page": {
			func(m *dev.Manifests) { m.Account.Spec.Channels[1].Name = "shop" },
			`MessageTemplate "parcel-waiting": spec.channelName is "page", and the account has no channel of that name ` +
				`and of type 'Messenger'`,
		},
		"another currency": {
			func(m *dev.Manifests) { m.Plan.Spec.Currency = "EUR" },
			`PricingPlan "acme-page" of channel "page" is in USD and the account's plan in EUR: name a plan in EUR`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			manifests := samples(t)
			tc.change(manifests)
			process, err := dev.Start(t.Context(), options(t.TempDir(), manifests))
			if err == nil {
				(&world{T: t, Process: process}).end()
			}
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}
