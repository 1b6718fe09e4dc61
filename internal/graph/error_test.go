package graph

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestErrorShape(t *testing.T) {
	closed := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		err  *Error
		want string
	}{
		"window closed": {
			OutsideWindow(closed),
			`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp","details":"The service window closed at 2026-10-05T10:00:00Z. Send an approved template, or wait for the customer to write."}}}`,
		},
		"no window": {
			OutsideWindow(time.Time{}),
			`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp","details":"No service window: the customer has not written to this number. Send an approved template instead."}}}`,
		},
		"budget": {
			BudgetExhausted("0.0130 USD", "0.0042 USD"),
			`{"error":{"message":"(#131042) Business eligibility payment issue","type":"OAuthException","code":131042,"error_data":{"messaging_product":"whatsapp","details":"The account's budget does not cover this message: it can cost 0.0130 USD and 0.0042 USD is left. Raise the budget or wait for the next period."}}}`,
		},
		"subcode, trace and no details": {
			&Error{
				Code: 10, Subcode: 2018278, Type: "OAuthException", Message: "(#10) Outside of allowed window.",
				TraceID: "Bx1",
			},
			`{"error":{"message":"(#10) Outside of allowed window.","type":"OAuthException","code":10,"error_subcode":2018278,"fbtrace_id":"Bx1"}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(tc.err)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalCodes(t *testing.T) {
	tests := []struct {
		err          *Error
		code, status int
	}{
		{OutsideWindow(time.Time{}), 131047, 400},
		{InvalidToken(), 190, 401},
		{UnknownPhoneNumberID(), 33, 400},
		{ThroughputReached(time.Second), 130429, 400},
		{BudgetExhausted("1 USD", "0 USD"), 131042, 400},
		{TemplateNotFound(), 132001, 404},
		{TemplatePaused(), 132015, 400},
		{TemplateDisabled(), 132016, 400},
		{MarketingStopped(), 131050, 400},
		{MethodNotAllowed(), 131055, 405},
		{Unavailable(time.Second), 131016, 503},
	}
	for _, tc := range tests {
		if tc.err.Code != tc.code || tc.err.HTTPStatus != tc.status || tc.err.Details == "" {
			t.Errorf(
				"got %d with %d and %q, want %d with %d and a sentence", tc.err.Code, tc.err.HTTPStatus, tc.err.Details,
				tc.code, tc.status,
			)
		}
	}
}

func TestWriteSetsStatusAndHeaders(t *testing.T) {
	recorder := httptest.NewRecorder()
	ThroughputReached(1500 * time.Millisecond).Write(recorder)
	if recorder.Code != 400 || recorder.Header().Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q, want 400 and 2", recorder.Code, recorder.Header().Get("Retry-After"))
	}
	if got := recorder.Header().Get("Content-Type"); got != "application/json; charset=UTF-8" {
		t.Errorf("content type: got %q", got)
	}
	if !strings.Contains(recorder.Body.String(), `"code":130429`) {
		t.Errorf("body: got %s", recorder.Body)
	}
}

func TestParseError(t *testing.T) {
	tests := map[string]struct {
		status int
		header http.Header
		body   string
		want   Error
	}{
		"Meta's shape": {
			400,
			http.Header{"Retry-After": {"7"}},
			`{"error":{"message":"(#131056) Pair rate limit hit","type":"OAuthException","code":131056,"error_subcode":2494055,"error_data":{"messaging_product":"whatsapp","details":"slow"},"fbtrace_id":"Az"}}`,
			Error{
				HTTPStatus: 400, Code: 131056, Subcode: 2494055, Type: "OAuthException",
				Message: "(#131056) Pair rate limit hit", Details: "slow", TraceID: "Az", RetryAfter: 7 * time.Second,
			},
		},
		"code as string": {
			400, nil, `{"error":{"code":"100","message":"m"}}`,
			Error{HTTPStatus: 400, Code: 100, Message: "m"},
		},
		"a proxy's page": {
			502, nil, `<html>bad gateway</html>`,
			Error{
				HTTPStatus: 502, Code: 1, Type: "OAuthException", Message: "(#1) Bad Gateway",
				Details: "the answer had no error object in Meta's shape", Foreign: true,
			},
		},
		"unauthorized without a body": {
			401, nil, ``,
			Error{
				HTTPStatus: 401, Code: 0, Type: "OAuthException", Message: "(#0) Unauthorized",
				Details: "the answer had no error object in Meta's shape", Foreign: true,
			},
		},
		"a code that no store keeps": {
			400, nil, `{"error":{"code":2147483648,"message":"m"}}`,
			Error{
				HTTPStatus: 400, Code: 1, Type: "OAuthException", Message: "(#1) Bad Request",
				Details: "the answer had no error object in Meta's shape", Foreign: true,
			},
		},
		"a subcode that no store keeps": {
			400, nil, `{"error":{"code":100,"error_subcode":-2147483649}}`,
			Error{HTTPStatus: 400, Code: 100},
		},
		"a novel for details": {
			400, nil, `{"error":{"code":100,"error_data":{"details":"a` + strings.Repeat("é", 600) + `"}}}`,
			Error{HTTPStatus: 400, Code: 100, Details: "a" + strings.Repeat("é", 499)},
		},
		"absurd retry-after": {
			400,
			http.Header{"Retry-After": {"99999999"}},
			`{"error":{"code":4}}`,
			Error{HTTPStatus: 400, Code: 4},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ParseError(tc.status, tc.header, []byte(tc.body))
			if diff := cmp.Diff(tc.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
