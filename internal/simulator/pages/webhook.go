package pages

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// update is an entry of a webhook.
type update struct {
	object string
	entry  []byte
}

// event is one object of messaging[] or standby[].
type event struct {
	kind kind
	at   time.Time
	// member is the event's own, with its value; further ones stand beside it.
	member  string
	value   any
	further map[string]json.RawMessage
	// fromPage says that the page is the sender.
	fromPage bool
}

// kind is what an event is: the fields of a page, and of an Instagram account, that tell of it, and
// whether it opens the window.
type kind struct {
	page, instagram string
	opens           bool
}

func (k kind) of(p *page) string {
	if p.instagram() {
		return k.instagram
	}
	return k.page
}

// tell posts an event about a person, to standby if another app has the thread, unless the app is
// not subscribed.
func (p *Pages) tell(page *page, who *person, e event) {
	list := "messaging"
	field := e.kind.of(page)
	if who.ownedByOther(page.AppID, p.stage.Now()) && e.kind.standsBy() {
		list, field = "standby", "standby"
	}
	if field == "" || !page.hears(field) {
		return
	}
	sender, recipient := who.id, page.ID
	if e.fromPage {
		sender, recipient = recipient, sender
	}
	members := map[string]any{
		"sender": object1("id", sender), "recipient": object1("id", recipient), "timestamp": e.at.UnixMilli(),
		e.member: e.value,
	}
	if list == "standby" && e.member == "postback" { // its payload is another app's matter
		members[e.member] = withoutPayload(e.value)
	}
	for name, value := range e.further {
		members[name] = value
	}
	p.post(page, list, members)
}

// post writes an entry with one event.
func (p *Pages) post(page *page, list string, members map[string]any) {
	raw, err := rawjson.Marshal(members)
	if err != nil {
		return // what cannot be written was refused where it came in
	}
	entry := append([]byte(`{"id":`), rawjson.Quote(page.ID)...)
	entry = append(entry, `,"time":`...)
	entry = strconv.AppendInt(entry, p.stage.Now().UnixMilli(), 10)
	entry = append(append(append(entry, `,"`+list+`":[`...), raw...), "]}"...)
	page.outbox.Post(update{page.Object, entry})
}

// change posts what is told as a change of the page.
func (p *Pages) change(page *page, field string, value any) {
	if !page.hears(field) {
		return
	}
	raw, err := rawjson.Marshal(value)
	if err != nil {
		return
	}
	entry := append([]byte(`{"id":`), rawjson.Quote(page.ID)...)
	entry = append(entry, `,"time":`...)
	entry = strconv.AppendInt(entry, p.stage.Now().UnixMilli(), 10)
	entry = append(append(append(entry, `,"changes":[{"field":"`+field+`","value":`...), raw...), "}]}"...)
	page.outbox.Post(update{page.Object, entry})
}

// envelope writes the body of a webhook. Characters beyond ASCII are escaped, as Meta escapes them.
// An outbox is of one page, so all entries are about one object.
func envelope(batch []update, _ time.Time) []byte {
	out := append([]byte(`{"object":`), rawjson.Quote(batch[0].object)...)
	out = append(out, `,"entry":[`...)
	for i, u := range batch {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, u.entry...)
	}
	return rawjson.ASCII(append(out, "]}"...))
}

func object1(name, value string) map[string]string { return map[string]string{name: value} }

// watermark tells of all messages that were accepted up to an instant, in milliseconds.
func watermark(at time.Time, ids []string, anonymous bool) map[string]any {
	value := map[string]any{"watermark": at.UnixMilli()}
	if !anonymous {
		value["mids"] = ids
	}
	return value
}

// echo is a message of the page as it is told to its apps.
func echo(id, app string, content json.RawMessage) map[string]json.RawMessage {
	members := map[string]json.RawMessage{}
	_ = json.Unmarshal(content, &members) // read as an object before
	echoed := map[string]json.RawMessage{
		"mid": rawjson.Quote(id), "is_echo": json.RawMessage("true"), "app_id": number(app),
	}
	for _, name := range []string{"text", "metadata"} {
		if value, ok := members[name]; ok {
			echoed[name] = value
		}
	}
	if one, ok := members["attachment"]; ok {
		echoed["attachments"] = json.RawMessage("[" + string(one) + "]")
	}
	if list, ok := members["attachments"]; ok {
		echoed["attachments"] = list
	}
	return echoed
}

// number is an id as webhooks write it: a number if it can be one.
func number(id string) json.RawMessage {
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return rawjson.Quote(id)
	}
	return json.RawMessage(id)
}

func withoutPayload(value any) any {
	if members, ok := value.(map[string]any); ok {
		delete(members, "payload")
	}
	return value
}
