package conversation

import (
	"cmp"
	"slices"
)

// written are the events by which a customer answers an advertisement.
const written = Message | Unsupported | Postback

// maxClicks bounds the state of a customer who clicks on one advertisement after the other.
const maxClicks = 32

// arrive records what a customer does who clicks on an advertisement in a thread that was there
// before. The network tells of the click alone, and what the customer then writes does not name the
// advertisement. It opens the advertisement's window until as many seconds after the click: the
// network counts from the message, which is no earlier. So neither the order of events nor their
// number makes a difference.
func (s *State) arrive(in Inbound, seconds int64) {
	if seconds == 0 || in.Events&(Click|written) == 0 {
		return
	}
	if in.Events&written != 0 {
		s.Written = union(s.Written, Span{From: in.At - seconds + 1, To: in.At + 1})
	}
	if in.Events&Click != 0 {
		s.addClick(Span{From: in.At, To: in.At + seconds})
	}
	s.openClicks()
}

// addClick inserts a click in order, once. If there are too many, the first one is dropped.
func (s *State) addClick(click Span) {
	at, found := slices.BinarySearchFunc(s.Clicks, click, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	if found {
		return
	}
	s.Clicks = slices.Insert(s.Clicks, at, click)
	if len(s.Clicks) > maxClicks {
		s.Clicks = slices.Delete(s.Clicks, 0, 1)
	}
}

// openClicks opens the windows of the clicks behind which the customer has written in time.
func (s *State) openClicks() {
	for _, click := range s.Clicks {
		if slices.ContainsFunc(s.Written, func(v Span) bool { return v.Contains(click.From) }) {
			s.Windows = union(s.Windows, click)
		}
	}
}
