package graph

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// FuzzParseAnswer reads what the upstream, or whatever stands before it, may answer.
func FuzzParseAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"messaging_product":"whatsapp","contacts":[{"input":"+5511999990000","wa_id":"5511999990000"}],"messages":[{"id":"wamid.1","message_status":"accepted"}]}`,
		`{"messages":[{"id":7}]}`,
		`{"messages":[]}`,
		`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"details":"More than 24 hours"},"fbtrace_id":"Az"}}`,
		`{"error":{"code":"190","error_subcode":463}}`,
		`{"error":{"code":1e9}}`,
		`<html>`,
	} {
		f.Add(http.StatusOK, seed, "")
		f.Add(http.StatusBadRequest, seed, "7")
	}
	f.Fuzz(func(t *testing.T, status int, body, retryAfter string) {
		e := ParseError(status, http.Header{"Retry-After": {retryAfter}}, []byte(body))
		if e.RetryAfter < 0 || e.RetryAfter.Hours() > 24 {
			t.Fatalf("%q asks for a pause of %v", retryAfter, e.RetryAfter)
		}
		if class := e.Class(); class == "" {
			t.Fatalf("%q has no class", body)
		}
		answer, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if again := ParseError(status, nil, answer); again.Code != e.Code || again.Subcode != e.Subcode {
			t.Fatalf("%q became %q", body, answer)
		}
	})
}

// FuzzVerifySignature takes any header for a body: only the one of the secret is good.
func FuzzVerifySignature(f *testing.F) {
	f.Add([]byte("{}"), "secret", "sha256=")
	f.Add([]byte("{}"), "secret", Sign([]byte("{}"), "secret"))
	f.Add([]byte(""), "", Sign(nil, ""))
	f.Fuzz(func(t *testing.T, body []byte, secret, header string) {
		want := Sign(body, secret)
		if got := VerifySignature(
			body, header, secret,
		); got != (secret != "" && strings.EqualFold(header, want) && strings.HasPrefix(header, signaturePrefix)) {
			t.Fatalf("%q for %q under %q: %v", header, body, secret, got)
		}
		if secret != "" && !VerifySignature(body, want, "", "another"+secret, secret) {
			t.Fatalf("the signature of %q is not good", body)
		}
	})
}
