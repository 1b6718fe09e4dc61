package plugin

import (
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

func TestAnAccountIsSuspendedHibernatedAndResumed(t *testing.T) {
	for _, c := range []struct {
		command string
		want    v1alpha1.Activity
	}{
		{"suspend", v1alpha1.ActivitySuspended},
		{"hibernate", v1alpha1.ActivityHibernated},
		{"resume", v1alpha1.ActivityActive},
	} {
		got, err := run(t, c.command, "bikes", "-n", "bikes")
		if err != nil || !strings.HasPrefix(got, "bikes/bikes is "+string(c.want)+": it ") {
			t.Errorf("%s: %q, %v", c.command, got, err)
		}
		account := &v1alpha1.BusinessAccount{}
		mustGet(t, "bikes", "bikes", account)
		if account.Spec.Activity != c.want {
			t.Errorf("%s: the account is %s", c.command, account.Spec.Activity)
		}
	}
}
