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

func TestErrorShape(t *testing.T) {
	e := &Error{
		Code: 10, Subcode: 2018278, Type: "OAuthException", Message: "(#10) Outside of allowed window.",
		TraceID: "Bx1",
	}
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"error":{"message":"(#10) Outside of allowed window.","type":"OAuthException","code":10,"error_subcode":2018278,"fbtrace_id":"Bx1"}}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWriteSetsStatusAndHeaders(t *testing.T) {
	recorder := httptest.NewRecorder()
	failure := NewError(130429, "Slow down.")
	failure.RetryAfter = 1500 * time.Millisecond
	failure.Write(recorder, "Bx1")
	if recorder.Code != 400 || recorder.Header().Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q, want 400 and 2", recorder.Code, recorder.Header().Get("Retry-After"))
	}
	if got := recorder.Header().Get("Content-Type"); got != "application/json; charset=UTF-8" {
		t.Errorf("content type: got %q", got)
	}
	const details = `"error_data":{"messaging_product":"whatsapp","details":"Slow down."}`
	if !strings.Contains(recorder.Body.String(), `"code":130429,`+details+`,"fbtrace_id":"Bx1"`) {
		t.Errorf("body: got %s", recorder.Body)
	}
}
