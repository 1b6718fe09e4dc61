package conversation

import (
	"cmp"
	"slices"
)

// Retention is how long a span is remembered after its end, in seconds: 45 days, as long as a
// message whose delivery may still be reported.
const Retention = 45 * 24 * 60 * 60

// maxEntryPoints bounds the state of a customer who opens one advertisement after the other.
const maxEntryPoints = 32

// State is what is remembered about one (channel, customer). Its JSON is stored, so fields may only
// be added. The zero value is a customer who never wrote.
type State struct {
	Windows  []Span `json:"windows,omitempty"`  // service windows, disjoint, in order
	Agent    []Span `json:"agent,omitempty"`    // the same for messages of the form HumanAgent
	Comments []Span `json:"comments,omitempty"` // the same for messages of the form PrivateReply
	// Clicks are those on advertisements in a thread that was there before, each as long as it can
	// open a window, in order; Written are the instants of clicks that the customer wrote behind.
	Clicks      []Span       `json:"clicks,omitempty"`
	Written     []Span       `json:"written,omitempty"`
	EntryPoints []EntryPoint `json:"entryPoints,omitempty"` // in the order of EligibleFrom
	// billed conversations, in the order in which they were settled
	Conversations []Open     `json:"conversations,omitempty"`
	Marketing     Preference `json:"marketing,omitzero"`
	Block         Preference `json:"block,omitzero"`
	Consent       Preference `json:"consent,omitzero"`       // recorded outside the conversation; see HasConsent
	FirstContact  int64      `json:"firstContact,omitempty"` // Unix seconds of the earliest inbound event; 0 is none
	// Replied is when the one private reply was accepted, in Unix seconds; 0 for none.
	Replied int64 `json:"replied,omitempty"`
	// Subscriptions are agreements to marketing messages, in the order in which they became known.
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	// MarketingHeld is when the network takes no marketing for the customer; see HoldMarketing.
	MarketingHeld Span `json:"marketingHeld,omitzero"`
	// DeliveredTo and ReadTo are the instants up to which everything has been delivered to the
	// customer, or read, in Unix milliseconds; 0 where the network tells of no instants.
	DeliveredTo int64 `json:"deliveredTo,omitempty"`
	ReadTo      int64 `json:"readTo,omitempty"`
}

// EntryPoint is one arrival through an advertisement or a page's button, and the free span that the
// business's reply opened.
type EntryPoint struct {
	EligibleFrom int64 `json:"eligibleFrom"` // the customer's event
	ReplyBy      int64 `json:"replyBy"`      // a reply that is sent before this instant opens the entry point
	Free         Span  `json:"free,omitzero"`
}

// Open is a billed conversation.
type Open struct {
	Category Category `json:"category"`
	Span     Span     `json:"span"`
}

// Preference is the latest of a series of decisions, by the decisions' own timestamps.
type Preference struct {
	Stopped bool  `json:"stopped"`
	At      int64 `json:"at"` // Unix seconds; 0 is no decision yet
}

// decide applies a decision unless a later one is known. Of two in the same second, the stop
// counts.
func (p *Preference) decide(stop bool, at int64) {
	if at > p.At || at == p.At && stop {
		*p = Preference{Stopped: stop, At: at}
	}
}

// Receive records an event of the customer. Repeating it, or receiving events in another order,
// changes nothing.
func (s *State) Receive(in Inbound, r *Rules) {
	first := s.FirstContact == 0 || in.At < s.FirstContact
	if first && in.Events != AcceptedCall { // answering the business's call is no first contact
		s.FirstContact = in.At
	}
	s.Windows = opened(s.Windows, in, r.Openings)
	s.Agent = opened(s.Agent, in, r.HumanAgent)
	s.Comments = opened(s.Comments, in, r.PrivateReply)
	s.arrive(in, secondsOf(r.Openings, Ad))
	if in.Events != 0 {
		s.releaseMarketing(in.At)
	}
	if r.EntryPoint.Seconds > 0 && in.Events&r.EntryPoint.Opens != 0 {
		s.addEntryPoint(EntryPoint{EligibleFrom: in.At, ReplyBy: in.At + r.EntryPoint.ReplySeconds})
	}
	s.prune(in.At)
}

// opened are the windows after an event that may open another one.
func opened(windows []Span, in Inbound, openings []Opening) []Span {
	seconds := secondsOf(openings, in.Events)
	if seconds == 0 {
		return windows
	}
	return union(windows, Span{From: in.At, To: in.At + seconds})
}

// StopMarketing records that the customer stopped (or resumed) marketing messages at an instant.
func (s *State) StopMarketing(stop bool, at int64) { s.Marketing.decide(stop, at) }

// SetBlocked records that the business blocked (or unblocked) the customer at an instant.
func (s *State) SetBlocked(blocked bool, at int64) { s.Block.decide(blocked, at) }

// WindowAt returns the service window that holds the instant, or an empty span.
func (s *State) WindowAt(at int64) Span {
	for _, v := range slices.Backward(s.Windows) {
		if v.Contains(at) {
			return v
		}
	}
	return Span{}
}

// WindowOpen reports whether the service window is open at the instant.
func (s *State) WindowOpen(at int64) bool { return !s.WindowAt(at).IsEmpty() }

// EntryPointAt returns the free entry point that holds the instant and ends last, or an empty span.
func (s *State) EntryPointAt(at int64) Span {
	var found Span
	for i := range s.EntryPoints {
		if free := s.EntryPoints[i].Free; free.Contains(at) && free.To > found.To {
			found = free
		}
	}
	return found
}

// ConversationAt returns the billed conversation of the category that holds the instant, or an
// empty one. None stands for any category.
func (s *State) ConversationAt(category Category, at int64) Open {
	for i := range s.Conversations {
		if open := &s.Conversations[i]; (category == None || open.Category == category) && open.Span.Contains(at) {
			return *open
		}
	}
	return Open{}
}

// addEntryPoint inserts an arrival in order, once. If there are too many, the one that ends first
// is dropped.
func (s *State) addEntryPoint(e EntryPoint) {
	at, found := slices.BinarySearchFunc(s.EntryPoints, e.EligibleFrom, func(e EntryPoint, from int64) int {
		return cmp.Compare(e.EligibleFrom, from)
	})
	if found {
		return
	}
	s.EntryPoints = slices.Insert(s.EntryPoints, at, e)
	if len(s.EntryPoints) > maxEntryPoints {
		first := 0
		for i := range s.EntryPoints {
			if s.EntryPoints[i].end() < s.EntryPoints[first].end() {
				first = i
			}
		}
		s.EntryPoints = slices.Delete(s.EntryPoints, first, first+1)
	}
}

// end returns when the entry point is closed and can no longer be opened.
func (e *EntryPoint) end() int64 { return max(e.ReplyBy, e.Free.To) }

// prune drops what ended more than Retention before now. The last service window stays: a refusal
// says when it closed.
func (s *State) prune(now int64) {
	limit := now - Retention
	s.Windows, s.Agent, s.Comments = pruned(s.Windows, limit), pruned(s.Agent, limit), pruned(s.Comments, limit)
	s.Written = pruned(s.Written, limit)
	s.Clicks = slices.DeleteFunc(s.Clicks, func(click Span) bool { return click.To < limit })
	s.pruneSubscriptions(limit)
	s.EntryPoints = slices.DeleteFunc(s.EntryPoints, func(e EntryPoint) bool { return e.end() < limit })
	s.Conversations = slices.DeleteFunc(s.Conversations, func(o Open) bool { return o.Span.To < limit })
}

// pruned drops the windows that ended before the limit, but for the last one.
func pruned(windows []Span, limit int64) []Span {
	if len(windows) < 2 || windows[0].To >= limit {
		return windows
	}
	kept := slices.IndexFunc(windows, func(w Span) bool { return w.To >= limit })
	if kept < 0 {
		kept = len(windows) - 1
	}
	return slices.Delete(windows, 0, kept)
}

// IsOverAt reports whether nothing in the state is open at the instant or later: no window, no
// entry point that is open or may still be opened, no billed conversation, no decision. A reader of
// events in order may then drop the state.
func (s *State) IsOverAt(at int64) bool {
	for _, windows := range [][]Span{s.Windows, s.Agent, s.Comments, s.Clicks} {
		for _, w := range windows {
			if w.To > at {
				return false
			}
		}
	}
	for i := range s.EntryPoints {
		if s.EntryPoints[i].end() > at {
			return false
		}
	}
	for _, o := range s.Conversations {
		if o.Span.To > at {
			return false
		}
	}
	return s.Marketing.At == 0 && s.Block.At == 0 && s.Replied == 0 && len(s.Subscriptions) == 0
}

// RecordReply records that the comment has its private reply, or with 0 that it has none after all.
func (s *State) RecordReply(at int64) { s.Replied = at }

// Reach records that everything has been delivered to the customer, or read, up to an instant in
// Unix milliseconds, and tells whether that is news.
func (s *State) Reach(step Status, upTo int64) (news bool) {
	known := &s.DeliveredTo
	if step == Read {
		known = &s.ReadTo
	}
	if upTo <= *known {
		return false
	}
	*known = upTo
	return true
}
