package gateway

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

func TestEventsOfACustomersMessage(t *testing.T) {
	tests := map[string]struct {
		message whatsapp.Message
		want    conversation.Events
	}{
		"text":                                 {whatsapp.Message{Type: "text"}, conversation.Message},
		"a tap on a button":                    {whatsapp.Message{Type: "button"}, conversation.Message},
		"a type to come":                       {whatsapp.Message{Type: "hologram"}, conversation.Message},
		"reaction":                             {whatsapp.Message{Type: "reaction"}, conversation.Reacted},
		"unsupported":                          {whatsapp.Message{Type: "unsupported"}, conversation.Unsupported},
		"a changed number":                     {whatsapp.Message{Type: "system"}, 0},
		"a deletion":                           {whatsapp.Message{Type: "revoke"}, 0},
		"a correction":                         {whatsapp.Message{Type: "edit"}, 0},
		"a deletion outside coexistence":       {whatsapp.Message{Type: "unsupported", Unsupported: "revoke"}, 0},
		"a correction outside coexistence":     {whatsapp.Message{Type: "unsupported", Unsupported: "edit"}, 0},
		"a correction of what came from an ad": {whatsapp.Message{Type: "unsupported", Unsupported: "edit", Referral: &whatsapp.Referral{SourceType: "ad"}}, 0},
		"from an ad":                           {whatsapp.Message{Type: "text", Referral: &whatsapp.Referral{SourceType: "ad"}}, conversation.Message | conversation.Ad},
		"from a page":                          {whatsapp.Message{Type: "text", Referral: &whatsapp.Referral{SourceType: "post"}}, conversation.Message | conversation.PageButton},
		"from elsewhere":                       {whatsapp.Message{Type: "text", Referral: &whatsapp.Referral{SourceType: "status"}}, conversation.Message},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := eventsOf(&tc.message); got != tc.want {
				t.Fatalf("got %b, want %b", got, tc.want)
			}
		})
	}
}
