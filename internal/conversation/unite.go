package conversation

import (
	"cmp"
	"slices"
)

// Unite merges the state of a customer who turns out to be this one. Neither the order of several
// unions nor repeating one makes a difference.
//
// What the customer did counts as if it had come from one address: windows are joined, arrivals and
// billed conversations are merged, and the customer's latest word on marketing counts. Blocks and
// consents are the business's word on an address. Among these a refusal always wins: an agreement
// under one address does not take back a refusal under the other.
func (s *State) Unite(other *State) {
	s.Windows = uniteSpans(s.Windows, other.Windows)
	s.Agent = uniteSpans(s.Agent, other.Agent)
	s.Comments = uniteSpans(s.Comments, other.Comments)
	s.Written = uniteSpans(s.Written, other.Written)
	for _, click := range other.Clicks {
		s.addClick(click)
	}
	s.openClicks()
	s.Replied = max(s.Replied, other.Replied)
	s.uniteSubscriptions(other.Subscriptions)
	s.HoldMarketing(other.MarketingHeld)
	s.DeliveredTo, s.ReadTo = max(s.DeliveredTo, other.DeliveredTo), max(s.ReadTo, other.ReadTo)
	for _, e := range other.EntryPoints {
		s.uniteEntryPoint(e)
	}
	for _, o := range other.Conversations {
		s.uniteConversation(o)
	}
	if other.Marketing.At != 0 {
		s.Marketing.decide(other.Marketing.Stopped, other.Marketing.At)
	}
	s.Block.refuse(other.Block)
	s.Consent.refuse(other.Consent)
	if s.FirstContact == 0 || other.FirstContact != 0 && other.FirstContact < s.FirstContact {
		s.FirstContact = other.FirstContact
	}
}

func uniteSpans(spans, more []Span) []Span {
	for _, added := range more {
		spans = union(spans, added)
	}
	return spans
}

// refuse merges a decision on another address: a refusal outweighs an agreement.
func (p *Preference) refuse(other Preference) {
	switch {
	case p.Stopped == other.Stopped:
		p.At = max(p.At, other.At)
	case other.Stopped, p.At == 0:
		*p = other
	}
}

// uniteEntryPoint adds an arrival. If it is known already, the free span that began first counts.
func (s *State) uniteEntryPoint(added EntryPoint) {
	for i := range s.EntryPoints {
		e := &s.EntryPoints[i]
		if e.EligibleFrom != added.EligibleFrom {
			continue
		}
		e.ReplyBy = max(e.ReplyBy, added.ReplyBy)
		if !added.Free.IsEmpty() && (e.Free.IsEmpty() || added.Free.before(e.Free)) {
			e.Free = added.Free
		}
		return
	}
	s.addEntryPoint(added)
}

// before reports whether the span begins earlier, or at the same time and lasts longer.
func (s Span) before(other Span) bool {
	return s.From < other.From || s.From == other.From && s.To > other.To
}

// uniteConversation adds a billed conversation once, in the order in which they began.
func (s *State) uniteConversation(added Open) {
	if slices.Contains(s.Conversations, added) {
		return
	}
	s.Conversations = append(s.Conversations, added)
	slices.SortStableFunc(s.Conversations, func(a, b Open) int {
		return cmp.Or(
			cmp.Compare(a.Span.From, b.Span.From), cmp.Compare(a.Span.To, b.Span.To),
			cmp.Compare(a.Category, b.Category),
		)
	})
}

// KeepRefusals takes over what is refused of another customer who may be this one, and tells
// whether that changes anything. What was allowed here later counts.
func (s *State) KeepRefusals(other *State) (changed bool) {
	for _, p := range [...]struct {
		mine   *Preference
		theirs Preference
	}{{&s.Marketing, other.Marketing}, {&s.Block, other.Block}, {&s.Consent, other.Consent}} {
		if before := *p.mine; p.theirs.Stopped {
			p.mine.decide(true, p.theirs.At)
			changed = changed || *p.mine != before
		}
	}
	return changed
}
