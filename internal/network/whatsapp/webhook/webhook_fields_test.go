package webhook

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOtherFields(t *testing.T) {
	base := Change{Object: "whatsapp_business_account", EntryID: "102290129340398", EntryTime: unix(1760000005)}
	with := func(field string, edit func(*Change)) Change {
		c := base
		c.Field = field
		edit(&c)
		return c
	}
	tests := map[string]struct {
		field, value string
		want         Change
	}{
		"template rejected": {
			"message_template_status_update",
			`{"event":"REJECTED","message_template_id":1689556908129832,"message_template_name":"order_ready",` +
				`"message_template_language":"pt_BR","message_template_category":"UTILITY",` +
				`"reason":"INCORRECT_CATEGORY","rejection_info":{"reason":"Looks promotional","recommendation":"x"}}`,
			with("message_template_status_update", func(c *Change) {
				c.Template = &TemplateUpdate{
					ID: "1689556908129832", Name: "order_ready", Language: "pt_BR", Event: "REJECTED",
					Category: "UTILITY", Reason: "INCORRECT_CATEGORY", Explanation: "Looks promotional",
				}
			}),
		},
		"template paused": {
			"message_template_status_update",
			`{"event":"PAUSED","message_template_id":1,"message_template_name":"promo",` +
				`"message_template_language":"en_US","reason":"NONE","other_info":{"title":"FIRST_PAUSE",` +
				`"description":"3 hours"}}`,
			with("message_template_status_update", func(c *Change) {
				c.Template = &TemplateUpdate{
					ID: "1", Name: "promo", Language: "en_US", Event: "PAUSED", Explanation: "3 hours",
				}
			}),
		},
		"category changed": {
			"template_category_update",
			`{"message_template_id":1,"message_template_name":"x","message_template_language":"en_US",` +
				`"previous_category":"UTILITY","new_category":"MARKETING"}`,
			with("template_category_update", func(c *Change) {
				c.Template = &TemplateUpdate{
					ID: "1", Name: "x", Language: "en_US", PreviousCategory: "UTILITY", NewCategory: "MARKETING",
				}
			}),
		},
		"category announced": {
			"template_category_update",
			`{"message_template_id":1,"message_template_name":"x","message_template_language":"en_US",` +
				`"new_category":"UTILITY","correct_category":"MARKETING","category_update_timestamp":1762000000}`,
			with("template_category_update", func(c *Change) {
				c.Template = &TemplateUpdate{
					ID: "1", Name: "x", Language: "en_US", NewCategory: "UTILITY", CorrectCategory: "MARKETING",
					CategoryAt: unix(1762000000),
				}
			}),
		},
		"template quality": {
			"message_template_quality_update",
			`{"previous_quality_score":"GREEN","new_quality_score":"YELLOW","message_template_id":1,` +
				`"message_template_name":"x","message_template_language":"en_US"}`,
			with("message_template_quality_update", func(c *Change) {
				c.Template = &TemplateUpdate{
					ID: "1", Name: "x", Language: "en_US", PreviousQuality: "GREEN", NewQuality: "YELLOW",
				}
			}),
		},
		"number quality": {
			"phone_number_quality_update",
			`{"display_phone_number":"15550783881","event":"THROUGHPUT_UPGRADE",` +
				`"max_daily_conversations_per_business":"TIER_UNLIMITED"}`,
			with("phone_number_quality_update", func(c *Change) {
				c.Quality = &PhoneQuality{
					DisplayPhoneNumber: "15550783881", Event: "THROUGHPUT_UPGRADE", Limit: "TIER_UNLIMITED",
				}
			}),
		},
		"account banned": {
			"account_update",
			`{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE","waba_ban_date":"x"}}`,
			with(
				"account_update",
				func(c *Change) { c.Account = &AccountUpdate{Event: "DISABLED_UPDATE", BanState: "DISABLE"} },
			),
		},
		"marketing stopped": {
			"user_preferences",
			`{` + metadata + `,"contacts":[{"profile":{"name":"Ana"},"wa_id":"5511999990000"}],` +
				`"user_preferences":[{"wa_id":"5511999990000","detail":"User requested to stop marketing messages",` +
				`"category":"marketing_messages","value":"stop","timestamp":1760000000}]}`,
			with("user_preferences", func(c *Change) {
				c.PhoneNumberID, c.DisplayPhoneNumber = "106540352242922", "15550783881"
				c.Contacts = []Contact{{WAID: "5511999990000"}}
				c.Preferences = []UserPreference{
					{WAID: "5511999990000", Category: "marketing_messages", Value: "stop", Timestamp: unix(1760000000)},
				}
			}),
		},
		"account error": {
			"messages", `{` + metadata + `,"errors":[{"code":131031,"title":"Account has been locked"}]}`,
			with("messages", func(c *Change) {
				c.PhoneNumberID, c.DisplayPhoneNumber = "106540352242922", "15550783881"
				c.Errors = []StatusError{{Code: 131031, Title: "Account has been locked"}}
			}),
		},
		"a field of the future": {"teleports", `{"x":[1,2]}`, with("teleports", func(*Change) {})},
		"value is no object":    {"messages", `7`, with("messages", func(*Change) {})},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := onlyChange(t, inChange(tc.field, tc.value))
			if diff := cmp.Diff(tc.want, got, withoutRaw()); diff != "" {
				t.Error(diff)
			}
			if string(got.Value) != tc.value {
				t.Errorf("value: got %s, want %s", got.Value, tc.value)
			}
		})
	}
}

// entry, changes, messages and statuses are all lists and may be mixed.
func TestParseLoopsAllLists(t *testing.T) {
	body := `{"object":"whatsapp_business_account","entry":[
	 {"id":"1","changes":[
	  {"field":"messages","value":{"metadata":{"phone_number_id":"p1"},"messages":[{"id":"m1"},{"id":"m2"}],"statuses":[{"id":"s1"}]}},
	  {"field":"messages","value":{"metadata":{"phone_number_id":"p2"},"statuses":[{"id":"s2"},{"id":"s3"}]}}]},
	 "odd",
	 {"id":"2","changes":[{"field":"account_alerts","value":{}},7]}]}`
	webhook, err := Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range webhook.Changes {
		line := []string{c.EntryID, c.Field, c.PhoneNumberID}
		for _, m := range c.Messages {
			line = append(line, m.ID)
		}
		for _, s := range c.Statuses {
			line = append(line, s.ID)
		}
		got = append(got, strings.Join(line, " "))
	}
	want := []string{"1 messages p1 m1 m2 s1", "1 messages p2 s2 s3", "2 account_alerts "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
