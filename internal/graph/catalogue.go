package graph

import (
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// catalogue returns the documented codes by number. It is data: the retry classes are Meta's advice
// on each code where there is any, and Never where only a change of the request or the
// configuration can help. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var catalogue = sync.OnceValue(func() map[int]CodeInfo {
	const hour = time.Hour
	list := []CodeInfo{
		{Code: 0, HTTPStatus: 401, Title: "AuthException", Class: network.StopTenant},
		{Code: 1, HTTPStatus: 400, Title: "API Unknown", Class: network.Backoff},
		{Code: 2, HTTPStatus: 503, Title: "API Service", Class: network.Backoff},
		{Code: 3, HTTPStatus: 500, Title: "API Method", Class: network.Never},
		{Code: 4, HTTPStatus: 400, Title: "API Too Many Calls", Class: network.Backoff},
		{Code: 10, HTTPStatus: 403, Title: "API Permission Denied", Class: network.StopTenant},
		{Code: 32, HTTPStatus: 400, Title: "Page request limit reached", Class: network.Backoff},
		{Code: 33, HTTPStatus: 400, Title: "Parameter value is not valid", Class: network.Never},
		{Code: 100, HTTPStatus: 400, Title: "Invalid parameter", Class: network.Never},
		{Code: 190, HTTPStatus: 401, Title: "Access token has expired", Class: network.StopTenant},
		{Code: 368, HTTPStatus: 403, Title: "Temporarily blocked for policies violations", Class: network.StopTenant},
		{Code: 551, HTTPStatus: 400, Title: "This person isn't available right now", Class: network.Never},
		{Code: 613, HTTPStatus: 400, Title: "Calls to this API have exceeded the rate limit", Class: network.Backoff},
		{Code: 1200, HTTPStatus: 400, Title: "Temporary send message failure", Class: network.Backoff},
		{Code: 2200, HTTPStatus: 400, Title: "Callback verification failed", Class: network.Never},
		{Code: 80007, HTTPStatus: 400, Title: "Rate limit issues", Class: network.Backoff},
		{Code: 130429, HTTPStatus: 400, Title: "Rate limit hit", Class: network.Backoff},
		{Code: 130472, HTTPStatus: 400, Title: "User's number is part of an experiment", Class: network.Never},
		{Code: 130497, HTTPStatus: 403, Title: "Business account is restricted from messaging users in this country", Class: network.Never},
		{Code: 131000, HTTPStatus: 500, Title: "Something went wrong", Class: network.Backoff},
		{Code: 131005, HTTPStatus: 403, Title: "Access denied", Class: network.Never},
		{Code: 131008, HTTPStatus: 400, Title: "Required parameter is missing", Class: network.Never},
		{Code: 131009, HTTPStatus: 400, Title: "Parameter value is not valid", Class: network.Never},
		{Code: 131016, HTTPStatus: 500, Title: "Service unavailable", Class: network.Backoff},
		{Code: 131021, HTTPStatus: 400, Title: "Recipient cannot be sender", Class: network.Never},
		{Code: 131026, HTTPStatus: 400, Title: "Message undeliverable", Class: network.Never},
		{Code: 131031, HTTPStatus: 403, Title: "Account has been locked", Class: network.StopTenant},
		{Code: 131036, HTTPStatus: 400, Title: "Message could not be retried without storage", Class: network.Never},
		{Code: 131037, HTTPStatus: 400, Title: "Display name approval is needed", Class: network.Never},
		{Code: 131042, HTTPStatus: 400, Title: "Business eligibility payment issue", Class: network.StopTenant},
		{Code: 131044, HTTPStatus: 400, Title: "Payment method is missing", Class: network.Never},
		{Code: 131045, HTTPStatus: 500, Title: "Incorrect certificate", Class: network.Never},
		{Code: 131047, HTTPStatus: 400, Title: "Re-engagement message", Class: network.Never},
		{Code: 131048, HTTPStatus: 400, Title: "Spam rate limit hit", Class: network.Wait},
		{Code: 131049, HTTPStatus: 400, Title: "Message not delivered to maintain healthy ecosystem engagement", Class: network.Wait, Wait: 24 * hour},
		{Code: 131050, HTTPStatus: 400, Title: "User has stopped receiving marketing messages", Class: network.Never},
		{Code: 131051, HTTPStatus: 400, Title: "Unsupported message type", Class: network.Never},
		{Code: 131052, HTTPStatus: 400, Title: "Media download error", Class: network.Never},
		{Code: 131053, HTTPStatus: 400, Title: "Media upload error", Class: network.Never},
		{Code: 131055, HTTPStatus: 405, Title: "Method not allowed", Class: network.Never},
		{Code: 131056, HTTPStatus: 400, Title: "Pair rate limit hit", Class: network.PairBackoff},
		{Code: 131057, HTTPStatus: 500, Title: "Account in maintenance mode", Class: network.Backoff},
		{Code: 131059, HTTPStatus: 400, Title: "Invalid paging cursor", Class: network.Never},
		{Code: 131061, HTTPStatus: 400, Title: "Template with a maximum price", Class: network.Never},
		{Code: 131062, HTTPStatus: 400, Title: "Business-scoped user id recipients are not supported for this message", Class: network.Never},
		{Code: 131064, HTTPStatus: 400, Title: "Template classification limit", Class: network.Never},
		{Code: 132000, HTTPStatus: 400, Title: "Template param count mismatch", Class: network.Never},
		{Code: 132001, HTTPStatus: 404, Title: "Template does not exist", Class: network.Never},
		{Code: 132005, HTTPStatus: 400, Title: "Template hydrated text too long", Class: network.Never},
		{Code: 132007, HTTPStatus: 400, Title: "Template format character policy violated", Class: network.Never},
		{Code: 132012, HTTPStatus: 400, Title: "Template parameter format mismatch", Class: network.Never},
		{Code: 132015, HTTPStatus: 400, Title: "Template is paused", Class: network.Never},
		{Code: 132016, HTTPStatus: 400, Title: "Template is disabled", Class: network.Never},
		{Code: 132018, HTTPStatus: 400, Title: "Template parameters are not valid", Class: network.Never},
		{Code: 132068, HTTPStatus: 400, Title: "Flow is blocked", Class: network.Never},
		{Code: 132069, HTTPStatus: 400, Title: "Flow is throttled", Class: network.Never},
		{Code: 133000, HTTPStatus: 500, Title: "Incomplete deregistration", Class: network.Backoff},
		{Code: 133004, HTTPStatus: 503, Title: "Server temporarily unavailable", Class: network.Backoff},
		{Code: 133005, HTTPStatus: 400, Title: "Two-step verification PIN mismatch", Class: network.Never},
		{Code: 133006, HTTPStatus: 400, Title: "Phone number re-verification needed", Class: network.Never},
		{Code: 133008, HTTPStatus: 400, Title: "Too many two-step verification PIN guesses", Class: network.Never},
		{Code: 133009, HTTPStatus: 400, Title: "Two-step verification PIN guessed too fast", Class: network.Never},
		{Code: 133010, HTTPStatus: 400, Title: "Phone number not registered", Class: network.StopTenant},
		{Code: 133015, HTTPStatus: 400, Title: "Wait before registering this phone number", Class: network.Wait, Wait: 5 * time.Minute},
		{Code: 133016, HTTPStatus: 400, Title: "Account register or deregister rate limit", Class: network.Wait, Wait: 72 * hour},
		{Code: 134011, HTTPStatus: 400, Title: "Payments terms of service have not been accepted", Class: network.Never},
		{Code: 134100, HTTPStatus: 400, Title: "Only marketing templates are supported", Class: network.Never},
		{Code: 134101, HTTPStatus: 400, Title: "Template is syncing", Class: network.Wait, Wait: 10 * time.Minute},
		{Code: 134102, HTTPStatus: 500, Title: "Template is unavailable for use", Class: network.Never},
		{Code: 135000, HTTPStatus: 400, Title: "Generic user error", Class: network.Never},
		{Code: 139100, HTTPStatus: 400, Title: "Failed to block/unblock users", Class: network.Never},
		{Code: 139101, HTTPStatus: 400, Title: "Block list limit reached", Class: network.Never},
		{Code: 139102, HTTPStatus: 400, Title: "Block list was modified while paging", Class: network.Never},
		{Code: 139103, HTTPStatus: 400, Title: "Internal error while blocking", Class: network.Backoff},
	}
	byCode := make(map[int]CodeInfo, len(list))
	for _, info := range list {
		byCode[info.Code] = info
	}
	return byCode
})
