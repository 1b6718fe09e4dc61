package conversation

import "slices"

// Request is a message that a business wants to send.
type Request struct {
	At       int64 // Unix seconds
	Form     Form
	Category Category // of a template or a direct send; None otherwise
	// NoPromotion says that the business itself sends no marketing, whatever the rules say.
	NoPromotion bool
	// Again says that the message was accepted already and is decided on once more.
	Again bool
	// Subscription is the key of the subscription by which the message goes out; empty for most.
	Subscription string
}

// Refusal is why a message may not be sent.
type Refusal uint8

// The refusals, with Meta's error code if there is one.
const (
	Permitted        Refusal = iota
	WindowClosed             // 131047: free-form outside the service window
	MarketingStopped         // 131050: the customer stopped marketing messages
	CustomerBlocked          // the business blocked the customer
	PromotionRefused         // marketing, where nothing promotional may be sent
	AlreadyReplied           // a comment gets one private reply, and has it
	NotSubscribed            // the customer has not agreed to marketing messages by such a token
	SubscriptionOver         // the customer's agreement has expired
	TooSoon                  // too soon after the last marketing message; see Permission.Window
)

// Permission says whether a message may be sent, and what a refusal can say about the service
// window.
type Permission struct {
	Refusal  Refusal
	EverOpen bool // whether a window for such a message was ever open
	// Window is the window that holds the message, or else the last one that began before it. For
	// TooSoon it is the time in which no other message goes out.
	Window Span
	// Answers says that the message answers what the customer did.
	Answers bool
}

// Permit decides whether a message may be sent. An entry point changes its price, never its
// permission.
func (s *State) Permit(q Request, r *Rules) Permission {
	windows := s.windowsFor(q.Form)
	permission := Permission{EverOpen: len(windows) > 0, Window: lastBegun(windows, q.At)}
	permission.Answers = permission.Window.Contains(q.At)
	if q.Form == HumanAgent && !permission.Answers && s.WindowOpen(q.At) {
		permission.EverOpen, permission.Window, permission.Answers = true, s.WindowAt(q.At), true
	}
	templated := q.Form == Templated || q.Form == Direct
	switch {
	case s.Block.Stopped:
		permission.Refusal = CustomerBlocked
	case (q.NoPromotion || r.NoPromotion) && isMarketing(q.Category):
		permission.Refusal = PromotionRefused
	case templated && s.Marketing.Stopped && isMarketing(q.Category):
		permission.Refusal = MarketingStopped
	case q.Subscription != "":
		permission.Answers = false
		permission.Refusal = s.permitSubscribed(q)
		if permission.Refusal == TooSoon {
			permission.Window = s.marketingPause(q.Subscription)
		}
	case q.Form == PrivateReply:
		permission.Answers = len(r.PrivateReply) > 0 && (permission.Answers || !permission.EverOpen)
		permission.Refusal = s.permitReply(permission.Answers, q.Again)
	case !templated && !permission.Answers && r.OutsideWindow == TemplateOnly:
		permission.Refusal = WindowClosed
	}
	return permission
}

// permitReply decides on a private reply. A comment of which the gateway was not told is the
// upstream's to judge, but it too gets one reply only.
func (s *State) permitReply(inTime, again bool) Refusal {
	switch {
	case s.Replied != 0 && !again:
		return AlreadyReplied
	case !inTime:
		return WindowClosed
	}
	return Permitted
}

// windowsFor are the windows in which a message of the form may be sent.
func (s *State) windowsFor(form Form) []Span {
	switch form {
	case HumanAgent:
		return s.Agent
	case PrivateReply:
		return s.Comments
	}
	return s.Windows
}

// lastBegun returns the latest window that began at or before the instant.
func lastBegun(windows []Span, at int64) Span {
	for _, v := range slices.Backward(windows) {
		if v.From <= at {
			return v
		}
	}
	return Span{}
}

func isMarketing(c Category) bool {
	return c == Marketing || c == MarketingLite || c == GroupMarketing
}
