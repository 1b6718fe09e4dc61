package graph

import (
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// Error codes that this module emits or decides on. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
const (
	CodeAuthentication       = 0
	CodeUnknown              = 1
	CodeServiceOutage        = 2
	CodeCapability           = 3
	CodeAppRateLimit         = 4
	CodePermission           = 10
	CodeUnknownPhoneNumberID = 33
	CodeInvalidParameter     = 100
	CodeInvalidToken         = 190
	CodeAPIPermission        = 200
	CodePolicyBlock          = 368
	CodePersonUnavailable    = 551
	CodeCallRate             = 613
	// CodeCallbackVerification says that a callback did not answer the handshake.
	CodeCallbackVerification  = 2200
	CodeAccountRateLimit      = 80007
	CodeThroughput            = 130429
	CodeUserInExperiment      = 130472
	CodeCountryRestricted     = 130497
	CodeInternal              = 131000
	CodeAccessDenied          = 131005
	CodeMissingParameter      = 131008
	CodeInvalidValue          = 131009
	CodeUnavailable           = 131016
	CodeRecipientIsSender     = 131021
	CodeUndeliverable         = 131026
	CodeAccountLocked         = 131031
	CodePayment               = 131042
	CodeWrongCertificate      = 131045
	CodeReEngagement          = 131047
	CodeSpamLimit             = 131048
	CodeMarketingLimit        = 131049
	CodeMarketingStopped      = 131050
	CodeUnsupportedType       = 131051
	CodeMediaUpload           = 131053
	CodeMethodNotAllowed      = 131055
	CodePairRateLimit         = 131056
	CodeMaintenance           = 131057
	CodeBadCursor             = 131059
	CodeMaxPrice              = 131061
	CodeUserIDNotSupported    = 131062
	CodeTemplateParameters    = 132000
	CodeTemplateMissing       = 132001
	CodeTemplateTextTooLong   = 132005
	CodeTemplatePolicy        = 132007
	CodeTemplateFormat        = 132012
	CodeTemplatePaused        = 132015
	CodeTemplateDisabled      = 132016
	CodeTemplateBadParameters = 132018
	CodeNotRegistered         = 133010
	CodeNotMarketing          = 134100
	CodeBlockUsersFailed      = 139100
)

// Messenger subcodes: code 10 alone is a missing permission, and only the subcode tells that the
// window is closed. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
const (
	SubcodeOutsideWindow       = 2018278
	SubcodeOutsideWindowLegacy = 2018065
	SubcodeOutsideWindowIG     = 2534022
	SubcodePageRestricted      = 1893063
	SubcodeRestricted          = 2534122
	SubcodeRestrictedThread    = 2534029
	SubcodePersonUnavailable   = 1545041
	SubcodeNotReceiving        = 2018108
	SubcodeNoMatchingUser      = 2018001
	SubcodeOtherAppHasThread   = 2018300
)

// CodeInfo describes an error code.
type CodeInfo struct {
	Code int
	// HTTPStatus accompanies the code when it answers a request. Meta answers
	// rate limits with 400, not 429.
	HTTPStatus int
	// Title is the short constant text of the code.
	Title string
	Class network.Class
	// Wait is the least delay of class Wait; 0 where Meta names none.
	Wait time.Duration
}

// LookupCode describes a code of the catalogue, the permission codes 200 to 299
// included. It returns false for a code that Meta does not document.
func LookupCode(code int) (CodeInfo, bool) {
	if info, ok := catalogue()[code]; ok {
		return info, true
	}
	if info, ok := advertising()[code]; ok {
		return info, true
	}
	if code >= 200 && code <= 299 {
		return CodeInfo{
			Code: code, HTTPStatus: http.StatusForbidden, Title: "API permission missing", Class: network.StopTenant,
		}, true
	}
	return CodeInfo{}, false
}

// classOf classifies any answer: by subcode, then by code, and for a code that
// is not in the catalogue by HTTP status.
func classOf(code, subcode, status int) network.Class {
	switch {
	case isOutsideWindow(subcode):
		return network.Never
	case subcode == SubcodePageRestricted, subcode == SubcodeRestricted, subcode == SubcodeRestrictedThread:
		return network.StopTenant
	case isAboutPerson(subcode):
		return network.Never
	}
	if info, ok := LookupCode(code); ok {
		return info.Class
	}
	switch {
	case status == http.StatusUnauthorized:
		return network.StopTenant
	case status == http.StatusTooManyRequests, status >= 500:
		return network.Backoff
	default:
		return network.Never
	}
}

func isOutsideWindow(subcode int) bool {
	switch subcode {
	case SubcodeOutsideWindow, SubcodeOutsideWindowLegacy, SubcodeOutsideWindowIG:
		return true
	}
	return false
}

// isAboutPerson tells the subcodes that refuse a message for its recipient's sake. They come with
// codes that otherwise say that the channel lacks a permission: 10 and 200.
func isAboutPerson(subcode int) bool {
	switch subcode {
	case SubcodePersonUnavailable, SubcodeNotReceiving, SubcodeNoMatchingUser, SubcodeOtherAppHasThread:
		return true
	}
	return false
}

// CauseOf is what an error of a code is about, as far as the code alone tells.
func CauseOf(code int) network.Cause {
	if IsAdPayment(code) {
		return network.Payment
	}
	switch code {
	case CodeAdSubscriptionStopped:
		return network.StoppedMarketing
	case CodeAdFrequencyCap1, CodeAdFrequencyCap2, CodeAdFrequencyCap3:
		return network.SaturatedMarketing
	case CodeUnknown:
		return network.Unexplained
	case CodePayment:
		return network.Payment
	case CodeInvalidToken, CodeAuthentication:
		return network.Credentials
	case CodeUnknownPhoneNumberID:
		return network.NoSuchChannel
	case CodeReEngagement:
		return network.OutsideWindow
	case CodeMarketingStopped:
		return network.StoppedMarketing
	default:
		return network.OtherCause
	}
}
