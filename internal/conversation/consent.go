package conversation

// RecordConsent records that the customer agreed to be written to (or took that back) at an
// instant, wherever the agreement was made. Source of the rule that people must have agreed:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/getting-opt-in
func (s *State) RecordConsent(granted bool, at int64) { s.Consent.decide(!granted, at) }

// HasConsent tells whether an agreement is recorded that was not taken back.
func (s *State) HasConsent() bool { return s.Consent.At != 0 && !s.Consent.Stopped }

// ConsentWithdrawn tells whether the customer took an agreement back.
func (s *State) ConsentWithdrawn() bool { return s.Consent.At != 0 && s.Consent.Stopped }
