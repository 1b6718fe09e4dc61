package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
)

// A send that the upstream refuses for good comes to the business as Meta's own status "failed"
// does, whatever the code. Sources:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func TestEveryRefusalOfTheUpstreamIsToldInMetasShape(t *testing.T) {
	t.Parallel()
	refusals := []struct {
		code, status int
		title        string
	}{
		{3, 500, "API Method"},
		{100, 400, "Invalid parameter"},
		{130472, 400, "User's number is part of an experiment"},
		{130497, 403, "Business account is restricted from messaging users in this country"},
		{131005, 403, "Access denied"},
		{131008, 400, "Required parameter is missing"},
		{131009, 400, "Parameter value is not valid"},
		{131021, 400, "Recipient cannot be sender"},
		{131026, 400, "Message undeliverable"},
		{131036, 400, "Message could not be retried without storage"},
		{131037, 400, "Display name approval is needed"},
		{131044, 400, "Payment method is missing"},
		{131045, 500, "Incorrect certificate"},
		{131047, 400, "Re-engagement message"},
		{131050, 400, "User has stopped receiving marketing messages"},
		{131051, 400, "Unsupported message type"},
		{131052, 400, "Media download error"},
		{131053, 400, "Media upload error"},
		{131055, 405, "Method not allowed"},
		{131061, 400, "Template with a maximum price"},
		{131062, 400, "Business-scoped user id recipients are not supported for this message"},
		{131064, 400, "Template classification limit"},
		{132000, 400, "Template param count mismatch"},
		{132001, 404, "Template does not exist"},
		{132005, 400, "Template hydrated text too long"},
		{132007, 400, "Template format character policy violated"},
		{132012, 400, "Template parameter format mismatch"},
		{132015, 400, "Template is paused"},
		{132016, 400, "Template is disabled"},
		{132018, 400, "Template parameters are not valid"},
		{132068, 400, "Flow is blocked"},
		{132069, 400, "Flow is throttled"},
		{133005, 400, "Two-step verification PIN mismatch"},
		{133006, 400, "Phone number re-verification needed"},
		{133008, 400, "Too many two-step verification PIN guesses"},
		{133009, 400, "Two-step verification PIN guessed too fast"},
		{134011, 400, "Payments terms of service have not been accepted"},
		{134100, 400, "Only marketing templates are supported"},
		{134102, 500, "Template is unavailable for use"},
		{135000, 400, "Generic user error"},
	}
	synctest.Test(t, func(t *testing.T) {
		w := prepareWorld(t)
		answers := make(chan string, 1)
		upstream := w.network.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet { // a probe
				_, _ = rw.Write([]byte(`{"id":"` + phoneID + `"}`))
				return
			}
			status, body, _ := strings.Cut(<-answers, " ")
			var code int
			if _, err := fmt.Sscan(status, &code); err != nil {
				t.Error(err)
			}
			rw.WriteHeader(code)
			_, _ = rw.Write([]byte(body))
		}))
		for i := range w.document.Channels {
			w.document.Channels[i].BaseURL = upstream.URL
		}
		w.document.Callback = &config.Callback{URL: w.business.server.URL, Secret: hookSecret}
		w.writeDocument()
		w.start()
		for i, refusal := range refusals {
			to := fmt.Sprintf("336120000%02d", i)
			answers <- fmt.Sprintf(`%d {"error":{"message":"(#%d) %s","type":"OAuthException","code":%d,`+
				`"error_data":{"messaging_product":"whatsapp","details":"Caf\u00e9 %d"},"fbtrace_id":"AzC8"}}`,
				refusal.status, refusal.code, refusal.title, refusal.code, refusal.code)
			id := w.accepted(strings.Replace(
				templateTo(to, "parcel_ready"), "{", fmt.Sprintf(`{"biz_opaque_callback_data":"job %d",`, i), 1,
			))
			at := unixSeconds(w.clock.Now())
			w.until(refusal.title, func() bool { return len(w.business.received(id)) > 0 })
			want := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"%s","time":%s,`+
				`"changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
				`"metadata":{"phone_number_id":"%s"},"statuses":[{"id":"%s","status":"failed","timestamp":"%s",`+
				`"recipient_id":"%s","biz_opaque_callback_data":"job %d","errors":[{"code":%d,"title":"%s",`+
				`"message":"%s","error_data":{"details":"Caf\u00e9 %d"},`+
				`"href":"https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}]}]}}]}]}`,
				waba, at, phoneID, id, at, to, i, refusal.code, refusal.title, refusal.title, refusal.code)
			if got := w.business.received(id); len(got) != 1 || got[0] != want {
				t.Errorf("%d:\ngot  %s\nwant %s", refusal.code, got, want)
			}
		}
	})
}
