package messenger

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

// Every refusal of the gateway has a code and subcode of Meta's, literal here. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
func TestEveryRefusalHasMetasCodeAndSubcode(t *testing.T) {
	const notAllowed, noObject = 200, "GraphMethodException"
	type want struct {
		status, code, subcode int
		kind                  string
		begins                string
	}
	const oauth = "OAuthException"
	tests := map[network.Reason]want{
		network.OutOfWindow:       {400, 10, 2018278, oauth, "(#10) This message is sent outside of allowed window. "},
		network.OptedOut:          {403, notAllowed, 0, oauth, "(#200) The person has stopped marketing messages."},
		network.Promotional:       {403, notAllowed, 0, oauth, "(#200) The message may not be sent."},
		network.NoConsent:         {403, notAllowed, 0, oauth, "(#200) The message may not be sent."},
		network.Unpaid:            {403, notAllowed, 0, oauth, "(#200) The message may not be sent."},
		network.Forbidden:         {403, notAllowed, 0, oauth, "(#200) The message may not be sent."},
		network.OverBudget:        {403, notAllowed, 0, oauth, "(#200) The account's budget does not cover this message:"},
		network.Undeliverable:     {400, 551, 1545041, oauth, "(#551) This person isn't available right now."},
		network.SubscriptionLimit: {400, 2300035, 0, oauth, "(#2300035) The minimum delay between marketing messages"},
		network.CustomerLimit:     {400, 613, 0, oauth, "(#613) Too many messages are waiting."},
		network.Busy:              {400, 613, 0, oauth, "(#613) Too many messages are waiting."},
		network.Unauthenticated:   {401, 190, 0, oauth, "(#190) The access token is missing, malformed or unknown."},
		network.UnknownChannel:    {400, 100, 33, noObject, "(#100) Unsupported request. No channel of the account"},
		network.UnknownObject:     {400, 100, 33, noObject, "(#100) Unsupported request. The object does not exist"},
		network.NoSuchPath:        {400, 100, 33, noObject, "(#100) Unsupported request. The object does not exist"},
		network.NoMethod:          {400, 100, 33, noObject, "(#100) Unsupported request. The object does not exist"},
		network.NoMedia:           {400, 100, 33, noObject, "(#100) Unsupported request. The object does not exist"},
		network.Unavailable:       {503, 2, 0, oauth, "(#2) The message could not be stored. It was not accepted;"},
		network.OutcomeUnknown:    {503, 2, 0, oauth, "(#2) Whether the message was stored is not known."},
		network.Silent:            {503, 2, 0, oauth, "(#2) The upstream did not answer."},
		network.Fault:             {500, 1, 0, oauth, "(#1) A fault of the gateway"},
		network.Broken:            {500, 1, 0, oauth, "(#1) A fault of the gateway"},
		network.NoTemplate:        {400, 100, 0, oauth, "(#100) No approved template of this page"},
		network.PausedTemplate:    {400, 100, 0, oauth, "(#100) The template is paused for low quality."},
		network.DisabledTemplate:  {400, 100, 0, oauth, "(#100) The template is disabled for good."},
		network.TemplateMismatch:  {400, 100, 0, oauth, "(#100) it lacks a value"},
		network.TooLarge:          {413, 100, 0, oauth, "(#100) Request Entity Too Large"},
		network.TooSlow:           {408, 100, 0, oauth, "(#100) Request Timeout"},
		network.Malformed:         {400, 100, 0, oauth, "(#100) Invalid parameter"},
		network.InvalidValue:      {400, 100, 0, oauth, "(#100) Invalid parameter"},
	}
	for reason, tc := range tests {
		t.Run(string(reason), func(t *testing.T) {
			refusal := &network.Refusal{
				Reason: reason, Needed: "0.05 USD", Left: "0.01 USD",
				Mismatch: &template.Mismatch{Details: "it lacks a value"},
			}
			e := Network{}.Refuse(refusal)
			raw, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				Error struct {
					Message string `json:"message"`
					Type    string `json:"type"`
					Code    int    `json:"code"`
					Subcode int    `json:"error_subcode"`
				} `json:"error"`
			}
			if err := json.Unmarshal(raw, &answer); err != nil {
				t.Fatal(err)
			}
			text := answer.Error.Message
			got := want{
				e.Status(), answer.Error.Code, answer.Error.Subcode, answer.Error.Type,
				text[:min(len(text), len(tc.begins))],
			}
			if got != tc {
				t.Errorf("got %+v, want %+v", got, tc)
			}
		})
	}
}

// The window's refusal says when it closed, and Instagram has a subcode of its own.
func TestP4TheRefusalSaysWhenTheWindowClosed(t *testing.T) {
	closed := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		of     Network
		closed time.Time
		want   string
	}{
		"a page": {
			Network{}, closed, `{"error":{"message":"(#10) This message is sent outside of allowed window. ` +
				`The window closed at 2026-11-30T09:00:00Z. Send an approved utility template with messaging_type ` +
				`\"UTILITY\", or wait for the person to write.","type":"OAuthException","code":10,"error_subcode":2018278}}`,
		},
		"Instagram": {
			Network{Instagram: true}, closed, `{"error":{"message":"(#10) This message is sent outside of allowed window. ` +
				`The window closed at 2026-11-30T09:00:00Z. Wait for the person to write.","type":"OAuthException",` +
				`"code":10,"error_subcode":2534022}}`,
		},
		"never open": {
			Network{Instagram: true}, time.Time{}, `{"error":{"message":"(#10) This message is sent outside of allowed ` +
				`window. The person has not written to this channel. Wait for the person to write.",` +
				`"type":"OAuthException","code":10,"error_subcode":2534022}}`,
		},
	}
	for name, tc := range tests {
		raw, err := json.Marshal(tc.of.Refuse(&network.Refusal{Reason: network.OutOfWindow, Closed: tc.closed}))
		if err != nil || string(raw) != tc.want {
			t.Errorf("%s: got %s, %v; want %s", name, raw, err, tc.want)
		}
	}
}
