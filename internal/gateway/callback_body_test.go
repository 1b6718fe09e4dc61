package gateway

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// The callbacks of a webhook that carries as many statuses as one may: a figure for each status,
// which must not grow with their number.
func BenchmarkStatusCallbacks(b *testing.B) {
	for _, statuses := range []int{10, 1000} {
		b.Run(fmt.Sprint(statuses), func(b *testing.B) {
			var list bytes.Buffer
			for i := range statuses {
				if i > 0 {
					list.WriteByte(',')
				}
				fmt.Fprintf(
					&list,
					`{"id":"wamid.%d","status":"delivered","timestamp":"1760000000","recipient_id":"5511999990000","biz_opaque_callback_data":"g"}`,
					i,
				)
			}
			webhook, err := whatsapp.ParseWebhook(fmt.Appendf(nil,
				`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"statuses":[%s]}}]}]}`, list.Bytes()))
			if err != nil {
				b.Fatal(err)
			}
			change := &webhook.Changes[0]
			for b.Loop() {
				told := tell(change, true)
				for i := range change.Statuses {
					told.status(&change.Statuses[i], "wamid.ours", nil)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(statuses), "ns/status")
		})
	}
}
