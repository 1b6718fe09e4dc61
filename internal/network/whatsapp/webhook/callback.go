package webhook

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Callbacks writes the bodies of callbacks to the business: Meta's own envelope with one update in
// it, all its fields as they came, in the form in which Meta writes JSON (see rawjson.ASCII). Sign
// a body with the business's secret as it is.
//
// It reads the change once, so that a body costs what the body holds, however many updates the
// change brings. It is not changed by use.
type Callbacks struct {
	change *Change
	// opening and closing surround the change's value.
	opening, closing []byte
	// members are those of the value, in order.
	members  []callbackMember
	contacts contactIndex
}

// callbackMember is a part of a change's value: a list of updates, the contacts, or the text of the
// members between them.
type callbackMember struct {
	list string
	text []byte
}

// Members of a message or a status that are written anew.
const (
	callbackDataMember = "biz_opaque_callback_data"
	contextMember      = "context"
	messageIDMember    = "message_id"
	urlMember          = "url"
)

// The lists of updates in a change's value.
const (
	listMessages    = "messages"
	listStatuses    = "statuses"
	listPreferences = "user_preferences"
	listCalls       = "calls"
	listContacts    = "contacts"
)

// Callbacks prepares the callbacks of the change.
func (c *Change) Callbacks() *Callbacks {
	b := &Callbacks{change: c, members: make([]callbackMember, 0, c.value.Len())}
	b.opening, b.closing = c.surroundings()
	for name, content := range c.value.All() {
		switch name {
		case listMessages, listStatuses, listPreferences, listCalls:
			b.members = append(b.members, callbackMember{list: name})
		case listContacts:
			b.members = append(b.members, callbackMember{list: name})
			b.contacts = indexContacts(c.Contacts, content)
		default:
			b.addText(name, content)
		}
	}
	return b
}

// addText adds a member that every callback carries.
func (b *Callbacks) addText(name string, content []byte) {
	last := len(b.members) - 1
	if last < 0 || b.members[last].list != "" {
		b.members, last = append(b.members, callbackMember{}), last+1
	}
	quoted, value := rawjson.ASCII(rawjson.Quote(name)), rawjson.ASCII(content)
	text := slices.Grow(b.members[last].text, len(quoted)+len(value)+2)
	if len(text) > 0 {
		text = append(text, ',')
	}
	text = append(append(text, quoted...), ':')
	text = append(text, value...)
	b.members[last].text = text
}

// Message returns the webhook that carries a message alone, with the contact that belongs to it.
// Changes are made to the message.
func (b *Callbacks) Message(m *Message, changes ...rawjson.Member) json.RawMessage {
	raw := []byte(m.Raw)
	if len(changes) > 0 {
		raw = m.object.With(changes...)
	}
	return b.with(listMessages, raw, m.From, m.FromUserID)
}

// Status returns the webhook that carries a status alone, with the id by which the business knows
// the message. The gateway's own biz_opaque_callback_data is replaced by the business's; nil
// removes it, for a business that gave none.
func (b *Callbacks) Status(s *Status, id string, callbackData *string) json.RawMessage {
	if s.object.Len() == 0 {
		return b.ForeignStatus(s)
	}
	named := rawjson.Member{Name: "id", Value: rawjson.Quote(id)}
	var raw []byte
	if callbackData == nil {
		raw = s.object.Edit([]rawjson.Member{named}, callbackDataMember)
	} else {
		raw = s.object.With(rawjson.Member{Name: callbackDataMember, Value: rawjson.Quote(*callbackData)}, named)
	}
	return b.with(listStatuses, raw, s.RecipientID, s.RecipientUserID)
}

// ForeignStatus returns the webhook that carries a status alone, as it came.
func (b *Callbacks) ForeignStatus(s *Status) json.RawMessage {
	return b.with(listStatuses, s.Raw, s.RecipientID, s.RecipientUserID)
}

// Part is an update of a change on its own.
type Part struct {
	// Customer is the number in digits, CustomerUserID the business-scoped user id of whom it is
	// about; both are empty where it is about nobody.
	Customer, CustomerUserID string
	// Callback is the webhook that carries it alone.
	Callback json.RawMessage
}

// Parts are the preferences and the steps of calls of the change, each on its own, for they are
// about different customers. A change that brings none, or only one, is a part by itself, as it
// came.
func (b *Callbacks) Parts() []Part {
	c := b.change
	updates := len(c.Preferences) + len(c.Calls)
	parts := make([]Part, 0, max(1, updates))
	for _, p := range c.Preferences {
		parts = append(parts, Part{p.WAID, p.UserID, b.with(listPreferences, p.Raw, p.WAID, p.UserID)})
	}
	for _, call := range c.Calls {
		body := b.with(call.List, call.Raw, call.Customer, call.CustomerUserID)
		parts = append(parts, Part{call.Customer, call.CustomerUserID, body})
	}
	if updates == 0 {
		parts = append(parts, Part{})
	}
	if len(parts) == 1 {
		parts[0].Callback = c.Callback()
	}
	return parts
}

// with writes the change with one update of a list, and without all others.
func (b *Callbacks) with(list string, update []byte, waID, userID string) json.RawMessage {
	update, contact := rawjson.ASCII(update), b.contacts.find(waID, userID)
	size := len(b.opening) + len(b.closing) + len(update) + len(contact) + len(`{"":[],"contacts":[]}`) + len(list)
	for _, m := range b.members {
		size += len(m.text) + 1
	}
	out := append(make([]byte, 0, size), b.opening...)
	out = append(out, '{')
	empty := len(out)
	for _, m := range b.members {
		content := m.text
		switch m.list {
		case "":
		case list:
			content = update
		case listContacts:
			content = contact
		default:
			continue
		}
		if len(content) == 0 {
			continue
		}
		if len(out) > empty {
			out = append(out, ',')
		}
		out = appendMember(out, m.list, content)
	}
	out = append(out, '}')
	return append(out, b.closing...)
}

// appendMember appends the text of members, or a list of one element.
func appendMember(out []byte, list string, content []byte) []byte {
	if list == "" {
		return append(out, content...)
	}
	out = append(out, '"')
	out = append(out, list...)
	out = append(out, `":[`...)
	out = append(out, content...)
	return append(out, ']')
}

// contactIndex finds the contacts of a change by their addresses.
type contactIndex struct {
	all              [][]byte
	byWAID, byUserID map[string]int // the first contact with the address
}

// indexContacts indexes the contacts of a change, of which the text has all, also those that are no
// object.
func indexContacts(contacts []Contact, text []byte) contactIndex {
	elements, err := rawjson.Elements(text)
	if err != nil {
		return contactIndex{}
	}
	index := contactIndex{all: make([][]byte, 0, len(elements))}
	for _, raw := range elements {
		index.all = append(index.all, rawjson.ASCII(raw))
	}
	if len(elements) == 1 {
		return index // it belongs to every update
	}
	index.byWAID = make(map[string]int, len(elements))
	index.byUserID = make(map[string]int, len(elements))
	for _, c := range contacts {
		addFirst(index.byWAID, c.WAID, c.place)
		addFirst(index.byUserID, c.UserID, c.place)
	}
	return index
}

func addFirst(index map[string]int, address string, i int) {
	if _, known := index[address]; !known && address != "" {
		index[address] = i
	}
}

// find picks the contact of an update: the first one with either address, or the only one. It is
// nil if there is none.
func (x *contactIndex) find(waID, userID string) []byte {
	if len(x.all) == 1 {
		return x.all[0]
	}
	byWAID, sameNumber := x.byWAID[waID]
	byUserID, sameUser := x.byUserID[userID]
	switch {
	case sameNumber && sameUser:
		return x.all[min(byWAID, byUserID)]
	case sameNumber:
		return x.all[byWAID]
	case sameUser:
		return x.all[byUserID]
	default:
		return nil
	}
}

// Callback returns the webhook that carries the whole change, in the form in which Meta writes
// JSON.
func (c *Change) Callback() json.RawMessage {
	opening, closing := c.surroundings()
	value := rawjson.ASCII(c.Value)
	if len(value) == 0 {
		value = []byte("null")
	}
	out := make([]byte, 0, len(opening)+len(value)+len(closing))
	out = append(out, opening...)
	out = append(out, value...)
	return append(out, closing...)
}

// keepSurroundings keeps what stands around the change's value: a callback has the members of the
// webhook, the entry and the change that it came in, known or not, in their order.
func (c *Change) keepSurroundings(webhook network.Webhook, entry, change rawjson.Object) {
	beforeValue, behindValue, ok := change.Around("value")
	if !ok {
		return
	}
	beforeChanges, behindChanges, _ := entry.Around("changes")
	c.opening = [][]byte{webhook.Before, []byte("["), beforeChanges, []byte("["), beforeValue}
	c.closing = [][]byte{behindValue, []byte("]"), behindChanges, []byte("]"), webhook.Behind}
}

// surroundings are what stands before and behind a change's value in a webhook of its own.
func (c *Change) surroundings() (opening, closing []byte) {
	if len(c.opening) > 0 {
		return rawjson.ASCII(slices.Concat(c.opening...)), rawjson.ASCII(slices.Concat(c.closing...))
	}
	out := make([]byte, 0, 160)
	out = append(out, `{"object":`...)
	out = append(out, rawjson.Quote(c.Object)...)
	out = append(out, `,"entry":[{"id":`...)
	out = append(out, rawjson.Quote(c.EntryID)...)
	if !c.EntryTime.IsZero() {
		out = append(out, `,"time":`...)
		out = strconv.AppendInt(out, c.EntryTime.Unix(), 10)
	}
	out = append(out, `,"changes":[{"field":`...)
	out = append(out, rawjson.Quote(c.Field)...)
	out = append(out, `,"value":`...)
	return rawjson.ASCII(out), []byte("}]}]}")
}
