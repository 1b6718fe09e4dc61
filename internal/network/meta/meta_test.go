package meta

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/network"
)

func TestEveryNetworkIsFoundByItsName(t *testing.T) {
	objects := map[string]string{
		"WhatsApp": "whatsapp_business_account", "Messenger": "page", "Instagram": "instagram",
	}
	for _, n := range Networks() {
		found, ok := Find(n.Name())
		if !ok || found != n {
			t.Errorf("%q finds %v", n.Name(), found)
		}
		if !n.Reads(objects[n.Name()]) {
			t.Errorf("%s does not read its own webhooks", n.Name())
		}
		traits := n.Traits()
		if traits.MostPerSecond <= 0 || traits.TTL <= 0 || traits.OneTimeTTL <= 0 || traits.RetoldFor <= 0 ||
			traits.MaxRequest <= 0 || (traits.PairLimit.Interval <= 0) != (traits.PairLimit.Burst <= 0) {
			t.Errorf("%s has no limits in %+v", n.Name(), traits)
		}
	}
	if _, ok := Find("Pigeon"); ok {
		t.Error("a network that nobody knows is found")
	}
}

func TestReadWebhook(t *testing.T) {
	const whatsApp = `{"object":"whatsapp_business_account","entry":[{"id":"102","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106"},` +
		`"statuses":[{"id":"wamid.1","status":"sent"}]}}]}]}`
	tests := map[string]struct {
		body    string
		batches int
		unread  int
		err     error
	}{
		"WhatsApp": {whatsApp, 1, 0, nil},
		"pages": {
			`{"object":"page","entry":[{"id":"5","messaging":[{}]},{"id":"6","messaging":[{}]}]}`, 2, 0, nil,
		},
		"Instagram":          {`{"object":"instagram","entry":[{"id":"5","messaging":[{}]}]}`, 1, 0, nil},
		"an ad account":      {`{"object":"ad_account","entry":[{"id":"5"},{"id":"6"}]}`, 0, 2, nil},
		"nobody's":           {`{"object":"pigeons","entry":[]}`, 0, 0, nil},
		"no webhook":         {`{"object":"whatsapp_business_account"}`, 0, 0, network.ErrWebhookSyntax},
		"more than there is": {`"` + strings.Repeat("a", network.MaxWebhookBody) + `"`, 0, 0, network.ErrWebhookTooLarge},
	}
	for name, tc := range tests {
		batches, unread, err := ReadWebhook([]byte(tc.body))
		if len(batches) != tc.batches || unread != tc.unread || !errors.Is(err, tc.err) {
			t.Errorf("%s: got %d batches, %d unread, %v; want %d, %d, %v",
				name, len(batches), unread, err, tc.batches, tc.unread, tc.err)
		}
	}
}

func TestSignedByFindsTheSecret(t *testing.T) {
	body := []byte(`{}`)
	header := Sign(body, "second")
	if secret, ok := SignedBy(body, header, []string{"", "first", "second"}); !ok || secret != "second" {
		t.Errorf("got %q, %t", secret, ok)
	}
	if secret, ok := SignedBy(body, header, []string{"", "first"}); ok {
		t.Errorf("%q was taken for it", secret)
	}
}

// Where no channel is named, somebody answers all the same, with a status of HTTP.
func TestCommonHasWordsForEveryReason(t *testing.T) {
	for _, reason := range []network.Reason{
		network.Unauthenticated, network.Busy, network.NoSuchPath, network.Malformed,
	} {
		answer := Common().Refuse(&network.Refusal{Reason: reason})
		if answer.Status() < http.StatusBadRequest {
			t.Errorf("%s is answered with %d", reason, answer.Status())
		}
	}
}
