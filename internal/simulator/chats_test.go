package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// told is a chat in a line per entry.
func told(c stage.Chat) []string {
	var lines []string
	for _, e := range c.Entries {
		steps := make([]string, len(e.Statuses))
		for i, step := range e.Statuses {
			steps[i] = step.Status
		}
		lines = append(lines, strings.TrimSpace(e.By+" "+strings.Join(steps, ",")))
	}
	return lines
}

func TestChatsHoldBothSides(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	w.write(ana, Inbound{Text: "Hello", Name: "Ana"})
	w.mustSend(text(ana))
	w.idle()
	chats := w.s.Chats()
	if len(chats) != 1 {
		t.Fatalf("got %d chats, want 1", len(chats))
	}
	c := chats[0]
	if c.Channel != number1 || c.Person != ana || c.Name != "Ana" || c.WindowEnds == nil {
		t.Errorf("got %+v", c)
	}
	if diff := cmp.Diff([]string{"customer", "business sent,delivered,read"}, told(c)); diff != "" {
		t.Error(diff)
	}
	if left := c.WindowEnds.Sub(c.Entries[0].At); left != 24*time.Hour {
		t.Errorf("the window ends %v after the message, want 24h", left)
	}
	var request struct{ Text struct{ Body string } }
	if err := json.Unmarshal(c.Entries[1].Message, &request); err != nil || request.Text.Body == "" {
		t.Errorf("the business's message is %s (%v), want the request", c.Entries[1].Message, err)
	}
}

func TestChatsTellHowTwoStand(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	id := w.write(ana, Inbound{Text: "Hello"})
	off, refuses := true, []string{number1}
	w.s.SetPhone(ana, PhoneState{Off: &off, Refuses: &refuses})
	if err := w.s.Prefer(ana, number1, "stop"); err != nil {
		t.Fatal(err)
	}
	w.s.markRead(number1, id)
	c := w.s.Chats()[0]
	if !c.Off || !c.Refuses || !c.Stopped || c.Blocked || !c.Entries[0].Read {
		t.Errorf("got %+v, want off, refusing, stopped and read", c)
	}
}

func TestChatsKeepTheLatestEntries(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for range stage.MaxChatEntries {
		w.write(ana, Inbound{Text: "Hello"})
	}
	last := w.write(ana, Inbound{Text: "Hello?"})
	entries := w.s.Chats()[0].Entries
	if len(entries) != stage.MaxChatEntries || entries[stage.MaxChatEntries-1].ID != last {
		t.Errorf("got %d entries, want %d with %s at the end", len(entries), stage.MaxChatEntries, last)
	}
}

func TestChatsOfOnePersonAreOne(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	user := "BR.13491208655302741918"
	w.mustSend([]byte(`{"messaging_product":"whatsapp","recipient":"` + user + `","type":"template",` +
		`"template":{"name":"order_ready","language":{"code":"en_US"},` +
		`"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`))
	w.idle()
	w.write(ana, Inbound{Text: "Hello", Message: map[string]json.RawMessage{"from_user_id": []byte(`"` + user + `"`)}})
	chats := w.s.Chats()
	if len(chats) != 1 {
		t.Fatalf("got %d chats, want one: %+v", len(chats), chats)
	}
	if diff := cmp.Diff([]string{"business sent,delivered,read", "customer"}, told(chats[0])); diff != "" {
		t.Error(diff)
	}
}

func TestChatsNeedTheFullRecord(t *testing.T) {
	config := testConfig()
	config.Record = RecordCounts
	w := newWorld(t, config, nil)
	w.write(ana, Inbound{Text: "Hello"})
	w.mustSend(text(ana))
	if chats := w.s.Chats(); len(chats) != 0 {
		t.Errorf("got %+v, want none", chats)
	}
}

func TestChatsHoldPeopleOfPages(t *testing.T) {
	config := testConfig()
	config.Pages = []pages.Page{{ID: "1784", Name: "Shop", Tokens: []string{token}}}
	w := newWorld(t, config, nil)
	acted, err := w.s.Pages().Act("ana", pages.Act{To: "1784", Text: "Hello", Name: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	w.control("PUT", "/control/people/"+acted.Person, `{"off":true}`, http.StatusOK)
	chats := w.s.Chats()
	if len(chats) != 1 {
		t.Fatalf("got %+v, want one chat", chats)
	}
	c := chats[0]
	if c.Channel != "1784" || c.Person != acted.Person || c.Name != "Ana" || c.WindowEnds == nil || !c.Off {
		t.Errorf("got %+v", c)
	}
	if got, want := string(c.Entries[0].Message), `{"message":{"mid":"`+acted.ID+`","text":"Hello"}}`; got != want {
		t.Errorf("the entry is %s, want %s", got, want)
	}
}
