//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/test/story"
)

// scene is the cluster with the play on it, shared by the steps of the test.
type scene struct {
	*story.Stage
	play *story.Play
}

func setUp(ctx context.Context, t *testing.T) *scene {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	stage, err := story.NewStage(cmp.Or(os.Getenv("KUBECTL"), "kubectl"), os.Getenv("KUBECONFIG"), root)
	must(t, err)
	must(t, stage.Install(ctx))
	for _, earlier := range []string{"namespace/" + story.AccountNamespace, "pricingplan/" + story.PlanName} {
		_, err = stage.Kubectl.Run(ctx, "delete", earlier, "--ignore-not-found", "--timeout=120s")
		must(t, err)
	}
	phones, door, err := stage.Phones(ctx)
	must(t, err)
	must(t, phones.Reset(ctx))
	door.Close()
	applied := time.Now()
	must(t, stage.Onboard(ctx))
	play, err := stage.Open(ctx, func(line story.Line) { t.Logf("%s: %s → %s", line.Who, line.Did, line.Answer) })
	if err != nil {
		(&scene{Stage: stage}).explain(t)
	}
	must(t, err)
	t.Logf(
		"FIGURE from kubectl apply to the account and its templates ready: %s",
		time.Since(applied).Round(10*time.Millisecond),
	)
	return &scene{Stage: stage, play: play}
}

func (s *scene) gatewayPod(ctx context.Context, t *testing.T) *corev1.Pod {
	t.Helper()
	var found *corev1.Pod
	err := wait.PollUntilContextTimeout(ctx, poll, time.Minute, true, func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		if err := s.Client.List(
			ctx, &pods, client.InNamespace(story.AccountNamespace),
			client.MatchingLabels{"app.kubernetes.io/managed-by": "guichet"},
		); err != nil {
			return false, err
		}
		if len(pods.Items) != 1 || len(pods.Items[0].Status.ContainerStatuses) != 1 ||
			!pods.Items[0].Status.ContainerStatuses[0].Ready {
			return false, nil
		}
		found = &pods.Items[0]
		return true, nil
	})
	must(t, err)
	return found
}

// explain prints what somebody would look at first.
func (s *scene) explain(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"get", "ba,pp,mt", "-A", "-o", "wide"},
		{"get", "all,pvc,events", "-n", story.AccountNamespace},
		{"describe", "ba", "-n", story.AccountNamespace},
		{"logs", "-n", story.OperatorNamespace, "deployment/" + story.OperatorDeployment, "--tail=60"},
		{"logs", "-n", story.AccountNamespace, "-l", gatewaySelector, "--tail=60"},
		{"logs", "-n", story.SimulatorNamespace, "deployment/" + story.SimulatorName, "--tail=40"},
	} {
		output, err := s.Kubectl.Run(context.WithoutCancel(t.Context()), args...)
		t.Logf("kubectl %s\n%s%v", strings.Join(args, " "), output, err)
	}
}

func inForce(plan *v1alpha1.PricingPlan, day string) *v1alpha1.PricingRevision {
	var found *v1alpha1.PricingRevision
	for i := range plan.Spec.Revisions {
		r := &plan.Spec.Revisions[i]
		if string(r.EffectiveDate) <= day && (found == nil || r.EffectiveDate > found.EffectiveDate) {
			found = r
		}
	}
	return found
}

func isTrue(account *v1alpha1.BusinessAccount, condition string) bool {
	for _, c := range account.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}

func frenchNumber(i int) string { return fmt.Sprintf("+336200000%02d", i) }

func amount(t *testing.T, text string) *big.Rat {
	t.Helper()
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is not an amount", text)
	}
	return value
}

func equalAmounts(t *testing.T, got string, want *big.Rat) {
	t.Helper()
	if amount(t, got).Cmp(want) != 0 {
		t.Fatalf("billed = %s, want %s", got, want.FloatString(6))
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
