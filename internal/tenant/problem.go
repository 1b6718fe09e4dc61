package tenant

import (
	"fmt"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// Problem is why an account cannot be served as it asks: a reason of the API and a sentence that
// says what to do.
type Problem struct {
	Reason  string
	Message string
}

// Unsupported names what the spec asks for and this release refuses, or nil.
func Unsupported(account *v1alpha1.BusinessAccount) *Problem {
	var fields []string
	for i, channel := range account.Spec.Channels {
		if channel.Type == v1alpha1.ChannelMessenger {
			fields = append(fields, fmt.Sprintf("spec.channels[%d].type 'Messenger': use 'WhatsApp'", i))
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return &Problem{
		Reason: v1alpha1.ReasonNotSupported, Message: "This release does not support " + strings.Join(fields, "; "),
	}
}
