package simulator

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// maxChatEntries bounds what is kept of one chat; the oldest entries go first.
const maxChatEntries = 100

// Who wrote an entry of a chat.
const (
	byCustomer = "customer"
	byBusiness = "business"
)

// Chat is what a number and a person have written to each other, and how they stand.
type Chat struct {
	Number string `json:"number"`
	// Person is the customer's address, or a group's id if Group is set.
	Person string `json:"person"`
	Group  bool   `json:"group,omitempty"`
	// Name is the profile's name in the customer's latest message.
	Name string `json:"name,omitempty"`
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
	// Entries are the latest, in the order in which they were written.
	Entries []ChatEntry `json:"entries"`
}

// ChatEntry is one message of a chat.
type ChatEntry struct {
	ID string `json:"id"`
	// By is customer or business.
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

// chat returns what two have written. The caller holds mu.
func (st *state) chat(p pair, person string) *chat {
	c := st.chats[p]
	if c == nil {
		c = &chat{person: person}
		st.chats[p] = c
	}
	return c
}

func (c *chat) add(e chatEntry) {
	if len(c.entries) == maxChatEntries {
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	c.entries = append(c.entries, e)
}

// noteWritten keeps a customer's message and tells those who watch. The caller holds mu.
func (s *Simulator) noteWritten(p pair, person, name string, entry ChatEntry) {
	if s.config.Record != RecordFull {
		return
	}
	c := s.state.chat(p, person)
	c.name = orElse(name, c.name)
	c.add(chatEntry{written: entry})
	s.changed(p)
}

// noteSent keeps a business's message and tells those who watch. The caller holds mu.
func (s *Simulator) noteSent(m *Sent) {
	if s.config.Record != RecordFull {
		return
	}
	p := m.with(s.state)
	c := s.state.chat(p, m.To)
	c.group = m.group
	c.add(chatEntry{sent: m})
	s.changed(p)
}

// noteRead marks a customer's message, and those before it, as read by the business.
func (s *Simulator) noteRead(number, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, c := range s.state.chats {
		last := slices.IndexFunc(c.entries, func(e chatEntry) bool { return e.sent == nil && e.written.ID == id })
		if p.number != number || last < 0 {
			continue
		}
		for i := range c.entries[:last+1] {
			c.entries[i].written.Read = true
		}
		s.changed(p)
	}
}

// joinChats moves what was written under an address to the one that it turned out to be.
func (st *state) joinChats(gone, kept pair) {
	from := st.chats[gone]
	if from == nil {
		return
	}
	delete(st.chats, gone)
	into := st.chat(kept, from.person)
	into.name = orElse(into.name, from.name)
	entries := append(from.entries, into.entries...)
	slices.SortStableFunc(entries, func(a, b chatEntry) int { return a.at().Compare(b.at()) })
	into.entries = entries[max(0, len(entries)-maxChatEntries):]
}

func (e chatEntry) at() time.Time {
	if e.sent != nil {
		return e.sent.AcceptedAt
	}
	return e.written.At
}

// view is the chat as it is told. The caller holds mu.
func (st *state) view(p pair, c *chat) Chat {
	told := Chat{Number: p.number, Person: c.person, Group: c.group, Name: c.name, Entries: []ChatEntry{}}
	if known := st.customers[p]; known != nil {
		told.WindowEnds = instant(known.wrote, serviceWindow)
		told.EntryPointEnds = instant(known.entryPoint, 0)
		told.Blocked, told.Stopped = known.blocked, known.stopped
	}
	if device := st.phones[p.phone]; device != nil {
		told.Off, told.NoReceipts, told.Refuses = device.off, device.noReceipts, device.refuses[p.number]
	}
	for _, e := range c.entries {
		told.Entries = append(told.Entries, e.view())
	}
	return told
}

// instant is some time after another one, or nil if that never was.
func instant(t time.Time, after time.Duration) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Add(after)
	return &t
}

func (e chatEntry) view() ChatEntry {
	m := e.sent
	if m == nil {
		return e.written
	}
	return ChatEntry{
		ID: m.ID, By: byBusiness, At: m.AcceptedAt, Message: m.Body, CallbackData: m.CallbackData,
		Category: m.Category, Preview: m.Preview, Statuses: slices.Clone(m.Statuses), Pricing: m.Pricing,
	}
}

// Chats returns all chats, the one that changed last at the end.
func (s *Simulator) Chats() []Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.chatsSince(0)
}

// chatsSince returns the chats that changed after a version of the feed. The caller holds mu.
func (st *state) chatsSince(version uint64) []Chat {
	type found struct {
		pair
		*chat
	}
	var all []found
	for p, c := range st.chats {
		if c.version > version {
			all = append(all, found{p, c})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Compare(a.version, b.version) // no two changes have the same
	})
	chats := make([]Chat, len(all))
	for i, f := range all {
		chats[i] = st.view(f.pair, f.chat)
	}
	return chats
}
