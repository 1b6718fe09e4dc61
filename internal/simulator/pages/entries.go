package pages

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/messenger"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// PostEntries posts entries of a webhook as they are. What people do in them counts as if they had
// done it here. The caller holds the stage's lock.
func (p *Pages) PostEntries(object string, entries [][]byte) error {
	about := make([]*page, len(entries))
	for i, entry := range entries {
		read, err := rawjson.ParseObject(entry)
		if err != nil {
			return errors.New("entry: give a list of objects")
		}
		id := read.Text("id")
		if about[i] = p.pages[id]; about[i] == nil || about[i].Object != object {
			return fmt.Errorf("entry: no %.40s has the id %.40q", object, id)
		}
	}
	if len(entries) == 0 {
		return errors.New("entry: give entries")
	}
	batches, err := messenger.Network{Instagram: object == ObjectInstagram}.Read(
		network.Webhook{Object: object, Entries: entries},
	)
	if err != nil {
		return err
	}
	for _, batch := range batches {
		p.record(p.pages[batch.Channel], batch.Events)
	}
	for i, entry := range entries {
		p.recordRest(about[i], entry)
		about[i].outbox.Post(update{object, entry})
	}
	return nil
}

// record takes into the record what people do that opens a window.
func (p *Pages) record(page *page, events []network.Event) {
	for _, event := range events {
		e, ok := event.(*network.Inbound)
		if !ok || e.Did == 0 {
			continue
		}
		update, err := rawjson.ParseObject(e.Raw)
		if err != nil {
			continue
		}
		who, err := p.person(page, update.Child("sender").Text("id"))
		if err != nil {
			continue // nobody with an id of the page's: a comment, or the box on a site
		}
		at := cmp.Or(e.At, p.stage.Now())
		who.act(at)
		if e.Did&conversation.Ad != 0 {
			who.cameByAd = at
		}
		p.keep(page, who, e.ID, at, update)
	}
}

// recordRest takes opt-ins and comments into the record, so that they can be answered.
func (p *Pages) recordRest(page *page, raw []byte) {
	entry, err := rawjson.ParseObject(raw)
	if err != nil {
		return
	}
	for _, element := range entry.List("messaging") {
		update, err := rawjson.ParseObject(element)
		if err != nil || !update.Has("optin") {
			continue
		}
		if who, err := p.person(page, update.Child("sender").Text("id")); err == nil {
			p.keepOptIn(page, who, json.RawMessage(update.Get("optin")))
		}
	}
	for _, element := range entry.List("changes") {
		change, err := rawjson.ParseObject(element)
		if err != nil {
			continue
		}
		value := change.Child("value")
		if id := value.FirstText("comment_id", "id"); id != "" && value.Has("from") {
			page.comments[id] = &comment{author: value.Child("from").Text("id"), at: p.stage.Now()}
		}
	}
}

// keep keeps an event for those who watch, under the name that it has in webhooks.
func (p *Pages) keep(page *page, who *person, id string, at time.Time, update rawjson.Object) {
	for name, value := range update.All() {
		switch name {
		case "message", "postback", "reaction", "referral":
			raw := append(append([]byte(`{"`+name+`":`), value...), '}')
			p.scene.Chats.Wrote(keyOf(page, who), stage.ChatEntry{ID: id, At: at, Message: raw}, who.id, who.name)
		}
	}
}
