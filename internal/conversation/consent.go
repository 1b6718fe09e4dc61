package conversation

// RecordConsent records that the customer agreed to be written to (or took that back) at an instant, wherever the agreement was made.
// Source of the rule that people must have agreed: https://developers.facebook.com/documentation/business-messaging/whatsapp/getting-opt-in
func (s *State) RecordConsent(granted bool, at int64) { s.Consent.decide(!granted, at) }

// HasConsent tells whether an agreement is recorded that was not taken back.
func (s *State) HasConsent() bool { return s.Consent.At != 0 && !s.Consent.Stopped }

// ConsentWithdrawn tells whether the customer took an agreement back.
func (s *State) ConsentWithdrawn() bool { return s.Consent.At != 0 && s.Consent.Stopped }

// Follow takes over what was refused under another number of the same customer: the marketing that was stopped, the consent that was taken back, the block. What was
// allowed there is not: a number must be agreed to by itself. It tells whether that changes anything; repeating it does not.
func (s *State) Follow(earlier *State) (changed bool) {
	for _, p := range [...]struct{ to, from *Preference }{
		{&s.Marketing, &earlier.Marketing}, {&s.Block, &earlier.Block}, {&s.Consent, &earlier.Consent},
	} {
		before := *p.to
		if p.from.Stopped {
			p.to.decide(true, p.from.At)
		}
		changed = changed || *p.to != before
	}
	return changed
}
