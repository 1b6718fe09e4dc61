package messenger

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// Refuse implements network.Refuser: each reason is a code and subcode of Meta's, with a sentence
// that says what to do. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
func (n Network) Refuse(r *network.Refusal) network.Error {
	e := n.refuse(r)
	if r.Details != "" {
		e.Message = prefix(e.Code) + r.Details
	}
	e.RetryAfter = r.After
	return e
}

func (n Network) refuse(r *network.Refusal) *graph.Error {
	switch r.Reason {
	case network.OutOfWindow:
		return n.outsideWindow(r.Closed)
	case network.OptedOut:
		return newError(http.StatusForbidden, graph.CodeAPIPermission, 0,
			"The person has stopped marketing messages. Do not send marketing until they resume.")
	case network.Promotional, network.NoConsent, network.Unpaid, network.Suspended, network.Forbidden:
		return newError(http.StatusForbidden, graph.CodeAPIPermission, 0, "The message may not be sent.")
	case network.OverBudget:
		return newError(http.StatusForbidden, graph.CodeAPIPermission, 0, fmt.Sprintf(
			"The account's budget does not cover this message: it can cost %s and %s is left. "+
				"Raise the budget or wait for the next period.", r.Needed, r.Left))
	case network.Undeliverable:
		return newError(http.StatusBadRequest, graph.CodePersonUnavailable, graph.SubcodePersonUnavailable,
			"This person isn't available right now.")
	case network.SubscriptionLimit:
		return newError(http.StatusBadRequest, graph.CodeAdTooSoon, 0,
			"The minimum delay between marketing messages to this person has not been reached.")
	case network.CustomerLimit, network.Busy:
		return newError(http.StatusBadRequest, graph.CodeCallRate, 0,
			"Too many messages are waiting. Slow down and send this one again later.")
	case network.Unauthenticated:
		return newError(http.StatusUnauthorized, graph.CodeInvalidToken, 0, "The access token is missing, malformed "+
			"or unknown. Give a current token as access_token or as Authorization: Bearer.")
	case network.UnknownChannel, network.UnknownObject, network.NoSuchPath, network.NoMethod, network.NoMedia:
		return unknownObject(r.Reason)
	}
	return failed(r)
}

// failed is the refusal of what cannot be done now, and of what does not fit.
func failed(r *network.Refusal) *graph.Error {
	switch r.Reason {
	case network.Unavailable:
		return newError(http.StatusServiceUnavailable, graph.CodeServiceOutage, 0,
			"The message could not be stored. It was not accepted; send it again.")
	case network.OutcomeUnknown:
		return newError(http.StatusServiceUnavailable, graph.CodeServiceOutage, 0, "Whether the message was stored is "+
			"not known. Send it again with the same Idempotency-Key; without that header it may be sent twice.")
	case network.Silent:
		return newError(http.StatusServiceUnavailable, graph.CodeServiceOutage, 0, "The upstream did not answer.")
	case network.Fault, network.Broken:
		return newError(http.StatusInternalServerError, graph.CodeUnknown, 0, "A fault of the gateway kept the "+
			"message from being stored. It was not accepted; the gateway's log names the fault.")
	case network.NoTemplate:
		return invalid("No approved template of this page has this name and language. Check both, and its status.")
	case network.PausedTemplate:
		return invalid("The template is paused for low quality. Use another one until the pause ends, or edit it.")
	case network.DisabledTemplate:
		return invalid("The template is disabled for good. Create a new one with other content.")
	case network.TemplateMismatch:
		return invalid(r.Mismatch.Details)
	case network.TooLarge:
		return withStatus(http.StatusRequestEntityTooLarge)
	case network.TooSlow:
		return withStatus(http.StatusRequestTimeout)
	default: // network.Malformed, network.InvalidValue
		return invalid("Invalid parameter")
	}
}

// outsideWindow says when the window closed, or that it never was open.
func (n Network) outsideWindow(closed time.Time) *graph.Error {
	subcode := graph.SubcodeOutsideWindow
	advice := `Send an approved utility template with messaging_type "UTILITY", or wait for the person to write.`
	if n.Instagram {
		subcode, advice = graph.SubcodeOutsideWindowIG, "Wait for the person to write."
	}
	when := "The person has not written to this channel."
	if !closed.IsZero() {
		when = "The window closed at " + closed.UTC().Format(time.RFC3339) + "."
	}
	return newError(http.StatusBadRequest, graph.CodePermission, subcode,
		"This message is sent outside of allowed window. "+when+" "+advice)
}

// unknownObject answers a call on what is not there as the Graph API does.
func unknownObject(reason network.Reason) *graph.Error {
	sentence := "Unsupported request. The object does not exist here, or it has no such call. " +
		"Use the ids of the account's channels, or me with a token of one channel."
	if reason == network.UnknownChannel {
		sentence = "Unsupported request. No channel of the account has this id, or me names none: use the id of the " +
			"page, or a token whose name is that of the channel."
	}
	e := newError(http.StatusBadRequest, graph.CodeInvalidParameter, graph.CodeUnknownPhoneNumberID, sentence)
	e.Type = "GraphMethodException"
	return e
}

func invalid(sentence string) *graph.Error {
	return newError(http.StatusBadRequest, graph.CodeInvalidParameter, 0, sentence)
}

func withStatus(status int) *graph.Error {
	return newError(status, graph.CodeInvalidParameter, 0, cmp.Or(http.StatusText(status), "Invalid parameter"))
}

func newError(status, code, subcode int, sentence string) *graph.Error {
	return &graph.Error{
		HTTPStatus: status, Code: code, Subcode: subcode, Type: "OAuthException", Message: prefix(code) + sentence,
	}
}

func prefix(code int) string { return "(#" + strconv.Itoa(code) + ") " }

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

// restricted is the error that messages of a channel meet that Meta has blocked.
func restricted() *graph.Error {
	return newError(http.StatusForbidden, graph.CodePermission, graph.SubcodePageRestricted,
		"Meta has blocked the channel from sending messages. Look into the page's quality tab and appeal there.")
}
