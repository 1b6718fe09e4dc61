package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

const (
	shopPage  = "108181820024680"
	adAccount = "900100200"
	// lima is a person's page-scoped id.
	lima = "24680135"
)

// advertises adds a page with an ad account, whose marketing messages cost 0.04 in Peru and 0.10
// where no price is listed.
func advertises(d *config.Document) {
	window := []pricing.WindowOpening{{Events: []string{"Message", "Postback"}, DurationSeconds: 86400}}
	d.Format = config.FormatPlans
	d.Plans = append(d.Plans, config.ChannelPlan{Name: "messenger", Plan: pricing.Plan{
		Currency: "USD", Revisions: []pricing.Revision{{
			Name: "paid-reach", EffectiveDate: "2026-01-01", ClassifyBy: "Category", Unit: "Message",
			OutsideWindow: "TemplateOnly", RateAt: "Delivery", ServiceWindow: pricing.ServiceWindow{Openings: window},
			Free: []pricing.FreeRule{{
				Name: "standard", Reason: "ServiceWindow", When: "Always", Categories: []string{"Service"},
			}},
			Rates: []pricing.MarketRates{
				{Market: "Peru", Prices: []pricing.Price{{Category: "Marketing", Amount: "0.04"}}},
				{Market: "Any", Prices: []pricing.Price{{Category: "Marketing", Amount: "0.10"}}},
			},
		}},
	}})
	d.Channels = append(d.Channels, config.Channel{
		Name: "shop", Type: config.Messenger, ID: shopPage, AdAccountID: adAccount, PlanName: "messenger",
		BaseURL: d.Channels[0].BaseURL, APIVersion: "v26.0", AccessToken: "page-token-of-meta",
		AppSecrets: []string{appSecret}, VerifyToken: verifyToken,
	})
}

// ads is a world with a page that advertises, at the simulator too.
type ads struct {
	*world
	campaign string
}

func newAds(t *testing.T, changes ...func(*config.Document)) *ads {
	t.Helper()
	w := &ads{world: prepareAds(t, changes...)}
	w.start()
	w.runSimulator()
	w.campaign = w.newCampaign()
	return w
}

func prepareAds(t *testing.T, changes ...func(*config.Document)) *world {
	t.Helper()
	w := prepareWorld(t, append([]func(*config.Document){advertises}, changes...)...)
	page, err := json.Marshal(pages.Page{
		ID: shopPage, Name: "Shop", AppID: "77", AppSecret: appSecret, VerifyToken: verifyToken,
		CallbackURL: w.api + config.WebhookPath, Tokens: []string{"page-token-of-meta"}, AdAccountID: adAccount,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.control(http.MethodPut, "pages/"+shopPage, string(page))
	return w
}

func (w *ads) newCampaign() string {
	w.t.Helper()
	got := w.do(http.MethodPost, "/v26.0/act_"+adAccount+"/message_campaign", `{"name":"sale","page_id":"`+shopPage+`","daily_budget":1000}`)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(got.body), &made); err != nil || made.ID == "" {
		w.t.Fatalf("the campaign got %d %s", got.status, got.body)
	}
	return made.ID
}

// subscribes has somebody subscribe by a token, and waits until the business was told.
func (w *ads) subscribes(person, token string, more ...string) {
	w.t.Helper()
	optIn := map[string]any{"notification_messages_token": token, "notification_messages_timezone": "America/Lima"}
	for i := 0; i < len(more); i += 2 {
		optIn[more[i]] = more[i+1]
	}
	told := len(w.business.received(`"` + token + `"`))
	at := w.clock.Now()
	if _, err := w.sim.Pages().Act(person, pages.Act{To: shopPage, OptIn: optIn, Timestamp: &at}); err != nil {
		w.t.Fatal(err)
	}
	w.until("the business is told of the subscription", func() bool {
		return len(w.business.received(`"`+token+`"`)) > told
	})
}

// sells sends a marketing message to a token.
func (w *ads) sells(token string, header ...string) answer {
	w.t.Helper()
	got := w.do(http.MethodPost, "/v26.0/act_"+adAccount+"/messages",
		`{"message_id":"`+w.campaign+`","messenger_delivery_data":{"subscription_token":"`+token+`"},"message":{"text":"everything is cheaper"}}`,
		header...)
	var taken struct {
		ID string `json:"marketing_message_tracking_id"`
	}
	if json.Unmarshal([]byte(got.body), &taken) == nil {
		got.id = taken.ID
	}
	return got
}

// set changes how a person's device behaves.
func (w *ads) set(person string, state pages.PersonState) {
	w.t.Helper()
	state.To = shopPage
	if err := w.sim.Pages().SetPerson(person, state); err != nil {
		w.t.Fatal(err)
	}
}

// tracked is a webhook about a marketing message.
func (w *ads) tracked(field, token, tracking string) string {
	return `{"object":"page","entry":[{"id":"` + shopPage + `","time":` + strconv.FormatInt(w.clock.Now().UnixMilli(), 10) +
		`,"changes":[{"field":"` + field + `","value":{"recipient_id":` + lima + `,"page_id":` + shopPage + `,"app_id":77,"timestamp":` +
		strconv.FormatInt(w.clock.Now().UnixMilli(), 10) + `,"marketing_message_tracking_id":"` + tracking +
		`","messenger_subscription_token":"` + token + `","message_id":"` + w.campaign + `"}}]}]}`
}

// upstreamOf waits until the upstream has the message to a token, and returns its id there.
func (w *ads) upstreamOf(token string) (tracking string) {
	w.t.Helper()
	w.until("the upstream has the message", func() bool {
		for _, m := range w.sim.Messages(simulator.MessageFilter{}) {
			if strings.Contains(string(m.Body), `"`+token+`"`) {
				tracking = m.ID
			}
		}
		return tracking != ""
	})
	return tracking
}

// Nobody gets more than they agreed to, and nobody else gets anything.
func TestMarketingOfAPageNeedsASubscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t)
		w.subscribes(lima, "tok-lima")
		w.subscribes("1111111", "tok-paris", "notification_messages_timezone", "Europe/Paris")
		refused := func(what, token string, code int, sentence string) {
			t.Helper()
			if got := w.sells(token); got.code != code || !strings.Contains(got.body, sentence) {
				t.Errorf("%s: got %d %s, want %d with %q", what, got.status, got.body, code, sentence)
			}
		}
		refused("a token that nobody was told of", "tok-who", 200, "knows no subscription by this token")
		refused(
			"a person in the European Union", "tok-paris", 551,
			"no marketing messages to people in the European Union",
		)
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		refused("a minute later", "tok-lima", 2300035, "before 2026-11-21T00:0")
		w.clock.Advance(12*time.Hour + time.Minute)
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Errorf("12 hours later: got %d %s", got.status, got.body)
		}
		w.settled(2)
		w.clock.Advance(13 * time.Hour)
		w.subscribes(lima, "tok-lima", "notification_messages_status", "STOP_NOTIFICATIONS")
		refused("after a stop", "tok-lima", 200, "has stopped marketing messages")
		w.clock.Advance(time.Second)
		w.subscribes(lima, "tok-lima", "notification_messages_status", "RESUME_NOTIFICATIONS")
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Errorf("resumed: got %d %s", got.status, got.body)
		}
		w.clock.Advance(400 * 24 * time.Hour)
		refused("when it has expired", "tok-lima", 200, "has expired")
	})
}

// A request for another ad account, or for another page's campaign, goes nowhere.
func TestOnlyTheAccountsAdAccountIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t)
		for name, tc := range map[string]struct {
			path, body string
			want       string
		}{
			"messages of another":   {"act_1/messages", `{}`, "No channel of this account has this ad account"},
			"a campaign of another": {"act_1/message_campaign", `{}`, "No channel of this account has this ad account"},
			"another page":          {"act_" + adAccount + "/message_campaign", `{"page_id":"5"}`, "page_id must be a page of this account"},
			"another edge":          {"act_" + adAccount + "/ads", `{}`, ""},
			"a channel's campaign":  {shopPage + "/message_campaign", `{}`, "act_{ad-account-id}/message_campaign"},
		} {
			got := w.do(http.MethodPost, "/v26.0/"+tc.path, tc.body)
			if got.status < 400 || !strings.Contains(got.body, tc.want) {
				t.Errorf("%s: got %d %s, want %q", name, got.status, got.body, tc.want)
			}
		}
		request, err := http.NewRequest(http.MethodPost, w.api+"/v26.0/act_"+adAccount+"/messages", strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("without a token: got %d", response.StatusCode)
		}
	})
}

// What Meta refuses for good is given up at once, the subscription may have another message, and
// what it refuses for the person's sake is not tried again until the person does something.
func TestRefusedMarketingFreesItsSubscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t)
		w.subscribes(lima, "tok-lima")
		w.control(http.MethodPost, "faults", `{"to":"`+lima+`","code":2300052,"next":1}`)
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.settled(1)
		w.control(http.MethodPost, "faults", `{"to":"`+lima+`","code":2300042,"next":1}`)
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Fatalf("after one that was not taken: got %d %s", got.status, got.body)
		}
		w.settled(2)
		if got := w.sells("tok-lima"); got.code != 2300035 {
			t.Errorf("after the network's cap: got %d %s, want 2300035", got.status, got.body)
		}
		w.clock.Advance(time.Minute)
		at := w.clock.Now()
		if _, err := w.sim.Pages().Act(
			lima, pages.Act{To: shopPage, Text: "what is new?", Timestamp: &at},
		); err != nil {
			t.Fatal(err)
		}
		w.until("the business is told", func() bool { return len(w.business.received("what is new?")) == 1 })
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Errorf("after the person wrote: got %d %s", got.status, got.body)
		}
		if r := w.settled(3); r.Period.Billed != usd("0.04") {
			t.Errorf("%s billed, want 0.04 USD", r.Period.Billed)
		}
	})
}

// A person who is erased is nobody to send to any more, by any token (P13).
func TestP13ErasingAPersonForgetsTheSubscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newAds(t)
		w.subscribes(lima, "tok-lima")
		if got := w.sells("tok-lima"); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.settled(1)
		got := w.do(http.MethodPost, "/v26.0/"+shopPage+"/erase", `{"users":[{"user":"`+lima+`"}]}`)
		if got.status != http.StatusOK || !strings.Contains(got.body, `"unsettled":0`) {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.clock.Advance(13 * time.Hour)
		if got := w.sells("tok-lima"); got.code != 200 || !strings.Contains(got.body, "knows no subscription") {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}

// Pages may share an ad account: a message goes out from the page with which the person has
// subscribed, and is billed there.
func TestMarketingGoesOutFromThePageOfTheSubscription(t *testing.T) {
	t.Parallel()
	const secondPage = "108181820024681"
	synctest.Test(t, func(t *testing.T) {
		w := &ads{world: prepareAds(t, func(d *config.Document) {
			second := d.Channels[len(d.Channels)-1]
			second.Name, second.ID, second.AccessToken = "second-shop", secondPage, "second-token-of-meta"
			d.Channels = append(d.Channels, second)
		})}
		w.control(http.MethodPut, "pages/"+secondPage, `{"id":"`+secondPage+`","appID":"77","appSecret":"`+appSecret+
			`","verifyToken":"`+verifyToken+`","callbackURL":"`+w.api+config.WebhookPath+
			`","tokens":["second-token-of-meta"],"adAccountID":"`+adAccount+`"}`)
		w.start()
		w.runSimulator()
		got := w.do(http.MethodPost, "/v26.0/act_"+adAccount+"/message_campaign", `{"name":"sale","page_id":"`+secondPage+`"}`)
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(got.body), &made); err != nil || made.ID == "" {
			t.Fatalf("the campaign got %d %s", got.status, got.body)
		}
		w.campaign = made.ID
		at := w.clock.Now()
		if _, err := w.sim.Pages().Act("24680137", pages.Act{To: secondPage, Timestamp: &at, OptIn: map[string]any{
			"notification_messages_token": "tok-second", "notification_messages_timezone": "America/Lima",
		}}); err != nil {
			t.Fatal(err)
		}
		w.until("the business is told", func() bool { return len(w.business.received("tok-second")) == 1 })
		sent := w.sells("tok-second")
		if sent.status != http.StatusOK {
			t.Fatalf("got %d %s", sent.status, sent.body)
		}
		w.settled(1)
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		if record := w.settlements(sent.id)[sent.id]; record.Channel != secondPage || record.Charge.String() != "0.04" {
			t.Errorf("the ledger has %+v", record)
		}
	})
}
