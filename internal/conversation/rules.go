package conversation

// Rules are the parts of a price plan's revision that govern windows. They never change after the
// plan is compiled.
type Rules struct {
	Openings      []Opening       // what opens or restarts the service window, and for how long
	HumanAgent    []Opening       // the same for messages of the form HumanAgent
	PrivateReply  []Opening       // the same for messages of the form PrivateReply
	EntryPoint    EntryPointRules // the free entry point; without a length there is none
	OutsideWindow Outside         // what becomes of a free-form message outside the window
	NoPromotion   bool            // nothing of the category marketing may be sent
}

// Opening says that an event of the set opens the service window for a number of seconds.
type Opening struct {
	Events  Events
	Seconds int64
}

// EntryPointRules say how an entry point opens.
type EntryPointRules struct {
	Opens        Events // the events that make a customer eligible
	ReplySeconds int64  // the business must send its reply within so many seconds of the event
	Seconds      int64  // length of the entry point, from StartsAt on
	StartsAt     Clock  // which instant of the reply starts it
	// An expiry that the upstream states replaces the length. It also opens an entry point that is
	// not known here.
	TrustsUpstream      bool
	ClosesConversations bool // it closes all other open conversations
}

// Outside is what becomes of a free-form message outside the service window.
type Outside uint8

// What becomes of a free-form message outside the service window.
const (
	TemplateOnly Outside = iota // it is refused: only an approved template may be sent
	Billed                      // it may be sent and is billed, as announced in 2018
)

// Clock is the instant of an outbound message by which something is decided.
type Clock uint8

// The instants.
const (
	AtSend     Clock = iota // when the business sent it
	AtDelivery              // when it was delivered
)

// Pick returns the instant that the clock selects.
func (c Clock) Pick(sentAt, deliveredAt int64) int64 {
	if c == AtSend {
		return sentAt
	}
	return deliveredAt
}

// secondsOf returns for how long the inbound event opens what the openings are of, or 0.
func secondsOf(openings []Opening, events Events) int64 {
	var longest int64
	for _, opening := range openings {
		if opening.Events&events != 0 {
			longest = max(longest, opening.Seconds)
		}
	}
	return longest
}
