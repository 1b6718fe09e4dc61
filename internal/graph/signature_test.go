package graph

import (
	"net/url"
	"testing"
)

const signedBody = `{"object":"whatsapp_business_account","entry":[]}`

func TestSign(t *testing.T) {
	want := "sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f"
	if got := Sign([]byte(signedBody), "app-secret"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerifySignature(t *testing.T) {
	const (
		byApp = "sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f"
		byOld = "sha256=0b170a1806ee95113debab6ed5deba98ba7fa1b3bd2e1e6d06f039a753e26122"
	)
	tests := map[string]struct {
		body, header string
		secrets      []string
		want         bool
	}{
		"the secret":          {signedBody, byApp, []string{"app-secret"}, true},
		"old during rotation": {signedBody, byOld, []string{"app-secret", "old-secret"}, true},
		"new during rotation": {signedBody, byApp, []string{"app-secret", "old-secret"}, true},
		"another secret":      {signedBody, byOld, []string{"app-secret"}, false},
		"one byte changed":    {signedBody + " ", byApp, []string{"app-secret"}, false},
		"no secret":           {signedBody, byApp, nil, false},
		"empty secret":        {signedBody, Sign([]byte(signedBody), ""), []string{""}, false},
		"no header":           {signedBody, "", []string{"app-secret"}, false},
		"SHA-1":               {signedBody, "sha1=0123456789012345678901234567890123456789", []string{"app-secret"}, false},
		"no hex":              {signedBody, "sha256=zz", []string{"app-secret"}, false},
		"too short":           {signedBody, "sha256=00", []string{"app-secret"}, false},
	}
	for name, tc := range tests {
		if got := VerifySignature([]byte(tc.body), tc.header, tc.secrets...); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}

func TestHandshake(t *testing.T) {
	tests := map[string]struct {
		query  string
		tokens []string
		want   string
		ok     bool
	}{
		"token matches":   {"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=v1", []string{"v0", "v1"}, "1158201444", true},
		"wrong token":     {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=v2", []string{"v1"}, "", false},
		"no token is set": {"hub.mode=subscribe&hub.challenge=1&hub.verify_token=", []string{""}, "", false},
		"wrong mode":      {"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=v1", []string{"v1"}, "", false},
		"no challenge":    {"hub.mode=subscribe&hub.verify_token=v1", []string{"v1"}, "", false},
	}
	for name, tc := range tests {
		query, err := url.ParseQuery(tc.query)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Handshake(query, tc.tokens...)
		if got != tc.want || ok != tc.ok {
			t.Errorf("%s: got %q %t, want %q %t", name, got, ok, tc.want, tc.ok)
		}
	}
}
