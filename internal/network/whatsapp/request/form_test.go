package request

import (
	"encoding/json"
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
		"in parts": {
			"--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n" +
				"--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nEAAG\r\n" +
				"--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n+33612345678\r\n" +
				"--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{\"body\":\"a b\"}\r\n--b--\r\n",
			`{"messaging_product":"whatsapp","to":"+33612345678","text":{"body":"a b"}}`,
		},
		"credentials stay here": {
			`access_token=EAAG&messaging_product=whatsapp&to=33612345678&text={"body":"hi"}&appsecret_proof=00`,
			`{"messaging_product":"whatsapp","to":"33612345678","text":{"body":"hi"}}`,
		},
	}
	for name, tc := range tests {
		send, err := Parse([]byte(tc.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(send.Raw); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func FuzzFormJSON(f *testing.F) {
	f.Add([]byte(`messaging_product=whatsapp&to=1&text={"body":"hi"}`))
	f.Add([]byte(`a=%22&a=%7B%7D&b[c]=1&d=%`))
	f.Add([]byte("a=\xff&b=1e999"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n{\"a\":1}\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func([]byte) ([]byte, error){formJSON, multipartJSON} {
			text, err := read(body)
			if err != nil {
				continue
			}
			if !json.Valid(text) {
				t.Fatalf("not JSON: %q", text)
			}
			if _, err := rawjson.ParseObject(text); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
