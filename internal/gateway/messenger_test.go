package gateway

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

const (
	pageID      = gatewaytest.PageID
	instagramID = gatewaytest.InstagramID
)

// chats has somebody act on a page or an Instagram account some time ago, waits until the business
// was told, and returns the id by which the page knows the person.
func (w *world) chats(channel string, ago time.Duration, act pages.Act) (person, id string) {
	w.t.Helper()
	at := w.clock.Now().Add(-ago)
	act.To, act.Timestamp = channel, &at
	before := len(w.business.received(channel))
	acted, err := w.sim.Pages().Act("ana", act)
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the business is told of what the person did", func() bool {
		return len(w.business.received(channel)) > before
	})
	return acted.Person, acted.ID
}

func messageTo(person, text string) string {
	return `{"recipient":{"id":"` + person + `"},"message":{"text":"` + text + `"}}`
}

func humanTo(person, text string) string {
	return `{"recipient":{"id":"` + person + `"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT",` +
		`"message":{"text":"` + text + `"}}`
}

// Literal cases of every rule of the window: how long after what the person did something may
// leave, to the second. Source: messenger-platform/send-messages and policy (2026-09-28).
func TestP4WindowsOfPagesAreToTheSecond(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	ad := []byte(`{"source":"ADS","type":"OPEN_THREAD","ad_id":"9"}`)
	link := []byte(`{"source":"SHORTLINK","type":"OPEN_THREAD","ref":"r"}`)
	tests := map[string]struct {
		act   pages.Act
		human bool
		open  time.Duration
	}{
		"a message":              {pages.Act{Text: "hello"}, false, day},
		"a quick reply":          {pages.Act{Text: "Yes", QuickReply: "YES"}, false, day},
		"a postback":             {pages.Act{Postback: &pages.Postback{Title: "Start", Payload: "GO"}}, false, day},
		"a link into the thread": {pages.Act{Referral: link}, false, day},
		"a message from an ad":   {pages.Act{Text: "hello", Referral: ad}, false, 7 * day},
		"an ad's click alone":    {pages.Act{Referral: ad}, false, day},
		"a person answers":       {pages.Act{Text: "hello"}, true, 7 * day},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t))
				at := w.clock.Now()
				person, _ := w.chats(pageID, 0, tc.act)
				body, header := messageTo(person, "hello"), []string(nil)
				if tc.human {
					body, header = humanTo(person, "Ana here"), []string{policy.WrittenByHeader, policy.WrittenByPerson}
				}
				w.clock.Advance(at.Add(tc.open - time.Second).Sub(w.clock.Now()))
				if got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages", body, header...); got.status != 200 {
					t.Fatalf("a second before it closes: %d %s", got.status, got.body)
				}
				w.clock.Advance(at.Add(tc.open).Sub(w.clock.Now()))
				got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages", body, header...)
				closed := at.Add(tc.open).UTC().Format(time.RFC3339)
				if got.status != http.StatusBadRequest || got.code != 10 ||
					!strings.Contains(got.body, `"error_subcode":2018278`) || !strings.Contains(got.body, closed) {
					t.Fatalf("as it closes: %d %s; want 400, 10/2018278 and %s", got.status, got.body, closed)
				}
			})
		})
	}
}

// A click on an advertisement in a thread that was there before opens 7 days from the click, once
// the person has written, in whatever order the two are told.
func TestP4AnAdsClickIntoAThreadOpensSevenDaysOnceThePersonWrites(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	click := pages.Act{Referral: []byte(`{"source":"ADS","type":"OPEN_THREAD","ad_id":"9"}`)}
	for name, order := range map[string][2]time.Duration{
		"the click first": {time.Hour, 30 * time.Minute}, "the message first": {30 * time.Minute, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t))
				clicked := w.clock.Now().Add(-time.Hour)
				var person string
				for _, ago := range order {
					act := pages.Act{Text: "hello"}
					if ago == time.Hour {
						act = click
					}
					person, _ = w.chats(pageID, ago, act)
				}
				w.clock.Advance(clicked.Add(week - time.Second).Sub(w.clock.Now()))
				if got := w.sendFrom(pageID, messageTo(person, "hello")); got.status != http.StatusOK {
					t.Fatalf("a second before it closes: %d %s", got.status, got.body)
				}
				w.clock.Advance(clicked.Add(week).Sub(w.clock.Now()))
				got := w.sendFrom(pageID, messageTo(person, "hello"))
				closed := clicked.Add(week).UTC().Format(time.RFC3339)
				if got.code != 10 || !strings.Contains(got.body, closed) {
					t.Fatalf("as it closes: %d %s; want 10 and %s", got.status, got.body, closed)
				}
			})
		})
	}
}

// Who says nothing of a person, and an account that allows nobody, has the service window alone.
func TestP4HumanAgentNeedsTheHeaderAndTheAccount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy string
		header []string
		status int
		says   string
	}{
		"both":      {config.HumanAgentAllowed, []string{"Guichet-Written-By", "person"}, 200, ""},
		"no header": {config.HumanAgentAllowed, nil, 403, "Guichet-Written-By: person"},
		"a bot": {
			config.HumanAgentAllowed, []string{"Guichet-Written-By", "bot"}, 403, "Guichet-Written-By: person",
		},
		"no policy": {"", []string{"Guichet-Written-By", "person"}, 403, "humanAgent"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t), func(d *config.Document) { d.HumanAgent = tc.policy })
				person, _ := w.chats(pageID, 48*time.Hour, pages.Act{Text: "hello"})
				got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages", humanTo(person, "Ana here"), tc.header...)
				if got.status != tc.status || !strings.Contains(got.body, tc.says) {
					t.Fatalf("got %d %s; want %d and %q", got.status, got.body, tc.status, tc.says)
				}
			})
		})
	}
}

// Deliveries and reads are told by instants: with the ids of the messages, or without, and with
// echoes or without. Each settles everything to the person up to it, once.
func TestP2WatermarksSettleEverythingToAPerson(t *testing.T) {
	t.Parallel()
	for name, knobs := range map[string]string{
		"ids and echoes": `{}`, "no ids": `{"noMessageIDs":true}`, "no echoes": `{"noEchoes":true}`,
		"instants alone": `{"noMessageIDs":true,"noEchoes":true}`,
		"each twice":     `{"duplicateRate":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t))
				w.control(http.MethodPut, "knobs", knobs)
				person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
				for _, text := range []string{"one", "two", "three"} {
					got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages", messageTo(person, text))
					if got.status != http.StatusOK {
						t.Fatalf("got %d %s", got.status, got.body)
					}
				}
				r := w.settled(3)
				if r.Period.Messages != 3 || r.Period.Billed != usd("0.03") {
					t.Fatalf("%d settled for %s; want 3 for 0.03 USD", r.Period.Messages, r.Period.Billed)
				}
				w.until("the business is told of the reads", func() bool {
					return len(w.business.received(`"read":{"watermark"`)) > 0
				})
				if n := len(w.sim.Messages(simulator.MessageFilter{})); n != 3 {
					t.Fatalf("the upstream has %d messages; want 3", n)
				}
			})
		})
	}
}

// The business knows messages by the gateway's ids, in what Meta tells of them too, and gets its
// own metadata back.
func TestEchoesAndDeliveriesHaveTheBusinesssIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages",
			`{"recipient":{"id":"`+person+`"},"message":{"text":"hi","metadata":"order 17"}}`)
		if got.status != http.StatusOK || got.id == "" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		w.until("the echo is told", func() bool {
			echoes := w.business.received(`"is_echo":true`)
			return len(echoes) == 1 && strings.Contains(echoes[0], `"mid":"`+got.id+`"`) &&
				strings.Contains(echoes[0], `"metadata":"order 17"`)
		})
		w.until("the delivery is told", func() bool { return len(w.business.received(`"mids":["`+got.id+`"]`)) == 1 })
	})
}

// A comment gets one private reply, within 7 days, and the window opens with the person's answer.
func TestP4OnePrivateReplyWithinSevenDays(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	replyTo := func(comment string) string {
		return `{"recipient":{"comment_id":"` + comment + `"},"message":{"text":"Thanks"}}`
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, late := w.chats(pageID, week, pages.Act{Comment: "Nice"})
		if got := w.sendFrom(pageID, replyTo(late)); got.code != 10 || !strings.Contains(got.body, "2018278") {
			t.Fatalf("after 7 days: %d %s; want 10/2018278", got.status, got.body)
		}
		_, comment := w.chats(pageID, week-time.Minute, pages.Act{Comment: "Nice too"})
		if got := w.sendFrom(pageID, replyTo(comment)); got.status != http.StatusOK {
			t.Fatalf("within 7 days: %d %s", got.status, got.body)
		}
		if got := w.sendFrom(pageID, replyTo(comment)); got.code != 100 || !strings.Contains(got.body, "already") {
			t.Fatalf("the second one: %d %s; want 100", got.status, got.body)
		}
		if got := w.sendFrom(pageID, messageTo(person, "And?")); got.code != 10 {
			t.Fatalf("before the person answers: %d %s; want 10", got.status, got.body)
		}
		if r := w.settled(1); r.Period.Billed != usd("0.01") {
			t.Fatalf(
				"%s is billed; want 0.01 USD for the reply, which its recipient's watermark tells", r.Period.Billed,
			)
		}
	})
}

// Nothing tells of deliveries on Instagram: what is taken is settled.
func TestP2InstagramSettlesOnAcceptance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(instagramID, time.Hour, pages.Act{Text: "hello"})
		if got := w.sendFrom(instagramID, messageTo(person, "hi")); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if r := w.settled(1); r.Period.Billed != usd("0.01") {
			t.Fatalf("%s is billed; want 0.01 USD", r.Period.Billed)
		}
		long := strings.Repeat("é", 501)
		if got := w.sendFrom(instagramID, messageTo(person, long)); got.code != 100 ||
			!strings.Contains(got.body, "1000 bytes") {
			t.Fatalf("a text of 1,002 bytes got %d %s; want 100", got.status, got.body)
		}
	})
}

// "me" is the channel of the token, whose name is the channel's.
func TestMeIsTheChannelOfTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		form := "recipient=%7B%27id%27%3A%27" + person + "%27%7D&messaging_type=RESPONSE" +
			"&message=%7B%27text%27%3A%27hi%27%7D"
		for _, body := range []string{messageTo(person, "hi"), form} {
			for _, version := range []string{"/v3.2", "/v26.0", ""} {
				path := version + "/me/messages?appsecret_proof=ab&access_token=" + gatewaytest.PageKey
				if got := w.do(http.MethodPost, path, body, "Authorization", ""); got.status != http.StatusOK {
					t.Errorf("%s got %d %s", path, got.status, got.body)
				}
			}
		}
		if got := w.do(http.MethodPost, "/v26.0/me/messages", messageTo(person, "hi")); got.code != 33 {
			t.Errorf("a token of no channel got %d %s; want 33", got.status, got.body)
		}
	})
}

// A page that Meta blocks is stopped, and says so; unblocked, what waited leaves.
func TestPolicyEnforcementStopsAndReleasesAPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		w.control(http.MethodPost, "pages/"+pageID+"/policy", `{"action":"block","reason":"Spam"}`)
		w.until("the report says so", func() bool {
			for _, c := range w.report().Channels {
				if c.Name == "page" && c.Enforcement != nil && c.Obstacle != nil {
					return c.Enforcement.Stopped && c.Enforcement.Action == "block" && c.Enforcement.Reason == "Spam"
				}
			}
			return false
		})
		if got := w.sendFrom(pageID, messageTo(person, "hi")); got.status != http.StatusOK {
			t.Fatalf("got %d %s; want it to wait", got.status, got.body)
		}
		w.control(http.MethodPost, "pages/"+pageID+"/policy", `{"action":"unblock"}`)
		if r := w.settled(1); r.Period.Billed != usd("0.01") {
			t.Fatalf("%s is billed; want 0.01 USD", r.Period.Billed)
		}
		for _, c := range w.report().Channels {
			if c.Enforcement != nil {
				t.Errorf("%s is still enforced: %+v", c.Name, c.Enforcement)
			}
		}
	})
}
