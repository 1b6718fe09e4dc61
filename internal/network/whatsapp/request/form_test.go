package request

import "testing"

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
