package graph

import (
	"sync"
	"time"
)

// catalogue returns the documented codes by number. It is data: the retry classes are Meta's advice
// on each code where there is any, and Never where only a change of the request or the
// configuration can help. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var catalogue = sync.OnceValue(func() map[int]CodeInfo {
	const hour = time.Hour
	list := []CodeInfo{
		{Code: 0, HTTPStatus: 401, Title: "AuthException", Class: StopTenant},
		{Code: 1, HTTPStatus: 400, Title: "API Unknown", Class: Backoff},
		{Code: 2, HTTPStatus: 503, Title: "API Service", Class: Backoff},
		{Code: 3, HTTPStatus: 500, Title: "API Method", Class: Never},
		{Code: 4, HTTPStatus: 400, Title: "API Too Many Calls", Class: Backoff},
		{Code: 10, HTTPStatus: 403, Title: "API Permission Denied", Class: StopTenant},
		{Code: 33, HTTPStatus: 400, Title: "Parameter value is not valid", Class: Never},
		{Code: 100, HTTPStatus: 400, Title: "Invalid parameter", Class: Never},
		{Code: 190, HTTPStatus: 401, Title: "Access token has expired", Class: StopTenant},
		{Code: 368, HTTPStatus: 403, Title: "Temporarily blocked for policies violations", Class: StopTenant},
		{Code: 551, HTTPStatus: 400, Title: "This person isn't available right now", Class: Never},
		{Code: 613, HTTPStatus: 400, Title: "Calls to this API have exceeded the rate limit", Class: Backoff},
		{Code: 1200, HTTPStatus: 400, Title: "Temporary send message failure", Class: Backoff},
		{Code: 80007, HTTPStatus: 400, Title: "Rate limit issues", Class: Backoff},
		{Code: 130429, HTTPStatus: 400, Title: "Rate limit hit", Class: Backoff},
		{Code: 130472, HTTPStatus: 400, Title: "User's number is part of an experiment", Class: Never},
		{Code: 130497, HTTPStatus: 403, Title: "Business account is restricted from messaging users in this country", Class: Never},
		{Code: 131000, HTTPStatus: 500, Title: "Something went wrong", Class: Backoff},
		{Code: 131005, HTTPStatus: 403, Title: "Access denied", Class: Never},
		{Code: 131008, HTTPStatus: 400, Title: "Required parameter is missing", Class: Never},
		{Code: 131009, HTTPStatus: 400, Title: "Parameter value is not valid", Class: Never},
		{Code: 131016, HTTPStatus: 500, Title: "Service unavailable", Class: Backoff},
		{Code: 131021, HTTPStatus: 400, Title: "Recipient cannot be sender", Class: Never},
		{Code: 131026, HTTPStatus: 400, Title: "Message undeliverable", Class: Never},
		{Code: 131031, HTTPStatus: 403, Title: "Account has been locked", Class: StopTenant},
		{Code: 131036, HTTPStatus: 400, Title: "Message could not be retried without storage", Class: Never},
		{Code: 131037, HTTPStatus: 400, Title: "Display name approval is needed", Class: Never},
		{Code: 131042, HTTPStatus: 400, Title: "Business eligibility payment issue", Class: StopTenant},
		{Code: 131044, HTTPStatus: 400, Title: "Payment method is missing", Class: Never},
		{Code: 131045, HTTPStatus: 500, Title: "Incorrect certificate", Class: Never},
		{Code: 131047, HTTPStatus: 400, Title: "Re-engagement message", Class: Never},
		{Code: 131048, HTTPStatus: 400, Title: "Spam rate limit hit", Class: Wait},
		{Code: 131049, HTTPStatus: 400, Title: "Message not delivered to maintain healthy ecosystem engagement", Class: Wait, Wait: 24 * hour},
		{Code: 131050, HTTPStatus: 400, Title: "User has stopped receiving marketing messages", Class: Never},
		{Code: 131051, HTTPStatus: 400, Title: "Unsupported message type", Class: Never},
		{Code: 131052, HTTPStatus: 400, Title: "Media download error", Class: Never},
		{Code: 131053, HTTPStatus: 400, Title: "Media upload error", Class: Never},
		{Code: 131055, HTTPStatus: 405, Title: "Method not allowed", Class: Never},
		{Code: 131056, HTTPStatus: 400, Title: "Pair rate limit hit", Class: PairBackoff},
		{Code: 131057, HTTPStatus: 500, Title: "Account in maintenance mode", Class: Backoff},
		{Code: 131059, HTTPStatus: 400, Title: "Invalid paging cursor", Class: Never},
		{Code: 131061, HTTPStatus: 400, Title: "Template with a maximum price", Class: Never},
		{Code: 131062, HTTPStatus: 400, Title: "Business-scoped user id recipients are not supported for this message", Class: Never},
		{Code: 131064, HTTPStatus: 400, Title: "Template classification limit", Class: Never},
		{Code: 132000, HTTPStatus: 400, Title: "Template param count mismatch", Class: Never},
		{Code: 132001, HTTPStatus: 404, Title: "Template does not exist", Class: Never},
		{Code: 132005, HTTPStatus: 400, Title: "Template hydrated text too long", Class: Never},
		{Code: 132007, HTTPStatus: 400, Title: "Template format character policy violated", Class: Never},
		{Code: 132012, HTTPStatus: 400, Title: "Template parameter format mismatch", Class: Never},
		{Code: 132015, HTTPStatus: 400, Title: "Template is paused", Class: Never},
		{Code: 132016, HTTPStatus: 400, Title: "Template is disabled", Class: Never},
		{Code: 132018, HTTPStatus: 400, Title: "Template parameters are not valid", Class: Never},
		{Code: 132068, HTTPStatus: 400, Title: "Flow is blocked", Class: Never},
		{Code: 132069, HTTPStatus: 400, Title: "Flow is throttled", Class: Never},
		{Code: 133000, HTTPStatus: 500, Title: "Incomplete deregistration", Class: Backoff},
		{Code: 133004, HTTPStatus: 503, Title: "Server temporarily unavailable", Class: Backoff},
		{Code: 133005, HTTPStatus: 400, Title: "Two-step verification PIN mismatch", Class: Never},
		{Code: 133006, HTTPStatus: 400, Title: "Phone number re-verification needed", Class: Never},
		{Code: 133008, HTTPStatus: 400, Title: "Too many two-step verification PIN guesses", Class: Never},
		{Code: 133009, HTTPStatus: 400, Title: "Two-step verification PIN guessed too fast", Class: Never},
		{Code: 133010, HTTPStatus: 400, Title: "Phone number not registered", Class: StopTenant},
		{Code: 133015, HTTPStatus: 400, Title: "Wait before registering this phone number", Class: Wait, Wait: 5 * time.Minute},
		{Code: 133016, HTTPStatus: 400, Title: "Account register or deregister rate limit", Class: Wait, Wait: 72 * hour},
		{Code: 134011, HTTPStatus: 400, Title: "Payments terms of service have not been accepted", Class: Never},
		{Code: 134100, HTTPStatus: 400, Title: "Only marketing templates are supported", Class: Never},
		{Code: 134101, HTTPStatus: 400, Title: "Template is syncing", Class: Wait, Wait: 10 * time.Minute},
		{Code: 134102, HTTPStatus: 500, Title: "Template is unavailable for use", Class: Never},
		{Code: 135000, HTTPStatus: 400, Title: "Generic user error", Class: Never},
		{Code: 139100, HTTPStatus: 400, Title: "Failed to block/unblock users", Class: Never},
		{Code: 139101, HTTPStatus: 400, Title: "Block list limit reached", Class: Never},
		{Code: 139102, HTTPStatus: 400, Title: "Block list was modified while paging", Class: Never},
		{Code: 139103, HTTPStatus: 400, Title: "Internal error while blocking", Class: Backoff},
	}
	byCode := make(map[int]CodeInfo, len(list))
	for _, info := range list {
		byCode[info.Code] = info
	}
	return byCode
})
