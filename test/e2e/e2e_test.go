//go:build e2e

// Package e2e holds the end-to-end test: the demonstration's story on a real cluster, each figure
// asserted, with the operator and the gateway killed in between, a plan changed and the account
// deleted.
package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/test/story"
)

const (
	limit = 15 * time.Minute
	poll  = 250 * time.Millisecond
)

func TestMainJobEndToEnd(t *testing.T) {
	log.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s := setUp(ctx, t)
	defer s.play.Close()

	for _, step := range []struct {
		name string
		run  func(context.Context, *testing.T)
	}{
		{"P2 the story is billed to the last decimal", s.storyIsBilled},
		{"ten countries, each at its own rate", s.tenCountries},
		{"P8 the gateway holds no Kubernetes credential", s.gatewayHoldsNoCredential},
		{"the operator is killed in between", s.operatorKilled},
		{"P1 P2 P12 the gateway is killed in between", s.gatewayKilled},
		{"P6 P10 a new rate prices new messages only and restarts nothing", s.planChanged},
		{"a template is usable within seconds of its approval", s.templateIsUsable},
		{"a template that is Ready can be sent at once", s.readyTemplateIsSent},
		{"a wrong access token shows before the first send, and is gone when it is corrected", s.wrongTokenShows},
		{"P4 a page on Messenger: free inside, and outside only a person or a utility message", s.pageOnMessenger},
		{"P3 paid reach of the page is billed, and stops at the budget", s.paidReach},
		{"P9 at rest nothing is written", s.atRest},
		{"the account is deleted with its children, and with its ledger where that is asked for", s.accountDeleted},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(ctx, t) }) {
			s.explain(t)
			t.Fatal("the later steps build on this one")
		}
	}
}

func (s *scene) storyIsBilled(ctx context.Context, t *testing.T) {
	_, err := s.play.Run(ctx)
	must(t, err)
	account, err := s.AwaitMessages(ctx, 4)
	must(t, err)
	usage := account.Status.Usage
	// France 0.0300 + Brazil 0.0068 + India 0.0014; the answer inside the window is one of the
	// 1,000 free service messages.
	equal(t, "billed", usage.Billed.Amount, "0.0382")
	equal(t, "currency", usage.Billed.Currency, "USD")
	equal(t, "messages", *usage.Messages, int64(4))
	equal(t, "open windows", *usage.OpenWindows, int64(1))
	equal(t, "unpriced", *usage.Unpriced, int64(0))
	equal(t, "reserved", usage.Reserved.Amount, "0")
	for _, category := range usage.Categories {
		switch category.Category {
		case "utility":
			equal(t, "utility charged", *category.Charged, int64(3))
			equal(t, "utility billed", category.Billed.Amount, "0.0382")
		case "service":
			equal(t, "service messages", *category.Messages, int64(1))
			equal(t, "service charged", *category.Charged, int64(0))
		default:
			t.Errorf("unexpected category %q", category.Category)
		}
	}
	if len(usage.Allowances) != 1 || *usage.Allowances[0].Used != 1 || *usage.Allowances[0].Count != 1000 {
		t.Errorf("allowances = %+v, want 1 of 1000 used", usage.Allowances)
	}
}

// tenCountries returns utility messages at the rates of October 2026.
func (s *scene) tenCountries(ctx context.Context, t *testing.T) {
	customers := []struct{ number, market, rate string }{
		{"+4915112345678", "Germany", "0.0550"},
		{"+541123456789", "Argentina", "0.0260"},
		{"+6281234567890", "Indonesia", "0.0250"},
		{"+5215512345678", "Mexico", "0.0085"},
		{"+2348031234567", "Nigeria", "0.0067"},
		{"+447700900123", "United Kingdom", "0.0220"},
		{"+12025550143", "North America", "0.0034"},
		{"+966512345678", "Saudi Arabia", "0.0107"},
		{"+18765550143", "Rest of Latin America", "0.0113"},
		{"+82101234567", "Other", "0.0077"},
	}
	before, err := s.Account(ctx)
	must(t, err)
	want := amount(t, story.Billed(before))
	for _, c := range customers {
		must(t, s.play.Phones.Write(
			ctx, c.number, s.play.Business.PhoneNumberID, "See you!", time.Now().Add(-25*time.Hour),
		))
		must(t, s.play.Notify(ctx, story.Notice{
			Customer: story.Customer{Name: "a customer", Number: c.number, Market: c.market},
			Template: "parcel-delivery",
		}))
		want.Add(want, amount(t, c.rate))
	}
	account, err := s.AwaitMessages(ctx, story.Messages(before)+int64(len(customers)))
	must(t, err)
	equalAmounts(t, story.Billed(account), want)
}

func (s *scene) gatewayHoldsNoCredential(ctx context.Context, t *testing.T) {
	pod := s.gatewayPod(ctx, t)
	if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
		t.Error("the pod mounts a service account token")
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.Projected != nil {
			t.Errorf("volume %q is projected", volume.Name)
		}
	}
}

func (s *scene) operatorKilled(ctx context.Context, t *testing.T) {
	before, err := s.Account(ctx)
	must(t, err)
	_, err = s.Kubectl.Run(
		ctx, "delete", "pod", "--namespace", story.OperatorNamespace, "--selector",
		"app.kubernetes.io/name=guichet-operator", "--grace-period=0", "--force",
	)
	must(t, err)
	must(t, s.play.Notify(ctx, story.Notice{
		Customer: story.Customer{Name: "Ana", Number: "+33612345678", Market: "France"}, Template: "parcel-delivery",
	}))
	account, err := s.AwaitMessages(ctx, story.Messages(before)+1)
	must(t, err)
	want := amount(t, story.Billed(before))
	equalAmounts(t, story.Billed(account), want.Add(want, amount(t, "0.0300")))
}

// gatewayKilled sends to many customers while the gateway's pod is killed. The client repeats what
// was not answered, under the same idempotency key.
func (s *scene) gatewayKilled(ctx context.Context, t *testing.T) {
	const customers = 60
	before, err := s.Account(ctx)
	must(t, err)
	for i := range customers {
		must(t, s.play.Phones.Write(
			ctx, frenchNumber(i), s.play.Business.PhoneNumberID, "Merci !", time.Now().Add(-25*time.Hour),
		))
	}
	template, err := s.Template(ctx, "parcel-delivery")
	must(t, err)
	message := story.FilledWithExamples(template.Spec)
	killed := make(chan error, 1)
	for i := range customers {
		if i == customers/2 {
			go func() {
				_, err := s.Kubectl.Run(
					ctx, "delete", "pod", "--namespace", story.AccountNamespace, "--selector", gatewaySelector,
					"--grace-period=0", "--force",
				)
				killed <- err
			}()
		}
		s.sendUntilAccepted(ctx, t, message, frenchNumber(i), fmt.Sprintf("killed-%d-%d", before.Generation, i))
	}
	must(t, <-killed)
	account, err := s.AwaitMessages(ctx, story.Messages(before)+customers)
	must(t, err)
	for i := range customers {
		inbox, err := s.play.Phones.Inbox(ctx, frenchNumber(i))
		must(t, err)
		if len(inbox) != 1 {
			t.Errorf("customer %d got %d messages, want 1", i, len(inbox))
		}
	}
	equal(t, "messages", story.Messages(account), story.Messages(before)+customers)
	want := amount(t, story.Billed(before))
	equalAmounts(t, story.Billed(account), want.Add(want, amount(t, "1.8"))) // 60 × 0.0300
}

func (s *scene) sendUntilAccepted(ctx context.Context, t *testing.T, message story.Filled, number, key string) {
	t.Helper()
	business := s.play.Business
	business.IdempotencyKey = key
	var last error
	err := wait.PollUntilContextTimeout(ctx, poll, time.Minute, true, func(ctx context.Context) (bool, error) {
		var answer story.Answer
		answer, last = business.Template(ctx, number, message)
		if last == nil && answer.Refused() {
			return false, fmt.Errorf("refused: %d %d %s", answer.Status, answer.Code, answer.Details)
		}
		return last == nil, nil // while the gateway is down, ask again
	})
	if err != nil {
		t.Fatalf("send: %v (%v)", err, last)
	}
}

// planChanged adds a revision of today in which France costs more.
func (s *scene) planChanged(ctx context.Context, t *testing.T) {
	before, err := s.Account(ctx)
	must(t, err)
	pod := s.gatewayPod(ctx, t)
	zone, err := time.LoadLocation(before.Spec.TimeZone)
	must(t, err)

	// the operator writes the plan's status meanwhile
	must(t, retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		var plan v1alpha1.PricingPlan
		if err := s.Client.Get(ctx, client.ObjectKey{Name: story.PlanName}, &plan); err != nil {
			return err
		}
		plan.Spec.Revisions = append(
			plan.Spec.Revisions, dearerFrance(&plan, time.Now().In(zone).Format(time.DateOnly)),
		)
		return s.Client.Update(ctx, &plan)
	}))

	_, err = s.AwaitAccount(ctx, "the gateway serves the changed plan", func(a *v1alpha1.BusinessAccount) bool {
		return a.Status.Gateway.ConfigDigest != before.Status.Gateway.ConfigDigest && isTrue(
			a, v1alpha1.ConditionConfigSynced,
		)
	})
	must(t, err)
	must(t, s.play.Notify(ctx, story.Notice{
		Customer: story.Customer{Name: "Ana", Number: "+33612345678", Market: "France"}, Template: "parcel-delivery",
	}))
	account, err := s.AwaitMessages(ctx, story.Messages(before)+1)
	must(t, err)
	want := amount(t, story.Billed(before))
	equalAmounts(t, story.Billed(account), want.Add(want, amount(t, "0.0301")))

	after := s.gatewayPod(ctx, t)
	equal(t, "the gateway's pod", after.UID, pod.UID)
	equal(
		t, "its restarts", after.Status.ContainerStatuses[0].RestartCount, pod.Status.ContainerStatuses[0].RestartCount,
	)
}

// dearerFrance returns a revision of today in which utility messages to France cost 0.0301.
func dearerFrance(plan *v1alpha1.PricingPlan, today string) v1alpha1.PricingRevision {
	revision := inForce(plan, today).DeepCopy()
	revision.Name, revision.EffectiveDate = "today", v1alpha1.CivilDate(today)
	for i := range revision.Rates {
		if revision.Rates[i].Market != "France" {
			continue
		}
		for j := range revision.Rates[i].Prices {
			if revision.Rates[i].Prices[j].Category == "Utility" {
				revision.Rates[i].Prices[j].Amount = "0.0301"
			}
		}
	}
	return *revision
}

func (s *scene) templateIsUsable(ctx context.Context, t *testing.T) {
	const manifest = `
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: pickup-point, namespace: acme}
spec:
  accountName: acme
  name: pickup_point
  language: en_US
  category: Utility
  body:
    text: "Hello {{1}}, your parcel waits for you at the pickup point."
    examples: [{value: Ana}]
`
	_, err := s.Kubectl.RunWithInput(ctx, manifest, "apply", "--server-side", "-f", "-")
	must(t, err)
	var approved time.Time
	err = wait.PollUntilContextTimeout(ctx, poll, time.Minute, true, func(ctx context.Context) (bool, error) {
		if approved.IsZero() {
			text, err := s.Kubectl.Run(
				ctx, "get", "mt", "--namespace", "acme", "pickup-point", "-o", "jsonpath={.status.upstreamStatus}",
			)
			if err != nil || strings.TrimSpace(text) != "APPROVED" {
				return false, err
			}
			approved = time.Now()
		}
		answer, err := s.play.Business.Template(
			ctx, "+33612345678",
			story.Filled{Name: "pickup_point", Language: "en_US", Body: []v1alpha1.TemplateExample{{Value: "Ana"}}},
		)
		return err == nil && !answer.Refused(), err
	})
	must(t, err)
	t.Logf("FIGURE from an approved template to its use: %s", time.Since(approved).Round(10*time.Millisecond))
	account, err := s.Account(ctx)
	must(t, err)
	_, err = s.AwaitMessages(ctx, story.Messages(account)+1)
	must(t, err)
}

// readyTemplateIsSent waits for Ready as a script does, and sends at once.
func (s *scene) readyTemplateIsSent(ctx context.Context, t *testing.T) {
	const manifest = `
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: parcel-locker, namespace: acme}
spec:
  accountName: acme
  name: parcel_locker
  language: en_US
  category: Utility
  body:
    text: "Hello {{1}}, your parcel waits for you in the locker."
    examples: [{value: Ana}]
`
	account, err := s.Account(ctx)
	must(t, err)
	_, err = s.Kubectl.RunWithInput(ctx, manifest, "apply", "--server-side", "-f", "-")
	must(t, err)
	_, err = s.Kubectl.Run(
		ctx, "wait", "--namespace", "acme", "--for=condition=Ready", "mt/parcel-locker", "--timeout=60s",
	)
	must(t, err)
	answer, err := s.play.Business.Template(ctx, "+33612345678",
		story.Filled{Name: "parcel_locker", Language: "en_US", Body: []v1alpha1.TemplateExample{{Value: "Ana"}}})
	must(t, err)
	equal(t, "whether the first send is refused", answer.Refused(), false)
	_, err = s.AwaitMessages(ctx, story.Messages(account)+1)
	must(t, err)
}

// wrongTokenShows puts a wrong access token into the Secret, and the right one again.
func (s *scene) wrongTokenShows(ctx context.Context, t *testing.T) {
	key := client.ObjectKey{Namespace: story.AccountNamespace, Name: "acme-credentials"}
	exchange := func(token []byte) (before []byte) {
		must(t, retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			var secret corev1.Secret
			if err := s.Client.Get(ctx, key, &secret); err != nil {
				return err
			}
			before = secret.Data[v1alpha1.SecretKeyAccessToken]
			secret.Data[v1alpha1.SecretKeyAccessToken] = token
			return s.Client.Update(ctx, &secret)
		}))
		return before
	}
	began := time.Now()
	good := exchange([]byte("not-the-token"))
	_, err := s.AwaitAccount(ctx, "the wrong token shows", func(a *v1alpha1.BusinessAccount) bool {
		accepts := apimeta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionUpstreamAccepts)
		return accepts != nil && accepts.Reason == v1alpha1.ReasonAccessTokenRefused &&
			apimeta.IsStatusConditionFalse(a.Status.Conditions, v1alpha1.ConditionReady)
	})
	must(t, err)
	t.Logf("FIGURE from a wrong token to its condition: %s", time.Since(began).Round(10*time.Millisecond))
	began = time.Now()
	exchange(good)
	_, err = s.AwaitAccount(ctx, "the right token is accepted", func(a *v1alpha1.BusinessAccount) bool {
		return isTrue(a, v1alpha1.ConditionUpstreamAccepts) && isTrue(a, v1alpha1.ConditionReady)
	})
	must(t, err)
	t.Logf("FIGURE from the right token to Ready: %s", time.Since(began).Round(10*time.Millisecond))
}

// accountDeleted deletes the account and waits until the last of its children is gone.
func (s *scene) accountDeleted(ctx context.Context, t *testing.T) {
	// The ledger would stay. It goes with the account where that is asked for twice.
	_, err := s.Kubectl.Run(
		ctx, "patch", "ba", "--namespace", story.AccountNamespace, story.AccountName, "--type=merge", "--patch",
		`{"metadata":{"annotations":{"guichet.dev/delete-unexported":"true"}},"spec":{"deletionPolicy":"Delete"}}`,
	)
	must(t, err)
	claim := []string{
		"get", "persistentvolumeclaims", "--namespace", story.AccountNamespace, "--selector", gatewaySelector,
		"-o", "jsonpath={.items[*].metadata.ownerReferences[*].name}",
	}
	var owner string
	err = wait.PollUntilContextTimeout(ctx, poll, time.Minute, true, func(ctx context.Context) (bool, error) {
		owner, err = s.Kubectl.Run(ctx, claim...)
		return strings.TrimSpace(owner) == story.AccountName, err
	})
	if err != nil {
		t.Fatalf("the volume belongs to %q: %v", owner, err)
	}
	_, err = s.Kubectl.Run(
		ctx, "delete", "ba", "--namespace", story.AccountNamespace, story.AccountName, "--timeout=2m",
	)
	must(t, err)
	kinds := "deployments,replicasets,pods,services,secrets,serviceaccounts,persistentvolumeclaims," +
		"networkpolicies,ingresses"
	var left string
	err = wait.PollUntilContextTimeout(ctx, poll, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		left, err = s.Kubectl.Run(
			ctx, "get", kinds, "--namespace", story.AccountNamespace, "--selector", gatewaySelector, "-o", "name",
		)
		return strings.TrimSpace(left) == "", err
	})
	if err != nil {
		t.Fatalf("children left: %v: %s", err, left)
	}
}

const gatewaySelector = "app.kubernetes.io/managed-by=guichet"
