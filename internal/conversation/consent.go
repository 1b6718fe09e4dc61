package conversation

// RecordConsent records that the customer agreed to be written to, or withdrew that, at an instant.
// The agreement may have been made anywhere. Source of the rule that people must have agreed:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/getting-opt-in
func (s *State) RecordConsent(granted bool, at int64) { s.Consent.decide(!granted, at) }

// HasConsent reports whether a consent is recorded and was not withdrawn.
func (s *State) HasConsent() bool { return s.Consent.At != 0 && !s.Consent.Stopped }

// ConsentWithdrawn reports whether the customer withdrew consent.
func (s *State) ConsentWithdrawn() bool { return s.Consent.At != 0 && s.Consent.Stopped }
