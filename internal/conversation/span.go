package conversation

import "slices"

// Span is the half-open time span [From, To) in Unix seconds. The zero value is empty.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Contains reports whether the instant is in the span.
func (s Span) Contains(at int64) bool { return s.From <= at && at < s.To }

// IsEmpty reports whether no instant is in the span.
func (s Span) IsEmpty() bool { return s.To <= s.From }

// union adds a span to disjoint spans in order, and keeps them disjoint and in order. Spans that
// touch become one.
func union(spans []Span, added Span) []Span {
	first := len(spans)
	for first > 0 && spans[first-1].To >= added.From {
		first--
	}
	last := first
	for last < len(spans) && spans[last].From <= added.To {
		added.From = min(added.From, spans[last].From)
		added.To = max(added.To, spans[last].To)
		last++
	}
	if last == first+1 {
		spans[first] = added
		return spans
	}
	return slices.Replace(spans, first, last, added)
}
