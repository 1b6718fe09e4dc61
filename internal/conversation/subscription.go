package conversation

import (
	"cmp"
	"slices"
)

// Subscription is the agreement of a customer to be sent marketing messages, by which alone such
// messages go out on some networks.
type Subscription struct {
	// Key is what it is known by: no address, and nothing that a message can be sent to.
	Key string `json:"key"`
	// Choice is whether it was taken back, and Told when the customer has last agreed.
	Choice Preference `json:"choice,omitzero"`
	Told   int64      `json:"told,omitempty"`
	// Expires is when it ends, in Unix seconds; 0 if it does not.
	Expires int64 `json:"expires,omitempty"`
	// Frequency is the network's word for how often messages may come, and Every the least time
	// between two of them, in seconds.
	Frequency string `json:"frequency,omitempty"`
	Every     int64  `json:"every,omitempty"`
	// Zone is the customer's time zone; empty if the network tells none.
	Zone string `json:"zone,omitempty"`
	// Accepted are the latest messages that were accepted for it, in their order.
	Accepted []Accepted `json:"accepted,omitempty"`
}

// Accepted is a message, by its id, that was accepted at an instant.
type Accepted struct {
	ID string `json:"id"`
	At int64  `json:"at"` // Unix seconds
}

// Bounds of what is remembered: subscriptions of one customer, and messages of one subscription,
// which at one in twelve hours are those of a week.
const (
	maxSubscriptions = 16
	maxAccepted      = 14
)

// Subscribe records what the customer has decided about a subscription at an instant. Repeating it,
// or hearing of decisions in another order, changes nothing. A new agreement takes back a stop of
// all marketing that came before it.
func (s *State) Subscribe(told Subscription, stopped bool, at int64) {
	known := s.Subscription(told.Key)
	if known == nil {
		s.Subscriptions = append(s.Subscriptions, Subscription{Key: told.Key})
		if len(s.Subscriptions) > maxSubscriptions {
			s.Subscriptions = slices.Delete(s.Subscriptions, 0, 1)
		}
		known = &s.Subscriptions[len(s.Subscriptions)-1]
	}
	known.Choice.decide(stopped, at)
	if at < known.Told || stopped {
		return
	}
	known.Told, known.Expires, known.Every = at, told.Expires, told.Every
	known.Frequency, known.Zone = told.Frequency, told.Zone
	s.StopMarketing(false, at)
}

// Subscription returns the subscription with a key; nil if there is none.
func (s *State) Subscription(key string) *Subscription {
	i := slices.IndexFunc(s.Subscriptions, func(known Subscription) bool { return known.Key == key })
	if i < 0 {
		return nil
	}
	return &s.Subscriptions[i]
}

// RecordMarketing records that a message was accepted for a subscription.
func (s *State) RecordMarketing(key, id string, at int64) {
	if known := s.Subscription(key); known != nil {
		known.add(Accepted{id, at})
	}
}

// ForgetMarketing takes RecordMarketing back for a message that the network has not taken.
func (s *State) ForgetMarketing(key, id string) {
	if known := s.Subscription(key); known != nil {
		known.Accepted = slices.DeleteFunc(known.Accepted, func(a Accepted) bool { return a.ID == id })
	}
}

// add inserts a message in order, once.
func (k *Subscription) add(message Accepted) {
	at, found := slices.BinarySearchFunc(k.Accepted, message, func(a, b Accepted) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	if !found {
		k.Accepted = slices.Insert(k.Accepted, at, message)
	}
	if n := len(k.Accepted) - maxAccepted; n > 0 {
		k.Accepted = slices.Delete(k.Accepted, 0, n)
	}
}

// HoldMarketing keeps marketing messages back for a span, or until the customer does something in
// it.
func (s *State) HoldMarketing(span Span) {
	if span.To > s.MarketingHeld.To {
		s.MarketingHeld = span
	}
}

// releaseMarketing ends HoldMarketing when the customer does something at an instant.
func (s *State) releaseMarketing(at int64) {
	if at >= s.MarketingHeld.From {
		s.MarketingHeld = Span{}
	}
}

// permitSubscribed decides on a marketing message to somebody who has agreed to it.
func (s *State) permitSubscribed(q Request) Refusal {
	known := s.Subscription(q.Subscription)
	switch {
	case known == nil:
		return NotSubscribed
	case known.Choice.Stopped, s.ConsentWithdrawn() && s.Consent.At >= known.Told:
		return MarketingStopped
	case known.Expires != 0 && q.At >= known.Expires:
		return SubscriptionOver
	case !q.Again && q.At < s.marketingPause(q.Subscription).To:
		return TooSoon
	}
	return Permitted
}

// marketingPause is the time in which a subscription gets no other message: after the last one, or
// because the network takes none.
func (s *State) marketingPause(key string) Span {
	pause := s.MarketingHeld
	known := s.Subscription(key)
	if known == nil || len(known.Accepted) == 0 {
		return pause
	}
	latest := known.Accepted[len(known.Accepted)-1].At
	if own := (Span{From: latest, To: latest + known.Every}); own.To >= pause.To {
		return own
	}
	return pause
}

// uniteSubscriptions merges the subscriptions of a customer who turns out to be this one.
func (s *State) uniteSubscriptions(others []Subscription) {
	for _, other := range others {
		known := s.Subscription(other.Key)
		if known == nil {
			s.Subscriptions = append(s.Subscriptions, other)
			continue
		}
		known.Choice.decide(other.Choice.Stopped, other.Choice.At)
		for _, message := range other.Accepted {
			known.add(message)
		}
		if other.Told > known.Told {
			known.Told, known.Expires, known.Every = other.Told, other.Expires, other.Every
			known.Frequency, known.Zone = other.Frequency, other.Zone
		}
	}
	slices.SortStableFunc(s.Subscriptions, func(a, b Subscription) int {
		return cmp.Or(cmp.Compare(a.Told, b.Told), cmp.Compare(a.Key, b.Key))
	})
	if n := len(s.Subscriptions) - maxSubscriptions; n > 0 {
		s.Subscriptions = slices.Delete(s.Subscriptions, 0, n)
	}
}

// pruneSubscriptions drops those that ended more than Retention before now.
func (s *State) pruneSubscriptions(limit int64) {
	s.Subscriptions = slices.DeleteFunc(s.Subscriptions, func(known Subscription) bool {
		return known.Expires != 0 && known.Expires < limit
	})
}
