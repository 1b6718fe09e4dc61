package pages

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// post posts a fixture about Ana and the page, and returns its entry.
func (w *world) post(name string) rawjson.Object {
	w.Helper()
	f, err := fixtures.Find(name)
	if err != nil {
		w.Fatal(err)
	}
	body, err := f.Webhook(fixtures.Values{Now: time.Now(), Page: pageID, From: ana})
	if err != nil {
		w.Fatal(err)
	}
	webhook, err := rawjson.ParseObject(body)
	if err != nil {
		w.Fatal(err)
	}
	entries := webhook.List("entry")
	w.stage.Mu.Lock()
	err = w.pages.PostEntries(webhook.Text("object"), entries)
	w.stage.Mu.Unlock()
	if err != nil {
		w.Fatal(err)
	}
	entry, err := rawjson.ParseObject(entries[0])
	if err != nil {
		w.Fatal(err)
	}
	if told := w.events(); len(told) != 1 {
		w.Fatalf("%s was told as %q", name, told)
	}
	return entry
}

// What people do in entries that are posted counts as if they had done it here.
func TestPostedEntriesCount(t *testing.T) {
	run(t, advertises, func(w *world) {
		w.writes(48 * time.Hour)
		w.events()
		w.post("messenger.unsent")
		w.refused("POST", "/v26.0/me/messages", text(ana), 10, 2018278)
		w.post("messenger.ad")
		time.Sleep(6 * 24 * time.Hour) // an advertisement's first message may be answered for seven days
		w.send(text(ana))
		w.events()

		comment := w.post("messenger.comment")
		change, err := rawjson.ParseObject(comment.List("changes")[0])
		if err != nil {
			t.Fatal(err)
		}
		id := change.Child("value").Text("comment_id")
		w.send(`{"recipient":{"comment_id":"` + id + `"},"message":{"text":"It is 5 euros."}}`)
		w.events()

		campaign := w.campaign("")
		time.Sleep(time.Hour)
		update, err := rawjson.ParseObject(w.post("messenger.optin").List("messaging")[0])
		if err != nil {
			t.Fatal(err)
		}
		token := update.Child("optin").Text("notification_messages_token")
		w.call("POST", adMessages, marketingTo(token, campaign), 200)
	})
}
