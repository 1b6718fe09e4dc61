package request

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
)

// What goes upstream of a read receipt is made of what is known of it: whatever else the client
// wrote could be a message that nobody meters.
func TestP2AReadReceiptCarriesNothingElseUpstream(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"plain": {
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.\u0031"}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`,
		},
		"with a message": {
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","to":"33612345678",` +
				`"type":"text","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`,
		},
		"with a message in its typing indicator": {
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1",` +
				`"typing_indicator":{"type":"text","text":{"body":"hi"}},"recipient":"US.1"}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1",` +
				`"typing_indicator":{"type":"text"}}`,
		},
		"with quotes in its id": {
			`{"messaging_product":"whatsapp","status":"read","message_id":"a\",\"to\":\"1"}`,
			`{"messaging_product":"whatsapp","status":"read","message_id":"a\",\"to\":\"1"}`,
		},
	}
	for name, tc := range tests {
		send, err := Parse([]byte(tc.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(send.Read.Body()); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

// No refusal repeats what the business wrote about its customer.
func TestP7RefusalsEchoNeitherNumberNorText(t *testing.T) {
	const number, words, name = "4477009001234567", "canary words", "canary_template"
	bodies := []string{
		`{"messaging_product":"whatsapp","to":"+` + number + `","text":{"body":"` + words + `"}}`,
		`{"messaging_product":"` + words + `","to":"` + number + `"}`,
		`{"messaging_product":"whatsapp","to":"` + number + words + `"}`,
		`{"messaging_product":"whatsapp","recipient":"` + words + `"}`,
		`{"messaging_product":"whatsapp","to":"+44770090012","type":"` + words + `"}`,
		`{"messaging_product":"whatsapp","to":"+44770090012","text":{"body":"` + strings.Repeat(words, 400) + `"}}`,
		`{"messaging_product":"whatsapp","to":"+44770090012","type":"template","template":{"name":"` + name +
			`","language":"` + words + `"}}`,
		`{"messaging_product":"whatsapp","to":"+44770090012","type":"template","template":{"name":"` + name +
			`","language":{"code":"en"},"components":"` + words + `"}}`,
		`{"messaging_product":"whatsapp","to":"` + number + `","` + words + `":1,"` + words + `":2}`,
		`{"to":"` + number + `","text":{"body":"` + words + `"`,
	}
	for _, body := range bodies {
		_, err := Parse([]byte(body))
		failure, ok := graph.AsError(err)
		if !ok {
			t.Fatalf("%.60s was not refused", body)
		}
		answer, err := json.Marshal(failure)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{number, words, name, "44770090012"} {
			if strings.Contains(string(answer)+failure.Error(), canary) {
				t.Errorf("the refusal of %.60s repeats %q: %s", body, canary, answer)
			}
		}
	}
}
