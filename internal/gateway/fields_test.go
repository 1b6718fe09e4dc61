package gateway

import (
	"net/http"
	"testing"
	"testing/synctest"
)

// Every field of Meta's webhooks reaches the business as Meta wrote it, whether the gateway acts on
// it or has never heard of it. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
func TestEveryFieldReachesTheBusinessByteForByte(t *testing.T) {
	t.Parallel()
	const number = `"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881",` +
		`"phone_number_id":"` +
		phoneID + `"}`
	tests := map[string]string{
		"messages": `{` + number + `,"contacts":[{"profile":{"name":"Ana"},"wa_id":"5511999990000"}],` +
			`"messages":[{"from":"5511999990000","id":"wamid.9","timestamp":"1760000000","type":"text",` +
			`"text":{"body":"Ol\u00e1 \/"}}]}`,
		"message_template_status_update": `{"event":"REJECTED","message_template_id":1689556908129832,` +
			`"message_template_name":"order_ready","message_template_language":"pt_BR",` +
			`"message_template_category":"UTILITY",` +
			`"reason":"INCORRECT_CATEGORY","rejection_info":{"reason":"x","recommendation":"y"}}`,
		"message_template_quality_update": `{"previous_quality_score":"GREEN","new_quality_score":"YELLOW",` +
			`"message_template_id":1,"message_template_name":"promo","message_template_language":"en_US"}`,
		"message_template_components_update": `{"message_template_id":1,"message_template_name":"promo",` +
			`"message_template_language":"en_US","message_template_element":"hi"}`,
		"template_category_update": `{"message_template_id":1,"message_template_name":"x",` +
			`"message_template_language":"en_US",` +
			`"previous_category":"UTILITY","new_category":"MARKETING"}`,
		"template_correct_category_detection": `{"message_template_id":1,"correct_category":"MARKETING",` +
			`"new_category":"UTILITY"}`,
		"account_update": `{"event":"VOLUME_BASED_PRICING_TIER_UPDATE",` +
			`"volume_tier_info":{"tier_update_time":1762000000,` +
			`"pricing_category":"UTILITY","tier":"25000001:50000000","effective_month":"2025-11","region":"India"}}`,
		"phone_number_quality_update": `{"display_phone_number":"15550783881","event":"THROUGHPUT_UPGRADE",` +
			`"max_daily_conversations_per_business":"TIER_UNLIMITED"}`,
		"business_capability_update": `{"max_daily_conversations_per_business":2000,` +
			`"max_phone_numbers_per_business":2,` +
			`"max_phone_numbers_per_waba":25}`,
		"account_alerts": `{"entity_type":"BUSINESS","entity_id":1,"alert_info":{"alert_severity":"WARNING",` +
			`"alert_status":"ACTIVE","alert_type":"INCREASED_CAPABILITIES_ELIGIBILITY_FAILED",` +
			`"alert_description":"\u2026"}}`,
		"account_review_update": `{"decision":"APPROVED"}`,
		"account_settings_update": `{` + number + `,"type":"phone_number_settings",` +
			`"phone_number_settings":{"calling":{"status":"ENABLED"}}}`,
		"security": `{"display_phone_number":"15550783881","event":"PIN_CHANGED","requester":"1"}`,
		"phone_number_name_update": `{"display_phone_number":"15550783881","decision":"APPROVED",` +
			`"requested_verified_name":"Acme","rejection_reason":null}`,
		"history": `{` + number + `,"history":[{"metadata":{"phase":0,"chunk_order":1,` +
			`"progress":55},"threads":[{"id":"5511999990000","messages":[]}]}]}`,
		"smb_message_echoes": `{` + number + `,"message_echoes":[{"from":"15550783881","to":"5511999990000",` +
			`"id":"wamid.E","timestamp":"1760000000","type":"text","text":{"body":"hi"}}]}`,
		"message_echoes": `{` + number + `,"message_echoes":[{"from":"15550783881","to":"5511999990000",` +
			`"id":"wamid.F","timestamp":"1760000000","type":"text","text":{"body":"hi"}}]}`,
		"smb_app_state_sync": `{` + number + `,"state_sync":[{"type":"contact","contact":{"full_name":"Ana",` +
			`"phone_number":"5511999990000"},"action":"add","metadata":{"timestamp":"1760000000"}}]}`,
		"flows": `{"event":"FLOW_STATUS_CHANGE","message":"x","flow_id":"6",` +
			`"old_status":"DRAFT","new_status":"PUBLISHED"}`,
		"calls": `{` + number + `,"calls":[{"id":"wacid.1","from":"5511999990000",` +
			`"to":"15550783881","event":"connect","timestamp":"1760000000","direction":"USER_INITIATED",` +
			`"session":{"sdp_type":"offer","sdp":"v=0\r\n"}}]}`,
		"group_lifecycle_update": `{` + number + `,"groups":[{"timestamp":"1760000000","group_id":"g1",` +
			`"type":"group_create","request_id":"r","subject":"Bikes"}]}`,
		"group_participants_update": `{` + number + `,"groups":[{"timestamp":"1760000000","group_id":"g1",` +
			`"type":"group_participants_add","added_participants":[{"wa_id":"5511999990000"}]}]}`,
		"group_settings_update": `{` + number + `,"groups":[{"timestamp":"1760000000","group_id":"g1",` +
			`"type":"group_settings_update","group_subject":{"text":"Bikes","update_successful":true}}]}`,
		"group_status_update": `{` + number + `,"groups":[{"timestamp":"1760000000","group_id":"g1",` +
			`"type":"group_suspend"}]}`,
		"payment_configuration_update": `{"configuration_name":"c","provider_name":"razorpay","provider_mid":"m",` +
			`"status":"Active",` +
			`"created_timestamp":1760000000,"updated_timestamp":1760000001}`,
		"tracking_events": `{` + number + `,"events":[{"event_name":"clicked","timestamp":1760000000}]}`,
		"automatic_events": `{` + number + `,"automatic_events":[{"id":"wamid.9","event_name":"Purchase",` +
			`"timestamp":1760000000,"ctwa_clid":"ARA"}]}`,
		"user_preferences": `{` + number + `,"contacts":[{"profile":{"name":"Ana"},"wa_id":"5511999990000"}],` +
			`"user_preferences":[{"wa_id":"5511999990000",` +
			`"detail":"User requested to stop marketing messages","category":"marketing_messages","value":"stop",` +
			`"timestamp":1760000000}]}`,
		"partner_solutions": `{"event":"SOLUTION_CREATED","solution_id":"5","solution_status":"INITIATED"}`,
		"standby": `{` + number + `,"messages":[{"from":"5511999990000","id":"wamid.S",` +
			`"timestamp":"1760000000","type":"text","text":{"body":"hi"}}]}`,
		"messaging_handovers": `{` + number + `,"messaging_handovers":[{"timestamp":"1760000000",` +
			`"type":"control_taken"}]}`,
		"consumer_profile": `{` + number + `,"contacts":[{"wa_id":"5511999990000"}]}`,
		"of_next_year": `{` + number + `,"future":[{"n":1.50,"big":12345678901234567890,` +
			`"text":"\u00e9 \/","nothing":null}]}`,
		"of_next_year_no_metadata": `{"future":true}`,
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for field, value := range tests {
			body := `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","time":1760000005,` +
				`"changes":[{"field":"` +
				field + `","value":` + value + `}]}]}`
			if got := w.webhook(body, appSecret); got.status != http.StatusOK {
				t.Errorf("%s: got %d %s", field, got.status, got.body)
				continue
			}
			mark := `"field":"` + field + `"`
			w.until("the business is told of "+field, func() bool { return len(w.business.received(mark)) > 0 })
			if got := w.business.received(mark); len(got) != 1 || got[0] != body {
				t.Errorf("%s:\ngot  %s\nwant %s", field, got, body)
			}
		}
	})
}
