package request_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

func FuzzParse(f *testing.F) {
	seeds := []string{
		`{"messaging_product":"whatsapp","to":"+5511999990000","type":"text","text":{"body":"hi"},` +
			`"biz_opaque_callback_data":"x"}`,
		`{"messaging_product":"whatsapp","to":"+5511999990000","type":"template","template":{"name":"a",` +
			`"language":{"code":"en"},"components":[{"type":"button","sub_type":"url","index":0,` +
			`"parameters":[{"type":"currency","currency":{"fallback_value":"1"}}]}]}}`,
		`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`,
		`{"messaging_product":"whatsapp","recipient":"US.1","type":"reaction","reaction":{"message_id":"w",` +
			`"emoji":"\ud83d\udc4d"}}`,
		`{"messaging_product":"whatsapp","to":"1","\u0074o":"2"}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"interactive","interactive":{"type":"list",` +
			`"body":{"text":"Pick"},"action":{"button":"Open","sections":[{"title":"AM","rows":[{"id":"s1",` +
			`"title":"10:00"}]}]}}}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"interactive","interactive":{"type":"button",` +
			`"header":{"type":"image","image":{"link":"https://ex.test"}},"body":{"text":"?"},` +
			`"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}}}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"interactive","interactive":{"type":"cta_url",` +
			`"body":{"text":"?"},"action":{"name":"cta_url","parameters":{"display_text":"Go",` +
			`"url":"https://ex.test"}}}}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"location","location":{"latitude":"1e5",` +
			`"longitude":-46.63}}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"interactive","interactive":{"type":"carousel",` +
			`"body":{"text":"?"},"action":{"cards":[{"card_index":0,"header":{"type":"image","image":{"id":"1"}},` +
			`"action":{"buttons":[{"type":"quick_reply","quick_reply":{"id":"a","title":"b"}}]}},{"card_index":"1",` +
			`"action":{"catalog_id":"1","product_retailer_id":"2"}}]}}}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"interactive","interactive":{"type":"flow",` +
			`"body":{"text":"?"},"action":{"name":"flow","parameters":{"flow_id":"1","flow_cta":"Go"}}},` +
			`"category":"utility","ttl_seconds":30}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"template","template":{"name":"a",` +
			`"language":{"code":"en"},"components":[{"type":"carousel","cards":[{"card_index":0,` +
			`"components":[{"type":"header","parameters":[{"type":"product",` +
			`"product":{"product_retailer_id":"1"}}]}]}]},{"type":"limited_time_offer",` +
			`"parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1}}]}]}}`,
		`messaging_product=whatsapp&to=33612345678&text={"body":"hi"}`,
		`{"messaging_product":"whatsapp","to":"33612345678","type":"contacts",` +
			`"contacts":[{"name":{"formatted_name":"Ana"}}]}`,
		`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","typing_indicator":{"type":"text"},` +
			`"text":{"body":"hi"}}`,
		"\xef\xbb\xbf{}",
		`to=1&text=2`,
		`[{"a":"\\"}]`,
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		send, err := request.Parse(body)
		if err != nil {
			if _, ok := graph.AsError(err); !ok {
				t.Fatalf("%v is no *Error", err)
			}
			return
		}
		if send.Read != nil {
			receipt, err := request.Parse(send.Read.Body())
			if err != nil {
				t.Fatalf("the receipt for the upstream is refused: %v", err)
			}
			if diff := cmp.Diff(send.Read, receipt.Read); diff != "" {
				t.Fatalf("the receipt changed:\n%s", diff)
			}
			return
		}
		encoded, err := whatsapp.Network{}.Encode(send.Raw, "guichet", unknown)
		if err != nil {
			t.Fatal(err)
		}
		again, err := request.Parse(encoded)
		if err != nil {
			t.Fatalf("the body with our callback data is refused: %v", err)
		}
		if again.CallbackData != "guichet" {
			t.Fatalf("callback data: got %q", again.CallbackData)
		}
		again.Raw, again.CallbackData, again.HasCallbackData = send.Raw, send.CallbackData, send.HasCallbackData
		if again.Input = send.Input; send.Group { // a number is written as it is dialled
			again.To = send.To
		}
		if diff := cmp.Diff(send, again); diff != "" {
			t.Fatalf("another field changed:\n%s", diff)
		}
	})
}

// unknown knows no message.
func unknown(string) (string, error) { return "", nil }
