package webhook_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/webhooks/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		seed, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"calls",` +
		`"value":{"metadata":{"phone_number_id":"1"},` +
		`"calls":[{"id":"wacid.1","from":"12185552828","event":"connect","direction":"USER_INITIATED",` +
		`"timestamp":"1749196895"}],` +
		`"statuses":[{"id":"wacid.2","type":"call","status":"ACCEPTED","recipient_id":"12185552828"}]}}]}]}`))
	data := "client"
	f.Fuzz(func(t *testing.T, body []byte) {
		parsed, err := webhook.Parse(body)
		if err != nil {
			return
		}
		envelope, err := graph.ParseWebhook(body)
		if err != nil {
			t.Fatal(err)
		}
		batches, err := whatsapp.Network{}.Read(envelope)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parsed.Changes {
			c := &parsed.Changes[i]
			callbacks := c.Callbacks()
			bodies := [][]byte{c.Callback()}
			for j := range c.Messages {
				bodies = append(bodies, callbacks.Message(&c.Messages[j]))
			}
			for j := range c.Statuses {
				bodies = append(
					bodies, callbacks.Status(&c.Statuses[j], "wamid.ours", &data),
					callbacks.Status(&c.Statuses[j], "wamid.ours", nil),
				)
			}
			for _, event := range batches[i].Events {
				switch e := event.(type) {
				case *network.Inbound:
					bodies = append(bodies, e.Callback([]string{"wamid.ours", "wamid.ours"}))
				case *network.Passed:
					bodies = append(bodies, e.Callback)
				}
			}
			for _, out := range bodies {
				if _, err := webhook.Parse(out); err != nil {
					t.Fatalf("%q became %q: %v", body, out, err)
				}
			}
		}
	})
}
