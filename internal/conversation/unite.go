package conversation

import (
	"cmp"
	"slices"
)

// Unite takes over what is remembered of a customer who turns out to be this one. Neither the order
// in which several are united nor repeating it changes anything.
//
// What the customer did counts as if it had been told under one address: windows are joined,
// arrivals and billed conversations are put together, and of the customer's words on marketing the
// latest counts. Blocks and consents are the business's words on an address. Of these a refusal
// counts whenever it was given: whoever agreed under the one address has not taken back what was
// refused under the other.
func (s *State) Unite(other *State) {
	for _, w := range other.Windows {
		s.Windows = union(s.Windows, w)
	}
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

// refuse takes over a decision on another address: a refusal stands against what was allowed.
func (p *Preference) refuse(other Preference) {
	switch {
	case p.Stopped == other.Stopped:
		p.At = max(p.At, other.At)
	case other.Stopped, p.At == 0:
		*p = other
	}
}

// uniteEntryPoint adds an arrival; of one that is known already the free span that began first
// counts.
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

// before tells whether a span began first, or with the other and lasts longer.
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
			cmp.Compare(a.Span.From, b.Span.From), cmp.Compare(a.Span.To, b.Span.To), cmp.Compare(a.Category, b.Category))
	})
}

// KeepRefusals takes over what is refused of another customer who may be this one, and tells whether
// that changes anything. What was allowed here later counts.
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
