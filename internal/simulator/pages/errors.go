package pages

import (
	"net/http"
	"strconv"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Codes and subcodes of the Messenger Platform. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
const (
	codeRate             = 613
	codePermission       = 200
	codeUserUnavailable  = 551
	codeAlreadyReplied   = 10900
	subcodeMissingObject = 33

	subcodeOutsideWindow          = 2018278
	subcodeOutsideWindowInstagram = 2534022
	subcodeNoUser                 = 2018001
	subcodeUnavailable            = 1545041
	subcodeRestricted             = 1893063
	subcodeOtherAppHasThread      = 2018300
	subcodeMenuNeedsButton        = 2018145
)

// refuse is an error as the Graph API answers it. Codes above 199 that mean permissions, and those
// about the token, have no number in their text.
func refuse(code, subcode int, text string) *graph.Error {
	failure := &graph.Error{
		HTTPStatus: http.StatusBadRequest, Code: code, Subcode: subcode, Type: "OAuthException", Message: text,
	}
	if code != graph.CodeInvalidToken && subcode != subcodeMissingObject {
		failure.Message = "(#" + strconv.Itoa(code) + ") " + text
	}
	return failure
}

func invalid(text string) *graph.Error { return refuse(graph.CodeInvalidParameter, 0, text) }
