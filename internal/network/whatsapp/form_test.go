package whatsapp

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

func TestAFormIsReadAsTheJSONThatItMeans(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"objects are JSON": {
			`messaging_product=whatsapp&to=%2B33612345678&text=%7B%22body%22%3A%22a+b%22%7D`,
			`{"messaging_product":"whatsapp","to":"+33612345678","text":{"body":"a b"}}`,
		},
		"texts stay texts": {
			`messaging_product=whatsapp&to=33612345678&text={"body":"hi"}&biz_opaque_callback_data=42&future=true&n=1`,
			`{"messaging_product":"whatsapp","to":"33612345678","text":{"body":"hi"},` +
				`"biz_opaque_callback_data":"42","future":true,"n":1}`,
		},
		"credentials stay here": {
			`access_token=EAAG&messaging_product=whatsapp&to=33612345678&text={"body":"hi"}&appsecret_proof=00`,
			`{"messaging_product":"whatsapp","to":"33612345678","text":{"body":"hi"}}`,
		},
	}
	for name, tc := range tests {
		send, err := ParseSend([]byte(tc.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(send.Raw); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

// The token that a client shows the gateway is not shown to the upstream, wherever it stands (P7).
func TestP7ATokenInTheBodyIsNotPassedOn(t *testing.T) {
	const token = "canary-token"
	for _, body := range []string{
		`{"messaging_product":"whatsapp","access_token":"` + token + `","to":"33612345678","text":{"body":"hi"}}`,
		`{"messaging_product":"whatsapp","Access.Token[]":"` + token + `","to":"33612345678","text":{"body":"hi"}}`,
		`access_token=` + token + `&messaging_product=whatsapp&to=33612345678&text={"body":"hi"}`,
		`{"messaging_product":"whatsapp","appsecret_proof":"` + token + `","to":"33612345678","text":{"body":"hi"}}`,
	} {
		out, err := Network{}.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		sent, err := Network{}.Encode(out.Content, "g:1", unknown)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(sent), token) {
			t.Errorf("%s was sent", sent)
		}
	}
}

func FuzzFormJSON(f *testing.F) {
	f.Add([]byte(`messaging_product=whatsapp&to=1&text={"body":"hi"}`))
	f.Add([]byte(`a=%22&a=%7B%7D&b[c]=1&d=%`))
	f.Add([]byte("a=\xff&b=1e999"))
	f.Fuzz(func(t *testing.T, body []byte) {
		text, err := formJSON(body)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("not JSON: %q", text)
		}
		if _, err := rawjson.ParseObject(text); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
