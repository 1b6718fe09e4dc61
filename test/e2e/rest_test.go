//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/test/story"
)

// restFor is how long nothing may be written while nothing changes: three reports of each gateway
// are pulled in it.
const restFor = 30 * time.Second

// atRest compares the versions of everything of the account before and after a while; a changed one
// was written.
func (s *scene) atRest(ctx context.Context, t *testing.T) {
	kinds := "businessaccounts,messagetemplates,pricingplans,deployments,services,secrets,serviceaccounts," +
		"persistentvolumeclaims,networkpolicies,pods"
	versions := func(ctx context.Context) (string, error) {
		return s.Kubectl.Run(ctx, "get", kinds, "--namespace", story.AccountNamespace, "-o",
			`jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\n"}{end}`)
	}
	before, err := versions(ctx)
	must(t, err)
	timer := time.NewTimer(restFor)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		t.Fatal(ctx.Err())
	}
	after, err := versions(ctx)
	must(t, err)
	if changed := difference(before, after); changed != "" {
		t.Fatalf("written while nothing changed:\n%s", changed)
	}
}

// difference lists the lines of after that are not in before.
func difference(before, after string) string {
	known := map[string]bool{}
	for line := range strings.Lines(before) {
		known[line] = true
	}
	var changed strings.Builder
	for line := range strings.Lines(after) {
		if !known[line] {
			fmt.Fprint(&changed, line)
		}
	}
	return changed.String()
}
