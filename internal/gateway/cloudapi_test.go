package gateway

import (
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/cloudapitest"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

// The gateway refuses what the Cloud API refuses, before it is stored, and takes what the Cloud API
// takes.
func TestGatewayAnswersAsTheCloudAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *config.Document) {
		d.Templates = nil
		for _, definition := range cloudapitest.Definitions() {
			d.Templates = append(d.Templates, gatewaytest.Approved(definition))
		}
	})
	w.writes(cloudapitest.Customer, "hello", 0)
	for _, c := range cloudapitest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			before := w.report().Queues.Unsettled
			got := w.do(c.Method, c.Path, c.Body, "Content-Type", c.ContentType)
			if got.status != c.Status || got.code != c.Code || !strings.Contains(got.details, c.Field) {
				t.Fatalf(
					"got %d, code %d, %q; want %d, code %d, a sentence that names %s", got.status, got.code,
					got.details, c.Status, c.Code, c.Field,
				)
			}
			if c.Status != 200 && w.report().Queues.Unsettled > before {
				t.Error("the refused message was stored")
			}
		})
	}
}
