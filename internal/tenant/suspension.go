package tenant

import (
	"fmt"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// SendingStopped is the sentence with which an account's gateway refuses every message: that of its
// plan's suspension, which is nil if there is none, else that of its own activity. It is empty if
// the account may send.
func SendingStopped(spec *v1alpha1.BusinessAccountSpec, suspension *v1alpha1.AccountSuspension) string {
	switch {
	case suspension != nil && suspension.Message != "":
		return fmt.Sprintf("The platform has suspended this account (%s): %s", suspension.Name, suspension.Message)
	case suspension != nil:
		return fmt.Sprintf("The platform has suspended this account (%s). Ask the platform team.", suspension.Name)
	case spec.Activity == v1alpha1.ActivitySuspended:
		return "This account sends nothing while its spec.activity is 'Suspended'. " +
			"Send again once it is 'Active'."
	case spec.Activity == v1alpha1.ActivityHibernated:
		return "This account's gateway is being stopped, because its spec.activity is 'Hibernated'. " +
			"Send again once it is 'Active'."
	}
	return ""
}
