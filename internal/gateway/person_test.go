package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/upstream"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store"
)

// recipient is a free text or template to any address.
func recipient(body, to string) string {
	if identity.IsUserID(to) {
		return strings.Replace(body, `"to":`, `"recipient":`, 1)
	}
	return body
}

// both is a message of a customer whom the network names by number and by user ids.
func (w *world) both(number, user, parent, id, text string) string {
	return w.change("messages", `"contacts":[{"profile":{"name":"Ana"},"wa_id":"`+number+`","user_id":"`+user+`","parent_user_id":"`+parent+`"}],`+
		`"messages":[{"from":"`+number+`","from_user_id":"`+user+`","id":"`+id+`","timestamp":"`+unixSeconds(w.clock.Now())+`","type":"text","text":{"body":"`+text+`"}}]`)
}

func (w *world) tell(body string) {
	w.t.Helper()
	if got := w.webhook(body, appSecret); got.status != http.StatusOK {
		w.t.Fatalf("the webhook got %d %s", got.status, got.body)
	}
}

func TestP13ALandlineIsNotTheMobileThatLooksLikeIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const landline, mobile = "551152346010", "5511952346010"
		w.writes(landline, "stop", 0)
		if got := w.send(textTo(mobile, "hi")); got.code != 131047 {
			t.Errorf("a free text to the mobile: got %d %s, want 131047", got.status, got.body)
		}
		w.accepted(templateTo(mobile, "summer_sale"))
		w.consents(`{"consents":[{"user":"` + landline + `","state":"withdrawn"}]}`)
		w.accepted(templateTo(mobile, "parcel_ready"))
		w.writes(mobile, "hi", 0)
		w.do(http.MethodPost, "/v26.0/"+phoneID+"/erase", `{"users":[{"user":"`+landline+`"}]}`)
		w.accepted(textTo(mobile, "still open"))
	})
}

func TestP13EverySpellingIsOnePerson(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"Argentina":      {"+54 9 11 5556-0004", "541155560004", "54 11 15 5556 0004", "+54 011 15 5556 0004"},
		"Ivory Coast":    {"2250707123456", "+225 07 12 34 56"},
		"Benin":          {"2290197123456", "+229 97 12 34 56"},
		"Mexico":         {"5215512345678", "+52 55 1234 5678"},
		"Brazil":         {"5511987654321", "+55 (0)11 8765-4321"},
		"United Kingdom": {"447911123456", "+44 (0)7911 123456", "+44 07911 123456"},
		"Germany":        {"4915112345678", "+49 0151 12345678"},
	}
	for name, spellings := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				from, _ := identity.Parse(spellings[0])
				w.tell(w.inbound(phoneID, string(from), "wamid.first", "stop"))
				for _, to := range spellings {
					w.accepted(textTo(to, "an answer"))
					if got := w.send(templateTo(to, "summer_sale")); got.code != 131050 {
						t.Errorf("marketing to %s: got %d %s, want 131050", to, got.status, got.body)
					}
				}
			})
		})
	}
}

// A person who is known by number and by user ids is one, whatever was told before that was known:
// what was refused under one is refused under all, and a window is one.
func TestP13NumberAndUserIDsAreOnePerson(t *testing.T) {
	t.Parallel()
	const user, parent = "FR.7001", "FR.ENT.7001"
	every := []string{ana, user, parent}
	for _, told := range every {
		t.Run(told, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.consents(`{"consents":[{"user":"` + told + `","state":"withdrawn"}]}`)
				w.tell(w.both(ana, user, parent, "wamid.both", "stop"))
				for _, to := range every {
					w.accepted(recipient(textTo(to, "an answer"), to))
					if got := w.send(recipient(templateTo(to, "summer_sale"), to)); got.code != 131050 {
						t.Errorf("marketing to %s: got %d %s, want 131050", to, got.status, got.body)
					}
				}
				w.clock.Advance(25 * time.Hour)
				for _, to := range every {
					if got := w.send(recipient(templateTo(to, "parcel_ready"), to)); got.code != 131005 {
						t.Errorf("after the window, to %s: got %d %s, want 131005", to, got.status, got.body)
					}
				}
				w.tell(
					w.change(
						"messages",
						`"messages":[{"from_user_id":"`+user+`","id":"wamid.user","timestamp":"`+unixSeconds(w.clock.Now())+`","type":"text","text":{"body":"hi"}}]`,
					),
				)
				w.accepted(textTo(ana, "an answer"))
				if got := w.send(textTo("33612345679", "hi")); got.code != 131047 {
					t.Errorf("to a stranger: got %d %s, want 131047", got.status, got.body)
				}
			})
		})
	}
}

// One address erases the person: windows and wishes, and which addresses are whose.
func TestP13OneAddressErasesThePerson(t *testing.T) {
	t.Parallel()
	const user, parent = "FR.7001", "FR.ENT.7001"
	for _, erased := range []string{ana, user, parent} {
		t.Run(erased, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.tell(w.both(ana, user, parent, "wamid.both", "stop"))
				if got := w.do(
					http.MethodPost, "/v26.0/"+phoneID+"/erase", `{"users":[{"user":"`+erased+`"}]}`,
				); got.status != http.StatusOK {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				for _, to := range []string{ana, user, parent} {
					if got := w.send(recipient(textTo(to, "hi"), to)); got.code != 131047 {
						t.Errorf("to %s: got %d %s, want 131047", to, got.status, got.body)
					}
				}
				w.tell(w.inbound(phoneID, ana, "wamid.new", "hi"))
				if got := w.send(recipient(textTo(user, "hi"), user)); got.code != 131047 {
					t.Errorf("the user id is still known as the number: got %d %s", got.status, got.body)
				}
			})
		})
	}
}

// The upstream's answer to a send says whom the number is of, beyond all rules.
func TestP13TheAnswerToASendNamesThePerson(t *testing.T) {
	t.Parallel()
	const written, known = "33612340001", "33612340002"
	w := newWorld(t, func(d *config.Document) {
		upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			var send struct{ To string }
			body, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(body, &send)
			waID := strings.TrimPrefix(send.To, "+")
			if waID == written {
				waID = known
			}
			_, _ = rw.Write(
				[]byte(
					`{"messaging_product":"whatsapp","contacts":[{"input":"` + send.To + `","wa_id":"` + waID + `"}],"messages":[{"id":"wamid.of` + waID + `"}]}`,
				),
			)
		}))
		t.Cleanup(upstream.Close)
		d.Channels[0].BaseURL = upstream.URL
	})
	w.tell(w.inbound(phoneID, known, "wamid.stop", "stop"))
	w.accepted(templateTo(written, "summer_sale"))
	w.until("the answer is known", func() bool { return w.send(templateTo(written, "summer_sale")).code == 131050 })
	w.accepted(textTo(written, "an answer"))
	w.accepted(templateTo("33612340003", "summer_sale"))
}

// A number that its owner left is somebody else's once another user id has it: neither hears the
// other's stop.
func TestP13ANumberThatIsPassedOnIsSomebodyElses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const moved, user, newer, stranger = "33687654321", "FR.1", "FR.2", "FR.9"
		w := newWorld(t)
		w.tell(w.both(ana, user, "", "wamid.1", "hello"))
		w.tell(w.change("messages", `"messages":[{"id":"wamid.2","from":"`+ana+`","timestamp":"`+unixSeconds(
			w.clock.Now(),
		)+
			`","type":"system","system":{"type":"user_changed_number","new_wa_id":"`+moved+`","user_id":"`+newer+`","previous_user_id":"`+user+`"}}]`))
		w.accepted(textTo(ana, "an answer"))
		w.accepted(recipient(textTo(newer, "an answer"), newer))
		w.clock.Advance(time.Hour)
		w.tell(w.both(ana, stranger, "", "wamid.3", "stop"))
		w.accepted(templateTo(moved, "summer_sale"))
		for _, to := range []string{ana, stranger} {
			if got := w.send(recipient(templateTo(to, "summer_sale"), to)); got.code != 131050 {
				t.Errorf("marketing to %s: got %d %s, want 131050", to, got.status, got.body)
			}
		}
		w.tell(w.both(ana, user, "", "wamid.1", "hello")) // the first message is told again
		w.accepted(templateTo(moved, "summer_sale"))
	})
}

func TestP13NobodyIsUnitedByWhatTheBusinessWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tell(w.inbound(phoneID, ana, "wamid.1", "hi"))
		body := strings.Replace(textTo(ana, "hi"), `"to":`, `"recipient":"FR.55","to":`, 1)
		w.accepted(body)
		if got := w.send(recipient(textTo("FR.55", "hi"), "FR.55")); got.code != 131047 {
			t.Errorf("got %d %s, want 131047", got.status, got.body)
		}
		forged := w.both(ana, "FR.55", "", "wamid.2", "hi")
		if got := w.webhook(forged, "another secret"); got.status != http.StatusForbidden {
			t.Errorf("a forged webhook got %d %s", got.status, got.body)
		}
		if got := w.send(recipient(textTo("FR.55", "hi"), "FR.55")); got.code != 131047 {
			t.Errorf("after a forged webhook: got %d %s, want 131047", got.status, got.body)
		}
	})
}

func TestAuthenticationNeedsAPhoneNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			code := gatewaytest.BodyTemplate("code", "AUTHENTICATION", "")
			d.Templates = append(d.Templates, gatewaytest.Approved(code))
		})
		for _, to := range []string{"FR.7001", "FR.ENT.7001"} {
			if got := w.send(recipient(templateTo(to, "code"), to)); got.code != 131062 {
				t.Errorf("a template to %s: got %d %s, want 131062", to, got.status, got.body)
			}
			direct := strings.Replace(recipient(textTo(to, "123456"), to), `{`, `{"category":"authentication",`, 1)
			if got := w.send(direct); got.code != 131062 {
				t.Errorf("a direct send to %s: got %d %s, want 131062", to, got.status, got.body)
			}
		}
	})
}

// A status that came before the answer to its send tells whose number it is as any other does.
func TestP13AnEarlyStatusUnitesInMemoryToo(t *testing.T) {
	t.Parallel()
	const user = "FR.7001"
	s := newStory(t, "2026-10-29T08:00:00Z", rand.New(rand.NewPCG(1, 2)), func(*config.Document) {})
	s.post(phoneID, ana, "template", "utility")
	s.becomes(phoneID, s.sent[0], "sent", ana)
	channel := s.tenant.Channel(phoneID)
	mayGo := func(address string) bool {
		_, _, permit := s.gateway.gate.Grant(s.tenant, channel, s.now, 1)
		m := &store.Message{Channel: phoneID, Customer: s.gateway.keys.Seal().CustomerHash(phoneID, address)}
		hold, err := permit.Take(nil, s.tenant, channel, m, s.now) // an embedded store is not asked
		if err != nil {
			t.Fatal(err)
		}
		return hold == upstream.Hold{}
	}
	for range pairBurst {
		mayGo(user)
	}
	early := webhookOf(phoneID, fmt.Sprintf(
		`"statuses":[{"id":"wamid.early","status":"sent","timestamp":%q,"recipient_id":%q,"recipient_user_id":%q}]`,
		unixSeconds(s.now), ana, user,
	))
	if err := s.gateway.store.Update(t.Context(), func(tx *durable.Tx) error {
		m, _, err := tx.Messages().ByID(s.sent[0])
		if err != nil {
			return err
		}
		if err := tx.Intake().KeepEarlyStatus(m.UpstreamID, []byte(early), s.now); err != nil {
			return err
		}
		return s.gateway.intake.Submitted(tx, s.tenant, channel, m, "", s.now)
	}); err != nil {
		t.Fatal(err)
	}
	if mayGo(ana) {
		t.Error("the pace of the user id is not that of the number")
	}
}
