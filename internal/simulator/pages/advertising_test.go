package pages

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const adAccount = "900100200"

// advertises gives the page an ad account, whose campaigns warm up for an hour.
func advertises(s *Settings, p *Page) {
	p.AdAccountID, p.MarketingPrice = adAccount, 40
	s.CampaignWarmUp = time.Hour
}

// subscribes has Ana subscribe with a token.
func (w *world) subscribes(token string, more ...any) {
	w.Helper()
	optIn := map[string]any{"notification_messages_token": token}
	for i := 0; i < len(more); i += 2 {
		name, _ := more[i].(string)
		optIn[name] = more[i+1]
	}
	w.act(ana, Act{OptIn: optIn})
}

func (w *world) campaign(budget string) string {
	w.Helper()
	id, _ := w.call("POST", "/v26.0/act_"+adAccount+"/message_campaign", `{"name":"sale","page_id":"`+pageID+`"`+budget+`}`, 200)["id"].(string)
	return id
}

func marketingTo(token, campaign string) string {
	return `{"message_id":"` + campaign + `","messenger_delivery_data":{"subscription_token":"` + token + `"},"message":{"text":"sale"}}`
}

const adMessages = "/v26.0/act_" + adAccount + "/messages"

func TestMarketingMessageIsToldByItsTrackingID(t *testing.T) {
	run(t, advertises, func(w *world) {
		w.subscribes("tok")
		campaign := w.campaign("")
		w.refused("POST", adMessages, marketingTo("tok", campaign), 2300041, 0)
		time.Sleep(time.Hour)
		w.events()
		answer := w.call("POST", adMessages, marketingTo("tok", campaign), 200)
		id, _ := answer["marketing_message_tracking_id"].(string)
		if answer["success"] != true || id == "" {
			t.Fatalf("got %v", answer)
		}
		var fields []string
		for _, line := range w.events() {
			if !strings.Contains(line, `"marketing_message_tracking_id":"`+id+`"`) || !strings.Contains(line, `"messenger_subscription_token":"tok"`) {
				t.Errorf("got %s", line)
			}
			field, _, _ := strings.Cut(strings.TrimPrefix(line, `changes {"field":"`), `"`)
			fields = append(fields, field)
		}
		want := []string{"marketing_message_echoes", "marketing_message_deliveries", "marketing_message_reads"}
		if !slices.Equal(fields, want) {
			t.Errorf("got %q, want %q", fields, want)
		}
		w.refused("POST", adMessages, marketingTo("tok", campaign), 2300035, 0)
		time.Sleep(12 * time.Hour)
		w.call("POST", adMessages, marketingTo("tok", campaign), 200)
	})
}

func TestMarketingMessagesThatAreRefused(t *testing.T) {
	run(t, advertises, func(w *world) {
		w.subscribes("stopped", "notification_messages_status", "STOP_NOTIFICATIONS")
		w.subscribes("expired", "token_expiry_timestamp", time.Now().Add(time.Minute).UnixMilli())
		w.subscribes("tok")
		campaign := w.campaign("")
		time.Sleep(time.Hour)
		for name, tc := range map[string]struct {
			token, campaign string
			code            int
		}{
			"unknown token":    {"who", campaign, 2300004},
			"unknown campaign": {"tok", "1", 2300001},
			"stopped":          {"stopped", campaign, 2300034},
			"expired":          {"expired", campaign, 2300037},
		} {
			t.Log(name)
			w.refused("POST", adMessages, marketingTo(tc.token, tc.campaign), tc.code, 0)
		}
		w.refused("POST", "/v26.0/act_1/messages", marketingTo("tok", campaign), 100, 33)
	})
}

// A daily budget is an average: a day may cost three quarters more.
func TestDailyBudgetOvershoots(t *testing.T) {
	run(t, advertises, func(w *world) {
		for _, token := range []string{"a", "b", "c"} {
			w.subscribes(token)
		}
		daily, lifetime := w.campaign(`,"daily_budget":60`), w.campaign(`,"lifetime_budget":60`)
		time.Sleep(time.Hour)
		w.call("POST", adMessages, marketingTo("a", daily), 200)
		w.call("POST", adMessages, marketingTo("b", daily), 200) // 80 of 60, and 105 is the most
		w.refused("POST", adMessages, marketingTo("c", daily), 2300054, 0)
		w.call("POST", adMessages, marketingTo("c", lifetime), 200)
		time.Sleep(13 * time.Hour)
		w.refused("POST", adMessages, marketingTo("c", lifetime), 2300053, 0)
	})
}
