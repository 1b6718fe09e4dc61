package messenger

import (
	"encoding/json"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// A sender action is passed on at once, and nothing that the client wrote beside it.
func TestSenderActions(t *testing.T) {
	out, err := Network{}.Parse(
		[]byte(`{` + to + `,"sender_action":"typing_on","persona_id":"7","access_token":"x","x":1}`),
	)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out.Notice), `{`+to+`,"sender_action":"typing_on","persona_id":"7"}`; got != want {
		t.Errorf("the notice is %s; want %s", got, want)
	}
	if said, err := json.Marshal(out.Answer("")); err != nil || string(said) != `{"recipient_id":"24680135"}` {
		t.Errorf("the answer is %s, %v", said, err)
	}
}

// What the upstream gets is the client's request without credentials, with our id as metadata and
// Meta's ids in place of ours.
func TestEncode(t *testing.T) {
	n := Network{}
	id, err := n.NewID(noon)
	if err != nil || !n.IsOwnID(id) || n.IsOwnID("m_AG5Hz2U") {
		t.Fatalf("%s is ours: %t; %v", id, n.IsOwnID(id), err)
	}
	tests := map[string]struct{ body, want string }{
		"a text": {
			`{` + to + `,"access_token":"x","appsecret_proof":"y","messaging_type":"RESPONSE","message":{"text":"hi"}}`,
			`{` + to + `,"messaging_type":"RESPONSE","message":{"metadata":"m_o","text":"hi"}}`,
		},
		"its own metadata": {
			`{` + to + `,"message":{"metadata":"theirs","text":"hi"}}`, `{` + to + `,"message":{"metadata":"m_o",` +
				`"text":"hi"}}`,
		},
		"a template at the top": {
			`{` + to + `,"messaging_type":"UTILITY","template":{"name":"n","language":{"code":"en"}}}`,
			`{"message":{"metadata":"m_o","template":{"name":"n","language":{"code":"en"}}},` + to +
				`,"messaging_type":"UTILITY"}`,
		},
		"a quotation of ours": {
			`{` + to + `,"reply_to":{"mid":"` + id + `"},"message":{"text":"hi"}}`,
			`{` + to + `,"reply_to":{"mid":"m_theirs"},"message":{"metadata":"m_o","text":"hi"}}`,
		},
		"a quotation of theirs": {
			`{` + to + `,"message":{"text":"hi","reply_to":{"mid":"m_x"}}}`,
			`{` + to + `,"message":{"metadata":"m_o","text":"hi","reply_to":{"mid":"m_x"}}}`,
		},
	}
	for name, tc := range tests {
		out, err := n.Parse([]byte(tc.body))
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := n.Encode(out.Content, "m_o", func(ours string) (string, error) {
			if ours != id {
				t.Errorf("%s: asked for %s", name, ours)
			}
			return "m_theirs", nil
		})
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, tc.want)
		}
	}
	_, err = n.Encode([]byte(`[]`), "m_o", nil)
	if err != network.ErrUnreadable { //nolint:errorlint // it is that very one
		t.Errorf("what is no request got %v", err)
	}
}

func FuzzParseSend(f *testing.F) {
	f.Add([]byte(`{`+to+`,"message":{"text":"hi"}}`), false)
	f.Add([]byte(`recipient={'id':'1'}&message={'text':'hi'}`), true)
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n{}\r\n--b--\r\n"), false)
	f.Fuzz(func(t *testing.T, body []byte, instagram bool) {
		n := Network{Instagram: instagram}
		out, err := n.Parse(body)
		if err != nil {
			if _, ok := graph.AsError(err); !ok {
				t.Fatalf("the error is %T", err)
			}
			return
		}
		if out.Notice != nil {
			if !json.Valid(out.Notice) {
				t.Fatalf("the notice is %s", out.Notice)
			}
			return
		}
		encoded, err := n.Encode(out.Content, "m_o", func(string) (string, error) { return "", nil })
		if err != nil || !json.Valid(encoded) {
			t.Fatalf("encoded to %s, %v", encoded, err)
		}
		again, err := n.Parse(encoded)
		if err != nil || again.To != out.To || again.Form != out.Form || again.Type != out.Type {
			t.Fatalf("the upstream would read %+v, %v; want %+v", again, err, out)
		}
	})
}
