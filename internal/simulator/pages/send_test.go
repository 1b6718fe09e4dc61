package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/sendapitest"
)

// The simulator answers as the Send API does, whatever the gateway thinks.
func TestPagesAnswerAsTheSendAPI(t *testing.T) {
	for _, c := range sendapitest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			run(t, nil, func(w *world) {
				w.act(sendapitest.Customer, Act{Text: "hi"})
				long := time.Now().Add(-8 * 24 * time.Hour)
				w.act(sendapitest.Silent, Act{Text: "hi", Timestamp: &long})
				request := httptest.NewRequest(http.MethodPost, c.Path, strings.NewReader(c.Body))
				request.Header.Set("Authorization", "Bearer "+token)
				request.Header.Set("Content-Type", c.ContentType)
				answer := w.ask(request, c.Status)
				if c.Status == 200 {
					if answer["recipient_id"] != sendapitest.Customer {
						t.Errorf("got %v, want the customer as recipient_id", answer)
					}
					return
				}
				w.wantError(answer, c.Code, c.Subcode)
				if sentence := w.failure(answer)["message"].(string); !strings.Contains(sentence, c.Field) {
					t.Errorf("got %q, want a sentence that names %s", sentence, c.Field)
				}
			})
		})
	}
}

func TestWindowOfAPage(t *testing.T) {
	const day = 24 * time.Hour
	agent := `{"recipient":{"id":"` + ana + `"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT",` +
		`"message":{"text":"Ana here"}}`
	tests := map[string]struct {
		act  Act
		ago  time.Duration
		body string
		open bool
	}{
		"message, a millisecond before the end": {Act{Text: "hi"}, day - time.Millisecond, text(ana), true},
		"message, at the end":                   {Act{Text: "hi"}, day, text(ana), false},
		"postback":                              {Act{Postback: &Postback{"Start", "GO"}}, day - 1, text(ana), true},
		"reaction": {
			Act{Reaction: &Reaction{Message: "m_1", Emoji: "❤"}}, day - 1, text(ana), true,
		},
		"reaction taken back": {
			Act{Reaction: &Reaction{Message: "m_1", Removed: true}}, 0, text(ana), false,
		},
		"link into the thread": {
			Act{Referral: []byte(`{"ref":"r","source":"SHORTLINK"}`)}, day - 1, text(ana), true,
		},
		"edit":                               {Act{Edit: &Edit{Message: "m_1", Text: "x"}}, 0, text(ana), false},
		"opt-in":                             {Act{OptIn: map[string]any{}}, 0, text(ana), false},
		"comment":                            {Act{Comment: "nice"}, 0, text(ana), false},
		"message after an ad, within a week": {Act{Text: "hi", Referral: ad()}, 7*day - 1, text(ana), true},
		"message after an ad, after a week":  {Act{Text: "hi", Referral: ad()}, 7 * day, text(ana), false},
		"ad click alone opens a day":         {Act{Referral: ad()}, day, text(ana), false},
		"person within a week":               {Act{Text: "hi"}, 7*day - 1, agent, true},
		"person after a week":                {Act{Text: "hi"}, 7 * day, agent, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(w *world) {
				at := time.Now().Add(-tc.ago)
				tc.act.Timestamp = &at
				w.act(ana, tc.act)
				if tc.open {
					w.send(tc.body)
					return
				}
				w.refused("POST", "/me/messages", tc.body, 10, 2018278)
			})
		})
	}
}

func ad() []byte { return []byte(`{"ref":"r","source":"ADS","type":"OPEN_THREAD","ad_id":"9"}`) }

func TestTheFirstMessageAfterAnAdClickOpensAWeek(t *testing.T) {
	run(t, nil, func(w *world) {
		w.act(ana, Act{Referral: ad()})
		w.writes(0)
		time.Sleep(6 * 24 * time.Hour)
		w.send(text(ana))
	})
}

func TestPrivateReplyOnceWithinAWeek(t *testing.T) {
	run(t, nil, func(w *world) {
		id := w.act(ana, Act{Comment: "Is it red?"}).ID
		reply := `{"recipient":{"comment_id":"` + id + `"},"message":{"text":"Yes."}}`
		w.send(reply)
		w.refused("POST", "/me/messages", reply, 10900, 0)
		w.refused("POST", "/me/messages", text(ana), 10, 2018278) // only an answer opens the window
		late := w.act(ana, Act{Comment: "And blue?"}).ID
		time.Sleep(7 * 24 * time.Hour)
		w.refused(
			"POST", "/me/messages", `{"recipient":{"comment_id":"`+late+`"},"message":{"text":"Yes."}}`, 10, 2018278,
		)
	})
}

func TestSendsThatNoPageMay(t *testing.T) {
	tests := map[string]struct {
		change        func(*Settings, *Page)
		prepare       func(*world)
		code, subcode int
	}{
		"no permission": {
			func(_ *Settings, p *Page) { p.Permissions = []string{"pages_show_list"} }, func(*world) {}, 200, 0,
		},
		"restricted": {nil, func(w *world) { w.must(w.pages.Enforce(pageID, "block", "spam")) }, 10, 1893063},
		"blocked by the person": {
			nil, func(w *world) { w.must(w.pages.SetPerson(ana, PersonState{Blocks: new(true)})) }, 551, 1545041,
		},
		"another app has the thread": {
			nil, func(w *world) { w.must(w.pages.SetPerson(ana, PersonState{ThreadOwner: new(pageInbox)})) },
			10, 2018300,
		},
		"a fault": {
			nil, func(w *world) { w.must(w.scene.AddFault(fault())) }, 1200, 2018024,
		},
		"somebody of another page": {
			nil, func(w *world) { delete(w.pages.pages[pageID].people, ana); w.act(ana, Act{To: otherID, Text: "hi"}) },
			100, 2018001,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			run(t, tc.change, func(w *world) {
				w.writes(0)
				tc.prepare(w)
				w.refused("POST", "/me/messages", text(ana), tc.code, tc.subcode)
			})
		})
	}
}

func TestWhoMayCall(t *testing.T) {
	run(t, nil, func(w *world) {
		w.writes(0)
		for name, tc := range map[string]struct {
			path, bearer string
			status, code int
		}{
			"token in the query":   {"/me/messages?access_token=" + token, "", 200, 0},
			"no token":             {"/me/messages", "", 400, 190},
			"wrong token":          {"/me/messages", "Bearer nobody", 400, 190},
			"another page's token": {"/" + pageID + "/messages", "Bearer other-token", 400, 100},
			"a wrong proof": {
				"/me/messages?appsecret_proof=88556b43d1e6fed8fdc69c0e4d9e5c41e3dc4b4ff1a9d3c9d1b5c1e7dbf2c0f4", "Bearer " + token, 400, 100,
			},
		} {
			request := httptest.NewRequest(http.MethodPost, tc.path, strings.NewReader(text(ana)))
			request.Header.Set("Authorization", tc.bearer)
			answer := w.ask(request, tc.status)
			if tc.code != 0 && int(w.failure(answer)["code"].(float64)) != tc.code {
				t.Errorf("%s: got %v, want code %d", name, answer, tc.code)
			}
		}
	})
}
