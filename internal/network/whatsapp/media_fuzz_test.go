package whatsapp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// answerer answers every request with a body.
type answerer []byte

// RoundTrip implements http.RoundTripper.
func (a answerer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a)), Request: r,
	}, nil
}

// FuzzDescribedMedia reads whatever the upstream answers about a file: what is passed on is JSON,
// and leads to the gateway.
func FuzzDescribedMedia(f *testing.F) {
	f.Add([]byte(`{"messaging_product":"whatsapp","url":"https:\/\/lookaside.fbsbx.com\/x","mime_type":"image/jpeg",` +
		`"sha256":"00","file_size":1,"id":"7"}`))
	f.Add([]byte(`{"id":7,"mime_type":"a/b","url":"u","url":"v"}`))
	f.Add([]byte(`{"id":"7","mime_type":"a/b","url":{}}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		number, err := Network{}.Connect(network.Access{
			Channel: "1", BaseURL: "http://graph.test", Version: "v26.0", Token: "t", Transport: answerer(answer),
		})
		if err != nil {
			t.Fatal(err)
		}
		described, err := number.(network.MediaUpstream).Media(t.Context(), "7")
		if err != nil {
			return
		}
		const ours = "https://gateway.example/media/x"
		passed := described.WithURL(ours)
		object, err := rawjson.ParseObject(passed)
		if err != nil || !json.Valid(passed) || object.Text("url") != ours {
			t.Fatalf("%q became %q", answer, passed)
		}
	})
}

// FuzzParseBlocks reads any list of customers to block: what is read was JSON.
func FuzzParseBlocks(f *testing.F) {
	f.Add([]byte(`{"messaging_product":"whatsapp","block_users":[{"user":"+33612345678"},{"user":null},{}]}`))
	f.Add([]byte(`{"block_users":{"user":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		users, err := Network{}.ParseBlocks(body)
		if err == nil && !json.Valid(body) {
			t.Fatalf("%q names %q", body, users)
		}
	})
}
