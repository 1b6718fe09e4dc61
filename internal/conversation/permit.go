package conversation

import "slices"

// Request is a message that a business wants to send.
type Request struct {
	At       int64 // Unix seconds
	Form     Form
	Category Category // of a template or a direct send; None otherwise
	// NoPromotion says that the business itself sends no marketing, whatever the rules say.
	NoPromotion bool
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
)

// Verdict says whether a message may be sent, and what a refusal can say about the service window.
type Verdict struct {
	Refusal  Refusal
	EverOpen bool // whether a service window was ever open
	// Window is the service window that holds the message, or else the last one that began before
	// it.
	Window Span
}

// Permit decides whether a message may be sent. An entry point changes its price, never its
// permission.
func (s *State) Permit(q Request, r *Rules) Verdict {
	verdict := Verdict{EverOpen: len(s.Windows) > 0, Window: s.lastWindow(q.At)}
	templated := q.Form == Templated || q.Form == Direct
	switch {
	case s.Block.Stopped:
		verdict.Refusal = CustomerBlocked
	case (q.NoPromotion || r.NoPromotion) && isMarketing(q.Category):
		verdict.Refusal = PromotionRefused
	case templated && s.Marketing.Stopped && isMarketing(q.Category):
		verdict.Refusal = MarketingStopped
	case !templated && !verdict.Window.Contains(q.At) && r.OutsideWindow == TemplateOnly:
		verdict.Refusal = WindowClosed
	}
	return verdict
}

// lastWindow returns the latest service window that began at or before the instant.
func (s *State) lastWindow(at int64) Span {
	for _, v := range slices.Backward(s.Windows) {
		if v.From <= at {
			return v
		}
	}
	return Span{}
}

func isMarketing(c Category) bool {
	return c == Marketing || c == MarketingLite || c == GroupMarketing
}
