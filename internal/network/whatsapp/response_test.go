package whatsapp

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

func TestAccept(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"text": {
			`{"messaging_product":"whatsapp","to":"+55 11 99999-0000","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"+55 11 99999-0000","wa_id":"5511999990000"}],"messages":[{"id":"wamid.1"}]}`,
		},
		"template": {
			`{"messaging_product":"whatsapp","to":"+5511999990000","type":"template","template":{"name":"a","language":{"code":"en"}}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"+5511999990000","wa_id":"5511999990000"}],"messages":[{"id":"wamid.1","message_status":"accepted"}]}`,
		},
		"BSUID": {
			`{"messaging_product":"whatsapp","recipient":"BR.1","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"BR.1","user_id":"BR.1"}],"messages":[{"id":"wamid.1"}]}`,
		},
		"group": {
			`{"messaging_product":"whatsapp","recipient_type":"group","to":"g1","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"g1"}],"messages":[{"id":"wamid.1","group_id":"g1"}]}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			send, err := request.Parse([]byte(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(Accept(send, "wamid.1"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
			parsed, err := ParseSendResponse(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Accept(send, "wamid.1"), parsed); diff != "" {
				t.Errorf("read back: %s", diff)
			}
		})
	}
}

func TestParseSendResponseWithoutAnID(t *testing.T) {
	for _, body := range []string{
		``, `<html>`, `[]`, `{}`, `{"messages":[]}`, `{"messages":[{"id":""}]}`, `{"messages":["x"]}`,
	} {
		if _, err := ParseSendResponse([]byte(body)); err == nil {
			t.Errorf("%q was read", body)
		}
	}
}

// FuzzParseSendResponse reads what the upstream, or whatever stands before it, may answer to a
// send.
func FuzzParseSendResponse(f *testing.F) {
	for _, seed := range []string{
		`{"messaging_product":"whatsapp","contacts":[{"input":"+5511999990000","wa_id":"5511999990000"}],"messages":[{"id":"wamid.1","message_status":"accepted"}]}`,
		`{"messages":[{"id":7}]}`, `{"messages":[]}`, `{"error":{"code":1e9}}`, `<html>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		response, err := ParseSendResponse([]byte(body))
		if err == nil && (len(response.Messages) == 0 || response.Messages[0].ID == "") {
			t.Fatalf("%q was taken for an accepted message", body)
		}
	})
}
