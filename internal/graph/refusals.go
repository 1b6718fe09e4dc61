package graph

import (
	"fmt"
	"time"
)

// The refusals that a gateway gives in Meta's place. Each is one code of the
// catalogue with a sentence that says what to do.

// OutsideWindow refuses a free-form message (131047). closed is the instant at
// which the customer's service window closed; the zero time says that the
// customer has never written to this number.
func OutsideWindow(closed time.Time) *Error {
	if closed.IsZero() {
		return NewError(CodeReEngagement,
			"No service window: the customer has not written to this number. Send an approved template instead.")
	}
	return NewError(CodeReEngagement, fmt.Sprintf(
		"The service window closed at %s. Send an approved template, or wait for the customer to write.",
		closed.UTC().Format(time.RFC3339)))
}

// InvalidToken answers a request without a valid bearer token (190).
func InvalidToken() *Error {
	return NewError(
		CodeInvalidToken,
		"The access token is missing, malformed or unknown. Send Authorization: Bearer with a current token.",
	)
}

// UnknownPhoneNumberID answers a request for a number that is not served (33).
func UnknownPhoneNumberID() *Error {
	return NewError(
		CodeUnknownPhoneNumberID, "This phone number id is not served here. Use one of the account's channels.",
	)
}

// ThroughputReached asks the caller to come back later (130429).
func ThroughputReached(after time.Duration) *Error {
	e := NewError(CodeThroughput, "Too many messages are waiting. Slow down and send this one again later.")
	e.RetryAfter = after
	return e
}

// BudgetExhausted refuses a billable message (131042). needed and left are
// amounts with their currency, for example "0.0130 USD".
func BudgetExhausted(needed, left string) *Error {
	return NewError(CodePayment, fmt.Sprintf(
		"The account's budget does not cover this message: it can cost %s and %s is left. Raise the budget or wait for the next period.", needed, left))
}

// TemplateNotFound refuses a template that does not exist in the language or is
// not approved (132001).
func TemplateNotFound() *Error {
	return NewError(
		CodeTemplateMissing, "No approved template has this name and language. Check both, and the template's status.",
	)
}

// TemplatePaused refuses a template that Meta has paused (132015).
func TemplatePaused() *Error {
	return NewError(
		CodeTemplatePaused, "The template is paused for low quality. Use another one until the pause ends, or edit it.",
	)
}

// TemplateDisabled refuses a template that Meta has disabled (132016).
func TemplateDisabled() *Error {
	return NewError(CodeTemplateDisabled, "The template is disabled for good. Create a new one with other content.")
}

// MarketingStopped refuses a marketing template (131050).
func MarketingStopped() *Error {
	return NewError(
		CodeMarketingStopped, "The customer has stopped marketing messages. Do not send marketing until they resume.",
	)
}

// MethodNotAllowed answers a request with a method that the path has not (131055).
func MethodNotAllowed() *Error {
	return NewError(
		CodeMethodNotAllowed, "This path does not have this method. Use POST for messages and GET for reads.",
	)
}

// OutcomeUnknown is Unavailable where the message may have been accepted all the same (131016).
func OutcomeUnknown(after time.Duration) *Error {
	e := Unavailable(after)
	e.Details = "Whether the message was stored is not known. Send it again with the same Idempotency-Key; without that header it may be sent twice."
	return e
}

// Faulty says that a fault of the gateway keeps this request from being stored (131000). Others may
// be.
func Faulty() *Error {
	e := NewError(
		CodeInternal,
		"A fault of the gateway kept the message from being stored. It was not accepted; the gateway's log names "+
			"the fault.",
	)
	e.HTTPStatus = 500
	return e
}

// Unavailable asks the caller to come back when the service works again (131016).
func Unavailable(after time.Duration) *Error {
	e := NewError(CodeUnavailable, "The message could not be stored. It was not accepted; send it again.")
	e.HTTPStatus = 503
	e.RetryAfter = after
	return e
}
