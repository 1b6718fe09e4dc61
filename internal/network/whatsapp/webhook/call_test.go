package webhook

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseReadsCalls(t *testing.T) {
	at := time.Unix(1749196895, 0).UTC()
	tests := map[string]struct {
		value string
		want  Call
	}{
		"a customer calls": {
			`"calls":[{"id":"wacid.1","from":"12185552828","from_user_id":"US.1","to":"13175551399",` +
				`"event":"connect","direction":"USER_INITIATED","timestamp":"1749196895",` +
				`"session":{"sdp_type":"offer"}}]`,
			Call{
				ID: "wacid.1", Customer: "12185552828", CustomerUserID: "US.1", Step: CallConnect, ByCustomer: true,
				Timestamp: at,
			},
		},
		"the business calls": {
			`"calls":[{"id":"wacid.1","from":"13175551399","to":"12185552828","event":"connect",` +
				`"direction":"BUSINESS_INITIATED","timestamp":"1749196895"}]`,
			Call{ID: "wacid.1", Customer: "12185552828", Step: CallConnect, Timestamp: at},
		},
		"the customer takes the call": {
			`"statuses":[{"id":"wacid.1","type":"call","status":"ACCEPTED","timestamp":"1749196895",` +
				`"recipient_id":"12185552828","recipient_user_id":"US.1"}]`,
			Call{ID: "wacid.1", Customer: "12185552828", CustomerUserID: "US.1", Step: CallAccepted, Timestamp: at},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"102290129340398",`+
				`"changes":[{"field":"calls","value":{"messaging_product":"whatsapp",`+
				`"metadata":{"display_phone_number":"13175551399","phone_number_id":"436666719526789"},%s}}]}]}`, tc.value)
			webhook, err := Parse([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			change := webhook.Changes[0]
			list, raw, _ := strings.Cut(tc.value, ":")
			tc.want.List, tc.want.Raw = strings.Trim(list, `"`), []byte(raw[1:len(raw)-1])
			if !reflect.DeepEqual(change.Calls, []Call{tc.want}) || change.PhoneNumberID != "436666719526789" ||
				len(change.Statuses) != 0 {
				t.Errorf(
					"got %+v of number %s and %d statuses of messages; want %+v and none", change.Calls,
					change.PhoneNumberID, len(change.Statuses), tc.want,
				)
			}
		})
	}
}
