package gateway

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
)

func TestEventsOfACustomersMessage(t *testing.T) {
	tests := map[string]struct {
		message graph.Message
		want    conversation.Events
	}{
		"text":                                 {graph.Message{Type: "text"}, conversation.Message},
		"a tap on a button":                    {graph.Message{Type: "button"}, conversation.Message},
		"a type to come":                       {graph.Message{Type: "hologram"}, conversation.Message},
		"reaction":                             {graph.Message{Type: "reaction"}, conversation.Reacted},
		"unsupported":                          {graph.Message{Type: "unsupported"}, conversation.Unsupported},
		"a changed number":                     {graph.Message{Type: "system"}, 0},
		"a deletion":                           {graph.Message{Type: "revoke"}, 0},
		"a correction":                         {graph.Message{Type: "edit"}, 0},
		"a deletion outside coexistence":       {graph.Message{Type: "unsupported", Unsupported: "revoke"}, 0},
		"a correction outside coexistence":     {graph.Message{Type: "unsupported", Unsupported: "edit"}, 0},
		"a correction of what came from an ad": {graph.Message{Type: "unsupported", Unsupported: "edit", Referral: &graph.Referral{SourceType: "ad"}}, 0},
		"from an ad":                           {graph.Message{Type: "text", Referral: &graph.Referral{SourceType: "ad"}}, conversation.Message | conversation.Ad},
		"from a page":                          {graph.Message{Type: "text", Referral: &graph.Referral{SourceType: "post"}}, conversation.Message | conversation.PageButton},
		"from elsewhere":                       {graph.Message{Type: "text", Referral: &graph.Referral{SourceType: "status"}}, conversation.Message},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := eventsOf(&tc.message); got != tc.want {
				t.Fatalf("got %b, want %b", got, tc.want)
			}
		})
	}
}
