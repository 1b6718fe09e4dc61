package controllers

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

func (d *desk) conditions() map[string]string {
	d.t.Helper()
	account := &v1alpha1.BusinessAccount{}
	if err := d.client.Get(d.t.Context(), types.NamespacedName{Namespace: "acme", Name: "acme"}, account); err != nil {
		d.t.Fatal(err)
	}
	conditions := map[string]string{}
	for _, c := range account.Status.Conditions {
		conditions[c.Type] = fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
	}
	return conditions
}

// Whatever cannot be read, the status says so, and takes nothing for missing that was there.
func TestStatusIsWrittenAtEveryExit(t *testing.T) {
	const again = ": it tries again, after pauses of up to five minutes; its log says why"
	for name, tc := range map[string]struct{ broken, want string }{
		"a namespace": {"*v1.PartialObjectMetadata", `read Namespace "acme"`},
		"a plan":      {"*v1alpha1.PricingPlan", `read PricingPlan "whatsapp"`},
		"accounts": {"*v1alpha1.BusinessAccountList", "read the BusinessAccounts with the same " +
			"guichet.channels"},
		"templates":           {"*v1alpha1.MessageTemplateList", "read MessageTemplates"},
		"objects":             {"*v1.DeploymentList", "read the account's objects of kind Deployment"},
		"pods":                {"*v1.PodList", "read Pods"},
		"the data of Secrets": {"*v1.Secret", `read Secret "acme-whatsapp"`},
		"stored prices":       {"*v1.ConfigMap", "read the price record"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.broken = tc.broken
			if _, err := d.pass(); !errors.Is(err, errDown) {
				t.Fatalf("the first pass ended with %v", err)
			}
			conditions := d.conditions()
			if want := "False ReadFailed: The operator cannot " + tc.want + again; conditions["Reconciled"] != want {
				t.Errorf("got  %q\nwant %q", conditions["Reconciled"], want)
			}
			if got := conditions["PlanResolved"]; got != "Unknown Pending: PlanResolved is not known yet" {
				t.Errorf("PlanResolved is %q although nothing was read of it", got)
			}

			d.broken = ""
			d.clock.SetTime(d.clock.Now().Add(time.Minute))
			for range 3 { // what one pass has made, the next one sees
				if _, err := d.pass(); err != nil {
					t.Fatal(err)
				}
			}
			well := d.conditions()
			if got := well["Reconciled"]; got != "True Reconciled: The operator's last look at the account was "+
				"complete" {
				t.Errorf("Reconciled is %q when all can be read", got)
			}

			d.broken = tc.broken
			d.memory.forget(types.NamespacedName{Namespace: "acme", Name: "acme"}) // as after a restart
			d.clock.SetTime(d.clock.Now().Add(time.Second))
			if _, err := d.pass(); !errors.Is(err, errDown) {
				t.Fatalf("a later pass ended with %v", err)
			}
			after := d.conditions()
			for condition, was := range well {
				if condition == v1alpha1.ConditionReconciled || condition == v1alpha1.ConditionReady {
					continue
				}
				if after[condition] != was {
					t.Errorf("%s was %q and is %q, although nothing was read of it", condition, was, after[condition])
				}
			}
		})
	}
}

// The order is that of the weight in Ready.
func TestOrderOfTheChecks(t *testing.T) {
	var counted, others []string
	for _, c := range accountChecks() {
		switch {
		case !c.counts:
			others = append(others, c.condition)
		case len(others) > 0:
			t.Errorf("%s counts and stands behind what does not", c.condition)
		default:
			counted = append(counted, c.condition)
		}
	}
	if diff := cmp.Diff([]string{
		"PlanResolved", "ClaimsGranted", "CredentialsValid", "ChannelsHeld", "HostHeld", "TemplatesServed",
		"GatewayAvailable", "StoreWritable", "ConfigSynced", "UpstreamAccepts", "WebhookRegistered",
		"PageSubscribed", "WebhooksArrive", "UsageCurrent", "Reconciled",
	}, counted); diff != "" {
		t.Errorf("the conditions of Ready (-want +got):\n%s", diff)
	}
	uncounted := []string{
		"SendsAccepted", "PlanPublished", "StorageSufficient", "DeliveriesPriced", "WithinBudget", "StatementsCurrent",
		"BillingAgrees", "CallbacksTaken", "AccessTokensCurrent", "PaymentMethodPresent",
	}
	if diff := cmp.Diff(uncounted, others); diff != "" {
		t.Errorf("the other conditions (-want +got):\n%s", diff)
	}
	registering := &accountScope{account: &v1alpha1.BusinessAccount{Spec: v1alpha1.BusinessAccountSpec{
		Channels: []v1alpha1.Channel{
			{Name: "main", Type: v1alpha1.ChannelWhatsApp}, {Name: "page", Type: v1alpha1.ChannelMessenger},
		},
		Webhooks: &v1alpha1.Webhooks{Registration: v1alpha1.RegistrationRegister},
	}}}
	if !slices.Equal(accountSummary(registering), counted) {
		t.Error("the summary is another list")
	}
}

func TestRemedies(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "businessaccounts"}, "acme", nil)
	foreign := &foreignError{kind: "Service", name: "acme-gateway"}
	quota := writing("apply", "Service", "acme-gateway", errQuota)
	for name, tc := range map[string]struct {
		err  error
		want remedy
	}{
		"a connection":                 {errDown, retry},
		"a read":                       {reading(errDown, "Pods"), retry},
		"a read without the right":     {reading(errQuota, "Pods"), retry},
		"a conflict":                   {fmt.Errorf("write status: %w", conflict), wait},
		"a conflicting write":          {writing("apply", "Service", "acme-gateway", conflict), wait},
		"a foreign object":             {foreign, stall},
		"a quota":                      {quota, stall},
		"two that stall":               {errors.Join(foreign, quota), stall},
		"one of them may be over soon": {errors.Join(foreign, errors.Join(quota, errDown)), retry},
		"a stall and a conflict":       {errors.Join(foreign, conflict), wait},
	} {
		if got := remedyOf(tc.err); got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
}

// An account stays Ready through a failure that is over in seconds, and not through one that lasts.
func TestReadyOutlastsAShortFailure(t *testing.T) {
	since := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	conditions := []metav1.Condition{
		{Type: "Ready", Status: "True"},
		{Type: "Reconciled", Status: "False", Reason: "ReadFailed", Message: "away", LastTransitionTime: metav1.NewTime(since)},
	}
	for after, want := range map[time.Duration]assessment{
		29 * time.Second: {"True", "Ready", "Everything is in order"},
		30 * time.Second: {"False", "ReadFailed", "away"},
	} {
		if got := summary(conditions, []string{"Reconciled"}, since.Add(after)); got != want {
			t.Errorf("after %s: got %v, want %v", after, got, want)
		}
	}
}
