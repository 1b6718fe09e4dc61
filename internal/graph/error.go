package graph

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Error is an error in Meta's shape: an answer of Meta, or one that a gateway
// or simulator gives in Meta's place.
type Error struct {
	// HTTPStatus is the status of the answer, for example 400.
	HTTPStatus int
	// Code and Subcode identify the error; match on them, never on texts.
	Code, Subcode int
	// Type is Meta's exception class, nearly always "OAuthException".
	Type string
	// Message is "(#code) title". Title and Details are text for people.
	Message, Details string
	// TraceID is Meta's fbtrace_id, or that of whoever answers with an error made here.
	TraceID string
	// RetryAfter is the delay that the Retry-After header asked for, or 0.
	RetryAfter time.Duration
	// Paced says that the answer tells, in RetryAfter, when the same request would be taken.
	Paced bool
	// Foreign says that the answer held no error object of Meta's: something
	// on the way, such as a proxy, may have given it.
	Foreign bool
}

const (
	errorType       = "OAuthException"
	exceptionSuffix = "Exception"
	// messagingProduct stands in the details of every error.
	messagingProduct = "whatsapp"
	maxErrorText     = 1000
)

// NewError returns the error of a catalogued code with its status and title.
// details is one sentence that says what was wrong and what to do; it must not
// hold a phone number, a message body or a token.
func NewError(code int, details string) *Error {
	info, ok := LookupCode(code)
	if !ok {
		info = CodeInfo{Code: code, HTTPStatus: http.StatusBadRequest, Title: "Error"}
	}
	return &Error{
		HTTPStatus: info.HTTPStatus,
		Code:       code,
		Type:       errorType,
		Message:    "(#" + strconv.Itoa(code) + ") " + info.Title,
		Details:    details,
	}
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = "(#" + strconv.Itoa(e.Code) + ")"
	}
	if e.Details != "" {
		text += ": " + e.Details
	}
	return text
}

// Number is Code, and Status is HTTPStatus.
func (e *Error) Number() int { return e.Code }

// Status is the HTTP status of the answer.
func (e *Error) Status() int { return e.HTTPStatus }

// Cause says what the error is about, by subcode and then by code.
func (e *Error) Cause() network.Cause {
	switch {
	case isOutsideWindow(e.Subcode):
		return network.OutsideWindow
	case e.Code == CodeInvalidParameter && e.Subcode == subcodeMissingObject:
		return network.NoSuchChannel
	default:
		return CauseOf(e.Code)
	}
}

// HidesOutcome tells whether the message may have been taken all the same: the
// answer is not Meta's, and does not say that the request was refused before
// anything was done with it. A proxy answers with 5xx, a redirect or 408 also
// after it has passed a request on, for example when it then loses the connection.
func (e *Error) HidesOutcome() bool {
	return e.Foreign && !e.refusesUnseen()
}

// ShowsWorkingChannel tells whether the error refuses one message in a way that
// a channel does not that is stopped by another code: whatever stopped it is over.
// A refusal for the sake of the customer or the template comes last, behind
// everything that stops a channel. Any other one that only another request would
// avoid comes behind the check of the credentials at least, but for those about
// the channel itself. None says anything about how the account pays.
func (e *Error) ShowsWorkingChannel(stopped int) bool {
	if e.Foreign || CauseOf(stopped) == network.Payment {
		return false
	}
	switch e.Code {
	case CodeUserInExperiment, CodeCountryRestricted, CodeRecipientIsSender, CodeUndeliverable, CodeReEngagement,
		CodeMarketingLimit, CodeMarketingStopped, CodeUnsupportedType, CodePairRateLimit:
		return true
	}
	if e.Code >= CodeTemplateParameters && e.Code <= CodeTemplateBadParameters {
		return true
	}
	return isAboutCredentials(stopped) && e.comesBehindCredentials()
}

func isAboutCredentials(code int) bool {
	return code == CodeAuthentication || code == CodeInvalidToken || code == CodePermission ||
		code >= 200 && code <= 299
}

// comesBehindCredentials tells whether the upstream has accepted the credentials
// before it refused the message.
func (e *Error) comesBehindCredentials() bool {
	switch e.Code {
	case CodeCapability, CodeUnknownPhoneNumberID, CodeAccessDenied, CodeWrongCertificate:
		return false
	}
	_, known := LookupCode(e.Code)
	class := e.Class()
	return known && (class == network.Never || class == network.Wait) && e.Subcode != subcodeMissingObject
}

// subcodeMissingObject is that of code 100 where the object of the path, here a
// phone number id, does not exist or may not be seen.
const subcodeMissingObject = 33

// Class says what to do with a message that met this error.
func (e *Error) Class() network.Class {
	class := classOf(e.Code, e.Subcode, e.HTTPStatus)
	if e.Paced && class == network.Never {
		return network.Wait
	}
	return class
}

// Wait is the least time before another try: what the answer asked for, or what
// the catalogue says, or 0.
func (e *Error) Wait() time.Duration {
	info, _ := LookupCode(e.Code)
	return max(e.RetryAfter, info.Wait)
}

// Title is the catalogue's title of the code, as status webhooks carry it.
func (e *Error) Title() string {
	if info, ok := LookupCode(e.Code); ok {
		return info.Title
	}
	return e.Message
}

// MarshalJSON writes Meta's answer, {"error":{…}}.
func (e *Error) MarshalJSON() ([]byte, error) {
	type data struct {
		MessagingProduct string `json:"messaging_product"`
		Details          string `json:"details"`
	}
	type body struct {
		Message   string `json:"message"`
		Type      string `json:"type"`
		Code      int    `json:"code"`
		Subcode   int    `json:"error_subcode,omitempty"`
		ErrorData *data  `json:"error_data,omitempty"`
		TraceID   string `json:"fbtrace_id,omitempty"`
	}
	answer := body{Message: e.Message, Type: e.Type, Code: e.Code, Subcode: e.Subcode, TraceID: e.TraceID}
	if e.Details != "" {
		answer.ErrorData = &data{MessagingProduct: messagingProduct, Details: e.Details}
	}
	return json.Marshal(struct {
		Error body `json:"error"`
	}{answer})
}

// Write answers an HTTP request with the error. The id is its fbtrace_id if it has none.
func (e *Error) Write(w http.ResponseWriter, id string) {
	answer := *e
	answer.TraceID = cmp.Or(e.TraceID, id)
	body, err := json.Marshal(&answer)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=UTF-8")
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.HTTPStatus == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `OAuth "Facebook Platform" "invalid_token"`)
	}
	w.WriteHeader(e.HTTPStatus)
	_, _ = w.Write(body) // the client has gone; there is nobody left to tell
}

// AsError finds the *Error in err's chain.
func AsError(err error) (*Error, bool) {
	return errors.AsType[*Error](err)
}

// ParseError reads the body of an answer that is not a success. A body that is
// not in Meta's shape yields an Error of code 0 or 1 and the given status, so
// the caller can still classify it.
func ParseError(status int, header http.Header, body []byte) *Error {
	e := &Error{HTTPStatus: status, RetryAfter: retryAfter(header)}
	if !e.read(body) {
		e.Code, e.Type, e.Foreign = CodeUnknown, errorType, true
		if status == http.StatusUnauthorized {
			e.Code = CodeAuthentication
		}
		e.Message = fmt.Sprintf("(#%d) %s", e.Code, http.StatusText(status))
		e.Details = "the answer had no error object in Meta's shape"
	}
	return e
}

func (e *Error) read(body []byte) bool {
	if !json.Valid(body) {
		return false
	}
	answer, err := rawjson.ParseObject(body)
	if err != nil {
		return false
	}
	object, err := rawjson.ParseObject(answer.Get("error"))
	if err != nil {
		return false
	}
	number, ok := object.Int32("code")
	if !ok {
		return false
	}
	if !e.isMetas(number, object) {
		return false
	}
	e.Code = number
	e.Subcode, _ = object.Int32("error_subcode")
	e.Message = bounded(object.Text("message"))
	e.Type = bounded(object.Text("type"))
	e.TraceID = bounded(object.Text("fbtrace_id"))
	if data, err := rawjson.ParseObject(object.Get("error_data")); err == nil {
		e.Details = bounded(data.Text("details"))
		e.readPace(data)
	}
	return true
}

// isMetas tells whether an error object is Meta's. Other APIs have objects of the same name, whose
// code is often the HTTP status. Where that decides whether the message was taken, only a trace id
// of Meta's or a type that is an exception's name will do; in a plain refusal, a code of Meta's or
// one of its members is enough.
func (e *Error) isMetas(number int, object rawjson.Object) bool {
	if object.Has("fbtrace_id") || strings.HasSuffix(object.Text("type"), exceptionSuffix) {
		return true
	}
	if _, known := LookupCode(number); !known && !object.Has("type") {
		return false
	}
	return e.refusesUnseen()
}

// refusesUnseen tells whether the status alone says that nothing was done with the request.
func (e *Error) refusesUnseen() bool {
	return e.HTTPStatus >= http.StatusBadRequest && e.HTTPStatus < http.StatusInternalServerError &&
		e.HTTPStatus != http.StatusRequestTimeout
}

// retryAfter reads the header in seconds; the date form is not used by Meta.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 86_400 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// bounded cuts a text of an error to maxErrorText bytes, at the start of a character.
func bounded(s string) string {
	n := maxErrorText
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
