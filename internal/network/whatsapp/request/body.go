package request

import (
	"slices"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
)

// maxFields is how many members an object may have.
const maxFields = 64

// bodyRules say what a request may be.
func bodyRules() *clientbody.Rules {
	return &clientbody.Rules{MaxBytes: MaxBody, Texts: textFields, Others: otherFields, Fail: malformed}
}

func malformed(details string) *graph.Error {
	return graph.NewError(graph.CodeInvalidParameter, details)
}

// The fields of a request that are read here: those that hold a text, and the others.
var (
	textFields = []string{
		"messaging_product", "recipient_type", "to", "recipient", "type", "biz_opaque_callback_data", "category",
		"status", "message_id",
	}
	otherFields = slices.Concat([]string{"context", "typing_indicator", "ttl_seconds"}, contentTypes)
)

// contentTypes are the types of messages, which are the names of their content.
var contentTypes = []string{
	TypeText, TypeTemplate, TypeImage, TypeVideo, TypeAudio, TypeDocument, TypeSticker, TypeLocation, TypeContacts,
	TypeInteractive, TypeReaction, TypePin,
}
