package conversation

// Change is how the settlement of one delivered message changes the state. The zero value changes
// nothing.
type Change struct {
	EntryPoint Reply // a reply that opens an entry point, or an entry point whose end the upstream stated
	Opens      Open  // a billed conversation that the message opens, or one that it makes begin earlier
}

// Reply is a message of the business that opens an entry point.
type Reply struct {
	SentAt              int64
	Free                Span // empty where nothing opens
	ClosesConversations bool
}

// Reply returns the entry point that a delivered message opens: the customer arrived through an
// advertisement, and this is the earliest reply that is known. Upstream is the end that the
// upstream stated, or 0.
func (s *State) Reply(sentAt, deliveredAt, upstream int64, r *EntryPointRules) Reply {
	if r.Seconds == 0 {
		return Reply{}
	}
	start := r.StartsAt.Pick(sentAt, deliveredAt)
	reply := Reply{
		SentAt: sentAt, Free: Span{From: start, To: start + r.Seconds}, ClosesConversations: r.ClosesConversations,
	}
	if r.TrustsUpstream && upstream > start {
		reply.Free.To = upstream
		if open := s.EntryPointAt(start); !open.IsEmpty() {
			// A statement corrects an end that was computed here. Another statement's end it only
			// moves later: an earlier one that is told again must not cut the entry point short.
			if computed := open.From + r.Seconds; open.To != computed && upstream <= open.To {
				return Reply{}
			}
			reply.Free.From = open.From
		}
		return reply
	}
	for i := range s.EntryPoints {
		if s.EntryPoints[i].openedBy(reply) {
			return reply
		}
	}
	return Reply{}
}

// openedBy reports whether the reply came in time and before every other known one.
func (e *EntryPoint) openedBy(reply Reply) bool {
	inTime := e.EligibleFrom <= reply.SentAt && reply.SentAt < e.ReplyBy
	return inTime && (e.Free.IsEmpty() || reply.Free.From < e.Free.From)
}

// Apply makes the change. Applying it again changes nothing.
func (s *State) Apply(change Change) {
	if !change.EntryPoint.Free.IsEmpty() {
		s.applyReply(change.EntryPoint)
	}
	if !change.Opens.Span.IsEmpty() {
		s.applyOpen(change.Opens)
	}
}

func (s *State) applyReply(reply Reply) {
	known := false
	for i := range s.EntryPoints {
		e := &s.EntryPoints[i]
		if e.openedBy(reply) || e.Free.From == reply.Free.From && !e.Free.IsEmpty() {
			e.Free = reply.Free
			known = true
		}
	}
	if !known {
		s.addEntryPoint(EntryPoint{EligibleFrom: reply.Free.From, ReplyBy: reply.Free.From, Free: reply.Free})
	}
	if reply.ClosesConversations {
		for i := range s.Conversations {
			if open := &s.Conversations[i].Span; open.Contains(reply.Free.From) {
				open.To = reply.Free.From
			}
		}
	}
}

// applyOpen adds a conversation, or lets a known one that begins within it begin earlier: a
// delivery that is reported late belongs to the conversation that was already charged.
func (s *State) applyOpen(opened Open) {
	if same := s.sameConversation(opened); same >= 0 {
		s.Conversations[same].Span.From = opened.Span.From
		return
	}
	s.Conversations = append(s.Conversations, opened)
	s.prune(opened.Span.From)
}

// BeginsWithin reports whether a known conversation of the same category begins within the given
// one. It is then the same conversation: a delivery that was reported late makes it begin earlier.
func (s *State) BeginsWithin(opened Open) bool { return s.sameConversation(opened) >= 0 }

// sameConversation returns the index of the conversation that BeginsWithin looks for, or -1.
func (s *State) sameConversation(opened Open) int {
	for i := range s.Conversations {
		known := &s.Conversations[i]
		if known.Category == opened.Category && opened.Span.From <= known.Span.From &&
			known.Span.From < opened.Span.To {
			return i
		}
	}
	return -1
}
