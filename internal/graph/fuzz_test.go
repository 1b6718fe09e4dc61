package graph

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
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

// FuzzJoinWebhooks joins any two: what comes of them has the entries of both, in their order.
func FuzzJoinWebhooks(f *testing.F) {
	f.Add([]byte(`{"object":"page","entry":[{"id":"1"}]}`), []byte(`{"entry":[ {"id":"2"},3 ],"object":"page","x":[]}`))
	f.Add([]byte(`{"entry":[{}],"entry":[1],"object":"a"}`), []byte(`{"object":"b","object":"a","entry":["]"]}`))
	f.Add([]byte(`{"object":"a","entry":[[]]}`), []byte(`{"object":"a","entry":[]}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if !json.Valid(first) || !json.Valid(second) {
			return
		}
		joined, ok := JoinWebhooks(first, second)
		if !ok {
			return
		}
		var entries []string
		for _, body := range [][]byte{first, second} {
			webhook, err := ParseWebhook(body)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range webhook.Entries {
				entries = append(entries, string(entry))
			}
		}
		webhook, err := ParseWebhook(joined)
		if err != nil {
			t.Fatalf("%q and %q became %q: %v", first, second, joined, err)
		}
		for i, entry := range webhook.Entries {
			if len(webhook.Entries) != len(entries) || string(entry) != entries[i] {
				t.Fatalf("%q and %q became %q", first, second, joined)
			}
		}
	})
}

// FuzzOwnPages rewrites any answer: it stays JSON, and no further page is the upstream's.
func FuzzOwnPages(f *testing.F) {
	f.Add([]byte(`{"data":[],"paging":{"next":"https:\/\/graph.facebook.com\/v26.0\/1\/x?access_token=a&after=c"}}`))
	f.Add([]byte(`{"paging":{"previous":"%zz?access_token=a","next":7},"paging":{"next":"\u0000"}}`))
	f.Add([]byte(`{"paging":"https://graph.facebook.com"}`))
	request := &network.Request{Base: "https://gateway.example", Version: "v26.0", Path: []string{"1", "x"}}
	const own = "https://gateway.example/v26.0/1/x"
	f.Fuzz(func(t *testing.T, answer []byte) {
		if !json.Valid(answer) {
			return
		}
		got := OwnPages(answer, request)
		if !json.Valid(got) {
			t.Fatalf("%q became %q", answer, got)
		}
		object, err := rawjson.ParseObject(got)
		if err != nil {
			return
		}
		for _, name := range []string{"next", "previous"} {
			address := object.Child("paging").Text(name)
			if address != "" && address != own && !strings.HasPrefix(address, own+"?") {
				t.Fatalf("%q leads to %q", answer, address)
			}
		}
	})
}
