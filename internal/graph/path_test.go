package graph

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestPathsAreServedHoweverTheyAreJoined(t *testing.T) {
	tests := map[string]string{
		"/v26.0/106/messages":    "/v26.0/106/messages",
		"/106/messages":          "/unversioned/106/messages",
		"/106":                   "/unversioned/106",
		"//v26.0/106/messages":   "/v26.0/106/messages",
		"/v26.0//106///messages": "/v26.0/106/messages",
		"//106//messages":        "/unversioned/106/messages",
		"/webhooks":              "/webhooks",
		"/nothing":               "/nothing",
		"/106/messages/":         "/unversioned/106/messages",
		"/me":                    "/unversioned/me",
		"/meal":                  "/meal",
		"/act_7/messages":        "/unversioned/act_7/messages",
		"/act_/messages":         "/act_/messages",
		"/upload:x":              "/unversioned/upload:x",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			var got string
			handler := WithVersion(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path }))
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "http://gateway"+path, http.NoBody))
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
