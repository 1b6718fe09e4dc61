package stage

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/identity"
)

// MaxChatEntries bounds what is kept of one chat; the oldest entries go first.
const MaxChatEntries = 100

// Who wrote an entry of a chat.
const (
	ByCustomer = "customer"
	ByBusiness = "business"
)

// ChatKey is who writes to each other: a number or page, and a person or group.
type ChatKey struct {
	Channel string
	Person  identity.Address
}

// Chat is what a channel and a person have written to each other, and how they stand.
type Chat struct {
	Channel string `json:"channel"`
	// Person is the customer's address as it was used first, or a group's id if Group is set.
	Person string `json:"person"`
	Group  bool   `json:"group,omitempty"`
	// Name is the profile's name in the customer's latest message that had one.
	Name string `json:"name,omitempty"`
	Standing
	// Entries are the latest, in the order in which they were written.
	Entries []ChatEntry `json:"entries"`
}

// Standing is how a channel and a person stand.
type Standing struct {
	// WindowEnds is when free-form messages end or ended; nil if the customer never wrote.
	WindowEnds *time.Time `json:"windowEnds,omitempty"`
	// EntryPointEnds is when the latest free entry point ends or ended; nil if there was none.
	EntryPointEnds *time.Time `json:"entryPointEnds,omitempty"`
	// Blocked says that the business has blocked the customer, Stopped that the customer wants no
	// marketing, Refuses that the customer has blocked the business.
	Blocked bool `json:"blocked,omitempty"`
	Stopped bool `json:"stopped,omitempty"`
	Refuses bool `json:"refuses,omitempty"`
	// Off says that the phone is off, NoReceipts that it shares no read receipts.
	Off        bool `json:"off,omitempty"`
	NoReceipts bool `json:"noReceipts,omitempty"`
}

// ChatEntry is one message of a chat.
type ChatEntry struct {
	ID string `json:"id"`
	// By is ByCustomer or ByBusiness.
	By string    `json:"by"`
	At time.Time `json:"at"`
	// Message is the message of a webhook, or the business's request as it came.
	Message json.RawMessage `json:"message"`
	// Read says that the business has marked the customer's message as read.
	Read bool `json:"read,omitempty"`
	// The rest is of the business's messages only, as in Sent.
	CallbackData string       `json:"callbackData,omitempty"`
	Category     string       `json:"category,omitempty"`
	Preview      string       `json:"preview,omitempty"`
	Statuses     []StatusStep `json:"statuses,omitempty"`
	Pricing      *Pricing     `json:"pricing,omitempty"`
}

// Chats are the conversations of a scene, for those who watch. Stage.Mu guards them. Nil keeps
// nothing.
type Chats struct {
	feed  *Feed
	chats map[ChatKey]*chat
}

// NewChats begins with nothing. Changes are told through the feed.
func NewChats(feed *Feed) *Chats { return &Chats{feed: feed, chats: map[ChatKey]*chat{}} }

// chat is a Chat at work.
type chat struct {
	person, name string
	group        bool
	entries      []chatEntry
	// version is the feed's at the latest change.
	version uint64
}

// chatEntry is a message of the customer's, or one of the business's if sent is set.
type chatEntry struct {
	written ChatEntry
	sent    *Sent
}

func (c *Chats) chat(key ChatKey, person string) *chat {
	found := c.chats[key]
	if found == nil {
		found = &chat{person: person}
		c.chats[key] = found
	}
	return found
}

func (c *chat) add(e chatEntry) {
	if len(c.entries) == MaxChatEntries {
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	c.entries = append(c.entries, e)
}

// Wrote keeps a customer's message. person is the address that was used, name the profile's.
func (c *Chats) Wrote(key ChatKey, entry ChatEntry, person, name string) {
	if c == nil {
		return
	}
	entry.By = ByCustomer
	found := c.chat(key, person)
	found.name = cmp.Or(name, found.name)
	found.add(chatEntry{written: entry})
	c.Touch(key)
}

// Sent keeps a message of the business's.
func (c *Chats) Sent(key ChatKey, m *Sent) {
	if c == nil {
		return
	}
	found := c.chat(key, m.To)
	found.group = m.Group
	found.add(chatEntry{sent: m})
	c.Touch(key)
}

// Read marks a customer's message, and those before it, as read by the business.
func (c *Chats) Read(channel, id string) {
	if c == nil {
		return
	}
	for key, found := range c.chats {
		last := slices.IndexFunc(found.entries, func(e chatEntry) bool { return e.sent == nil && e.written.ID == id })
		if key.Channel != channel || last < 0 {
			continue
		}
		for i := range found.entries[:last+1] {
			found.entries[i].written.Read = true
		}
		c.Touch(key)
	}
}

// Join moves what was written under an address to the one that it turned out to be.
func (c *Chats) Join(gone, kept ChatKey) {
	if c == nil || c.chats[gone] == nil {
		return
	}
	from := c.chats[gone]
	delete(c.chats, gone)
	into := c.chat(kept, from.person)
	into.name = cmp.Or(into.name, from.name)
	entries := slices.Concat(from.entries, into.entries)
	slices.SortStableFunc(entries, func(a, b chatEntry) int { return a.at().Compare(b.at()) })
	into.entries = entries[max(0, len(entries)-MaxChatEntries):]
	c.Touch(kept)
}

// Touch tells those who watch that a chat, or how the two stand, has changed.
func (c *Chats) Touch(key ChatKey) {
	if c == nil {
		return
	}
	if found := c.chats[key]; found != nil {
		found.version = c.feed.Advance()
	}
}

// TouchPerson tells those who watch that a person's phone has changed.
func (c *Chats) TouchPerson(person identity.Address) {
	if c == nil {
		return
	}
	for key := range c.chats {
		if key.Person == person {
			c.Touch(key)
		}
	}
}

// Since returns the chats that changed after a version of the feed, in the order of their changes.
func (c *Chats) Since(version uint64, standing func(ChatKey) Standing) []Chat {
	if c == nil {
		return nil
	}
	var keys []ChatKey
	for key, found := range c.chats {
		if found.version > version {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b ChatKey) int { return cmp.Compare(c.chats[a].version, c.chats[b].version) })
	told := make([]Chat, len(keys))
	for i, key := range keys {
		found := c.chats[key]
		told[i] = Chat{
			Channel: key.Channel, Person: found.person, Group: found.group, Name: found.name,
			Standing: standing(key), Entries: make([]ChatEntry, len(found.entries)),
		}
		for j, e := range found.entries {
			told[i].Entries[j] = e.view()
		}
	}
	return told
}

func (e chatEntry) at() time.Time {
	if e.sent != nil {
		return e.sent.AcceptedAt
	}
	return e.written.At
}

func (e chatEntry) view() ChatEntry {
	m := e.sent
	if m == nil {
		return e.written
	}
	return ChatEntry{
		ID: m.ID, By: ByBusiness, At: m.AcceptedAt, Message: m.Body, CallbackData: m.CallbackData,
		Category: m.Category, Preview: m.Preview, Statuses: slices.Clone(m.Statuses), Pricing: m.Pricing,
	}
}
