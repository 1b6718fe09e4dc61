package whatsapp

import (
	"fmt"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

// Refuse implements network.Refuser: each reason is one code of the catalogue, with a sentence that
// says what to do.
func (Network) Refuse(r *network.Refusal) network.Error {
	e := refuse(r)
	if r.Details != "" {
		e.Details = r.Details
	}
	return e
}

func refuse(r *network.Refusal) *graph.Error {
	switch r.Reason {
	case network.OutOfWindow:
		return OutsideWindow(r.Closed)
	case network.OptedOut:
		return MarketingStopped()
	case network.OverBudget:
		return BudgetExhausted(r.Needed, r.Left)
	case network.NoTemplate:
		return TemplateNotFound()
	case network.PausedTemplate:
		return TemplatePaused()
	case network.DisabledTemplate:
		return TemplateDisabled()
	case network.TemplateMismatch:
		return MismatchError(r.Mismatch)
	case network.CustomerLimit:
		return retryable(graph.NewError(graph.CodeSpamLimit, ""), r.After)
	case network.Unauthenticated:
		return InvalidToken()
	case network.UnknownChannel:
		return UnknownPhoneNumberID()
	case network.UnknownObject:
		return UnknownObject()
	case network.NoMedia:
		return MediaNotServed()
	case network.NoMethod:
		return MethodNotAllowed()
	case network.Busy:
		return ThroughputReached(r.After)
	case network.Unavailable:
		return Unavailable(r.After)
	case network.OutcomeUnknown:
		return OutcomeUnknown(r.After)
	case network.Fault:
		return Faulty()
	default:
		return detailed(r.Reason)
	}
}

// detailed is the refusal for a reason that has no sentence of its own.
func detailed(reason network.Reason) *graph.Error {
	switch reason {
	case network.InvalidValue:
		return graph.NewError(graph.CodeInvalidValue, "")
	case network.TooLarge:
		return withStatus(graph.CodeInvalidParameter, http.StatusRequestEntityTooLarge)
	case network.TooSlow:
		return withStatus(graph.CodeInvalidParameter, http.StatusRequestTimeout)
	case network.NoSuchPath:
		return withStatus(graph.CodeInvalidParameter, http.StatusNotFound)
	case network.Forbidden:
		return withStatus(graph.CodePermission, http.StatusForbidden)
	case network.Undeliverable:
		return graph.NewError(graph.CodeUndeliverable, "")
	case network.NoConsent, network.Promotional:
		return graph.NewError(graph.CodeAccessDenied, "")
	case network.Unpaid:
		return graph.NewError(graph.CodePayment, "")
	case network.Suspended:
		return graph.NewError(graph.CodeAccountLocked, "")
	case network.Silent:
		return graph.NewError(graph.CodeUnavailable, "")
	case network.Broken:
		return graph.NewError(graph.CodeInternal, "")
	default: // network.Malformed
		return graph.NewError(graph.CodeInvalidParameter, "")
	}
}

func withStatus(code, status int) *graph.Error {
	e := graph.NewError(code, "")
	e.HTTPStatus = status
	return e
}

func retryable(e *graph.Error, after time.Duration) *graph.Error {
	e.RetryAfter = after
	return e
}

// OutsideWindow refuses a free-form message (131047). closed is the instant at
// which the customer's service window closed; the zero time says that the
// customer has never written to this number.
func OutsideWindow(closed time.Time) *graph.Error {
	if closed.IsZero() {
		return graph.NewError(graph.CodeReEngagement,
			"No service window: the customer has not written to this number. Send an approved template instead.")
	}
	return graph.NewError(graph.CodeReEngagement, fmt.Sprintf(
		"The service window closed at %s. Send an approved template, or wait for the customer to write.",
		closed.UTC().Format(time.RFC3339)))
}

// InvalidToken answers a request without a valid bearer token (190).
func InvalidToken() *graph.Error {
	return graph.NewError(
		graph.CodeInvalidToken,
		"The access token is missing, malformed or unknown. Send Authorization: Bearer with a current token.",
	)
}

// UnknownPhoneNumberID answers a request for a number that is not served (33).
func UnknownPhoneNumberID() *graph.Error {
	return graph.NewError(
		graph.CodeUnknownPhoneNumberID, "This phone number id is not served here. Use one of the account's channels.",
	)
}

// ThroughputReached asks the caller to come back later (130429).
func ThroughputReached(after time.Duration) *graph.Error {
	return retryable(graph.NewError(graph.CodeThroughput,
		"Too many messages are waiting. Slow down and send this one again later."), after)
}

// BudgetExhausted refuses a billable message (131042). needed and left are
// amounts with their currency, for example "0.0130 USD".
func BudgetExhausted(needed, left string) *graph.Error {
	return graph.NewError(graph.CodePayment, fmt.Sprintf(
		"The account's budget does not cover this message: it can cost %s and %s is left. "+
			"Raise the budget or wait for the next period.", needed, left,
	))
}

// TemplateNotFound refuses a template that does not exist in the language or is
// not approved (132001).
func TemplateNotFound() *graph.Error {
	return graph.NewError(
		graph.CodeTemplateMissing,
		"No approved template has this name and language. Check both, and the template's status.",
	)
}

// TemplatePaused refuses a template that Meta has paused (132015).
func TemplatePaused() *graph.Error {
	return graph.NewError(
		graph.CodeTemplatePaused,
		"The template is paused for low quality. Use another one until the pause ends, or edit it.",
	)
}

// TemplateDisabled refuses a template that Meta has disabled (132016).
func TemplateDisabled() *graph.Error {
	return graph.NewError(
		graph.CodeTemplateDisabled, "The template is disabled for good. Create a new one with other content.",
	)
}

// MarketingStopped refuses a marketing template (131050).
func MarketingStopped() *graph.Error {
	return graph.NewError(
		graph.CodeMarketingStopped,
		"The customer has stopped marketing messages. Do not send marketing until they resume.",
	)
}

// MethodNotAllowed answers a request with a method that the path has not (131055).
func MethodNotAllowed() *graph.Error {
	return graph.NewError(
		graph.CodeMethodNotAllowed, "This path does not have this method. Use POST for messages and GET for reads.",
	)
}

// OutcomeUnknown is Unavailable where the message may have been accepted all the same (131016).
func OutcomeUnknown(after time.Duration) *graph.Error {
	e := Unavailable(after)
	e.Details = "Whether the message was stored is not known. Send it again with the same Idempotency-Key; " +
		"without that header it may be sent twice."
	return e
}

// Faulty says that a fault of the gateway keeps this request from being stored (131000). Others may
// be.
func Faulty() *graph.Error {
	e := graph.NewError(
		graph.CodeInternal,
		"A fault of the gateway kept the message from being stored. It was not accepted; the gateway's log names "+
			"the fault.",
	)
	e.HTTPStatus = 500
	return e
}

// Unavailable asks the caller to come back when the service works again (131016).
func Unavailable(after time.Duration) *graph.Error {
	e := graph.NewError(graph.CodeUnavailable, "The message could not be stored. It was not accepted; send it again.")
	e.HTTPStatus = 503
	e.RetryAfter = after
	return e
}

// UnknownObject answers a call on an id that is none of the account's objects (100 with subcode
// 33), as the Graph API does where an object does not exist or may not be seen.
func UnknownObject() *graph.Error {
	e := graph.NewError(
		graph.CodeInvalidParameter,
		"No object of this account has this id, or it has no such call. Use the ids of the account's phone numbers, "+
			"its business account, its templates, its media and its flows.",
	)
	e.Message = "Unsupported request. The object does not exist, may not be read, or has no such call."
	e.Type, e.Subcode = "GraphMethodException", graph.CodeUnknownPhoneNumberID
	return e
}

// MediaNotServed answers requests for files on a channel that has none.
func MediaNotServed() *graph.Error {
	e := graph.NewError(graph.CodeInvalidParameter, "This channel has no media.")
	e.HTTPStatus = http.StatusNotFound
	return e
}

// MismatchError is what is told of parameters that do not fit their template. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func MismatchError(m *template.Mismatch) *graph.Error {
	switch m.Kind {
	case template.WrongCount:
		return graph.NewError(graph.CodeTemplateParameters, m.Details)
	case template.TooLong:
		return graph.NewError(graph.CodeTemplateTextTooLong, m.Details)
	case template.WrongFormat:
	}
	return graph.NewError(graph.CodeTemplateFormat, m.Details)
}

// CheckTemplate implements network.Sender.
func (Network) CheckTemplate(status string) *network.Refusal {
	switch status {
	case graph.TemplateApproved, graph.TemplateReinstated:
		return nil
	case graph.TemplateStatusPaused:
		return &network.Refusal{Reason: network.PausedTemplate}
	case graph.TemplateStatusDisabled:
		return &network.Refusal{Reason: network.DisabledTemplate}
	default:
		return &network.Refusal{Reason: network.NoTemplate}
	}
}
