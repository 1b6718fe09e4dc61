package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

// warningsOf are the notes of the warnings with a reason.
func (w *world) warningsOf(reason string) []string {
	w.t.Helper()
	list := &eventsv1.EventList{}
	w.Expect(w.client.List(w.t.Context(), list, client.InNamespace(w.namespace))).To(gomega.Succeed())
	var notes []string
	for i := range list.Items {
		if list.Items[i].Reason == reason && list.Items[i].Type == corev1.EventTypeWarning {
			notes = append(notes, list.Items[i].Note)
		}
	}
	return notes
}

// A wrong token shows in the status within a look, once as an event, and costs no write while
// nothing changes (P9).
func TestP9WhatTheUpstreamRefusesShowsOnceAndIsGoneWhenItIsOver(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	const sentence = `The upstream refuses with code 190 (Access token has expired): ` +
		`put a valid access token into key "accessToken" of Secret "acme-credentials"`
	since := w.clock.Now()
	w.gateways.change(func(f *fakeGateways) {
		f.report.Channels = []report.Channel{
			{Name: "main", Checked: true, Obstacle: &report.Obstacle{Cause: report.Refused, Code: 190, Since: since}},
		}
		f.report.Waiting = []report.Waiting{
			{Channel: "main", Reason: report.WaitingForUpstream, Messages: 3, Oldest: since},
		}
	})
	for _, condition := range []string{v1alpha1.ConditionUpstreamAccepts, v1alpha1.ConditionReady} {
		w.eventually(
			"acme", condition, metav1.ConditionFalse, v1alpha1.ReasonAccessTokenRefused, `channel "main": `+sentence,
		)
	}
	account := w.account()
	w.Expect(conditionText(account.Status.Channels[0].Conditions, v1alpha1.ConditionUpstreamAccepts)).
		To(gomega.Equal("UpstreamAccepts=False AccessTokenRefused: " + sentence))
	w.Expect(*account.Status.Queue.Messages).To(gomega.Equal(int64(3)))
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonAccessTokenRefused) }).
		Should(gomega.Equal([]string{`UpstreamAccepts of channel "main": ` + sentence}))
	calls := w.settle()
	w.settle()
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty())

	w.gateways.change(func(f *fakeGateways) {
		f.report.Channels, f.report.Waiting = []report.Channel{{Name: "main", Checked: true}}, nil
	})
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Expect(w.account().Status.Queue).To(gomega.BeNil())
}

// Webhooks that do not arrive show in the channel's condition and in Ready, as one event, and are
// gone when one arrives.
func TestP9WebhooksThatDoNotArriveShowOnceAndAreGoneWhenOneArrives(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	since := w.clock.Now()
	w.gateways.change(func(f *fakeGateways) {
		f.report.Channels = []report.Channel{
			{Name: "main", Checked: true, Webhooks: &report.Webhooks{SilentSince: &since, SignatureRefused: true}},
		}
	})
	w.Eventually(func() string {
		return conditionText(w.account().Status.Channels[0].Conditions, v1alpha1.ConditionWebhooksArrive)
	}).Should(gomega.HavePrefix("WebhooksArrive=False SignatureRefused: Messages were sent and nothing came back"))
	for _, condition := range []string{v1alpha1.ConditionWebhooksArrive, v1alpha1.ConditionReady} {
		w.Eventually(func() string { return conditionText(w.account().Status.Conditions, condition) }).
			Should(gomega.HavePrefix(condition + `=False SignatureRefused: channel "main": Messages were sent`))
	}
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonSignatureRefused) }).Should(gomega.HaveLen(1))
	calls := w.settle()
	w.settle()
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty())

	w.gateways.change(func(f *fakeGateways) {
		f.report.Channels = []report.Channel{{Name: "main", Checked: true, Webhooks: &report.Webhooks{}}}
	})
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.eventually("acme", v1alpha1.ConditionWebhooksArrive, metav1.ConditionTrue, v1alpha1.ReasonWebhooksArrive, "")
}

// A database that is away takes the pod's readiness with it: what the pod says is read all the
// same.
func TestStoreOutageOfAPodThatIsNotReadyShows(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(func(f *fakeGateways) {
		f.report.Period, f.report.StoreOutage = report.Period{}, &report.StoreOutage{
			Cause: report.StoreFailing, Since: w.clock.Now(),
		}
	})
	pod := &corev1.Pod{}
	w.Expect(w.get("acme-gateway-1", pod)).To(gomega.Succeed())
	before := pod.DeepCopy()
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "gateway", Started: new(true), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}},
	}}
	w.Expect(w.client.Status().Patch(t.Context(), pod, client.MergeFrom(before))).To(gomega.Succeed())
	w.setReadyReplicas(0)
	const sentence = "Writing to the gateway's store fails: its log says why; the gateway answers 503 to sends and " +
		"webhooks meanwhile"
	w.eventually("acme", v1alpha1.ConditionStoreWritable, metav1.ConditionFalse, v1alpha1.ReasonStoreFailing, sentence)
	w.eventually(
		"acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonGatewayUnavailable,
		"No replica is ready: "+sentence,
	)
}

func TestDeletedClaimShowsWhileThePodHoldsIt(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	claim := &corev1.PersistentVolumeClaim{}
	w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
	before := claim.DeepCopy()
	claim.Finalizers = append(claim.Finalizers, "guichet.dev/pod-of-the-test") // as the protection of a volume in use
	w.Expect(w.client.Patch(t.Context(), claim, client.MergeFrom(before))).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), claim)).To(gomega.Succeed())
	w.Eventually(func() string {
		return conditionText(w.account().Status.Conditions, v1alpha1.ConditionStoreWritable)
	}).Should(gomega.HavePrefix(`StoreWritable=False VolumeDeleting: ` +
		`PersistentVolumeClaim "acme-gateway-data" is being deleted`))
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonVolumeDeleting) }).Should(gomega.HaveLen(1))
}

// A template that is Ready can be sent at once: every ready replica serves it.
func TestTemplateIsReadyWhenTheGatewayServesIt(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.gateways.change(func(f *fakeGateways) { f.stuck = w.digestServed() })
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.upstream.change(func(f *fakeUpstream) {
		for _, known := range f.copies {
			known.Status = "APPROVED"
		}
	})
	w.eventuallyTemplate("order", "Approved", "Approved=True Approved: The upstream approved the template")
	w.eventuallyTemplate(
		"order", "Ready",
		"Ready=Unknown ConfigPropagating: Not every ready replica of the gateway serves the template yet",
	)
	w.gateways.change(func(f *fakeGateways) { f.stuck = "" })
	w.eventuallyTemplate("order", "Ready", "Ready=True Ready: Everything is in order")
}

// Every condition says something: `kubectl describe` shows no empty message.
func TestNoConditionHasAnEmptyMessage(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	account := w.account()
	for _, condition := range append(account.Status.Conditions, account.Status.Channels[0].Conditions...) {
		w.Expect(condition.Message).NotTo(gomega.BeEmpty(), condition.Type)
	}
}

// What the gateway takes where the spec says nothing is stored, so that it is seen.
func TestDefaultsAreStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createAccount()
	spec := w.account().Spec
	w.Expect(spec.Consent.Policy).To(gomega.Equal(v1alpha1.ConsentPriorContact))
	w.Expect(spec.Limits.MessagesPerSecond).To(gomega.Equal(int32(80)))
	w.Expect(spec.Doubt.WaitSeconds).To(gomega.Equal(int32(300)))
	w.Expect(*spec.Privacy.RetentionSeconds).To(gomega.Equal(int32(0)))
	w.Expect(spec.Gateway.Storage.Type).To(gomega.Equal(v1alpha1.StorageEmbedded))
	w.Expect(spec.Gateway.Storage.Embedded.Size.String()).To(gomega.Equal("1Gi"))
	w.Expect(spec.Gateway.Exposure.Type).To(gomega.Equal(v1alpha1.ExposureInternal))
}

// A size that is left out is stored wherever a default can be.
func TestVolumeSizeIsStored(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ gateway, want string }{
		"gateway absent":         {`{}`, "1Gi"},
		"gateway empty":          {`{spec: {gateway: {}}}`, "1Gi"},
		"storage absent":         {`{spec: {gateway: {replicas: 1}}}`, "1Gi"},
		"size absent":            {`{spec: {gateway: {storage: {embedded: {storageClassName: fast}}}}}`, "1Gi"},
		"size set":               {`{spec: {gateway: {storage: {embedded: {size: 5Gi}}}}}`, "5Gi"},
		"embedded absent":        {`{spec: {gateway: {storage: {type: Embedded}}}}`, ""},
		"shared has no volume":   {`{spec: {gateway: {storage: {type: Shared, shared: {connectionSecretName: db}}}}}`, ""},
		"autoscaling is set":     {`{spec: {gateway: {autoscaling: {maxReplicas: 3}, storage: {type: Shared, shared: {connectionSecretName: db}}}}}`, ""},
		"a smaller memory limit": {`{spec: {gateway: {resources: {limits: {memory: 16Mi}}}}}`, "1Gi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			account := &v1alpha1.BusinessAccount{}
			object := manifestOf(t, fmt.Sprintf(accountManifest, w.planName()), tc.gateway, w.namespace)
			w.Expect(w.client.Create(t.Context(), object)).To(gomega.Succeed())
			w.Expect(w.get("acme", account)).To(gomega.Succeed())
			got := ""
			if embedded := account.Spec.Gateway.Storage.Embedded; embedded != nil {
				got = embedded.Size.String()
			}
			w.Expect(got).To(gomega.Equal(tc.want))
			w.Expect(
				account.Spec.Gateway.Resources == nil || account.Spec.Gateway.Resources.Requests == nil,
			).To(gomega.BeTrue())
		})
	}
}

// What cannot be stored as a default is said where `kubectl explain` finds it.
func TestExplainSaysTheDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	definition := &unstructured.Unstructured{}
	definition.SetGroupVersionKind(schema.GroupVersionKind{
		Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition",
	})
	name := types.NamespacedName{Name: "businessaccounts.guichet.dev"}
	w.Expect(w.client.Get(t.Context(), name, definition)).To(gomega.Succeed())
	versions, _, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
	w.Expect(err).NotTo(gomega.HaveOccurred())
	version, _ := versions[0].(map[string]any)
	explain := func(path ...string) string {
		at := []string{"schema", "openAPIV3Schema"}
		for _, field := range path {
			at = append(at, "properties", field)
		}
		text, _, err := unstructured.NestedString(version, append(at, "description")...)
		w.Expect(err).NotTo(gomega.HaveOccurred())
		return strings.Join(strings.Fields(text), " ")
	}
	w.Expect(explain("spec", "gateway", "replicas")).To(gomega.ContainSubstring("there is 1"))
	w.Expect(explain("spec", "gateway", "resources")).To(gomega.ContainSubstring(
		"it requests 10m of CPU and 24Mi of memory, and is limited to 128Mi of memory"))
	w.Expect(explain("spec", "gateway", "storage", "embedded")).To(gomega.ContainSubstring("the volume has 1Gi"))
}

// Callbacks that are set aside are a condition and one event, which leave the account Ready;
// without a callback there is no such condition.
func TestRefusedCallbacksShow(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.Expect(conditionText(w.account().Status.Conditions, v1alpha1.ConditionCallbacksTaken)).To(
		gomega.Equal("CallbacksTaken is not there"))
	w.createSecret("hook", map[string]string{"secret": "canary-hook"})
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Callback = &v1alpha1.Callback{URL: "https://acme.example/hook", SecretName: "hook"}
	})
	w.eventually(
		"acme", v1alpha1.ConditionCallbacksTaken, metav1.ConditionTrue, v1alpha1.ReasonCallbacksTaken,
		"No callback is set aside",
	)

	refused := func(count int64, status int) {
		w.gateways.change(func(f *fakeGateways) {
			f.report.RefusedCallbacks = &report.RefusedCallbacks{Count: count, Status: status}
		})
	}
	refused(1, 410)
	w.eventually("acme", v1alpha1.ConditionCallbacksTaken, metav1.ConditionFalse, v1alpha1.ReasonCallbacksRefused,
		"The endpoint of spec.callback refuses callbacks, the last one with 410: they are set aside for 30 days; "+
			"list, replay or drop them with 'guichet callbacks'")
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonCallbacksRefused) }).Should(gomega.HaveLen(1))
	w.Expect(conditionText(w.account().Status.Conditions, v1alpha1.ConditionReady)).To(gomega.HavePrefix("Ready=True"))
	calls := w.settle()
	refused(2, 410)
	w.Expect(w.settle()).To(gomega.Equal(calls), "one more refused callback is no news")

	w.gateways.change(func(f *fakeGateways) {
		f.report.RefusedCallbacks, f.report.Queues.Callbacks = nil, 12
		f.report.CallbackFailure = &report.CallbackFailure{
			Since: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Status: 404,
		}
	})
	w.eventually("acme", v1alpha1.ConditionCallbacksTaken, metav1.ConditionFalse, v1alpha1.ReasonEndpointFailing,
		"The endpoint of spec.callback takes nothing since 2026-11-20T09:00:00Z: it answers 404; "+
			"12 callbacks wait, and are tried for seven days")
	w.gateways.change(func(f *fakeGateways) { f.report.CallbackFailure, f.report.Queues.Callbacks = nil, 0 })
	w.eventually(
		"acme", v1alpha1.ConditionCallbacksTaken, metav1.ConditionTrue, v1alpha1.ReasonCallbacksTaken,
		"No callback is set aside",
	)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Callback = nil })
	w.Eventually(func() string {
		return conditionText(w.account().Status.Conditions, v1alpha1.ConditionCallbacksTaken)
	}).Should(gomega.Equal("CallbacksTaken is not there"))
}

// What the upstream's statuses price otherwise is a condition and one event, until the period ends.
func TestDifferencesOfBillingShow(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	agrees := func() {
		w.eventually("acme", v1alpha1.ConditionBillingAgrees, metav1.ConditionTrue, v1alpha1.ReasonBillingAgrees,
			"The upstream's statuses price messages as the ledger does")
	}
	agrees()
	var period string
	w.gateways.change(func(f *fakeGateways) { period = f.report.Period.Name })
	differ := func(differences ...report.Difference) {
		w.gateways.change(func(f *fakeGateways) { f.report.Period.Differences = differences })
	}
	price := report.Difference{Cause: "price", Messages: 3, Samples: []string{"wamid.a", "wamid.b", "wamid.c"}}
	differ(report.Difference{Cause: "category", Messages: 1, Samples: []string{"wamid.a"}}, price)
	w.eventually("acme", v1alpha1.ConditionBillingAgrees, metav1.ConditionFalse, v1alpha1.ReasonUpstreamDiffers,
		"In period "+period+" the upstream's statuses differ from the ledger in category (such as wamid.a); "+
			"price (such as wamid.a, wamid.b, wamid.c): the ledger's assessUpstream says how; "+
			"compare the whole with 'guichet ledger reconcile'")
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonUpstreamDiffers) }).Should(gomega.HaveLen(1))
	w.Expect(conditionText(w.account().Status.Conditions, v1alpha1.ConditionReady)).To(gomega.HavePrefix("Ready=True"))
	calls := w.settle()
	price.Messages++
	differ(report.Difference{Cause: "category", Messages: 1, Samples: []string{"wamid.a"}}, price)
	w.Expect(w.settle()).To(gomega.Equal(calls), "one more message is no news")
	differ()
	agrees()
	counted := func(counts *report.Counts, differences ...report.Difference) {
		w.gateways.change(func(f *fakeGateways) {
			f.report.Counts, f.report.Period.CountDifferences = counts, differences
		})
	}
	counted(&report.Counts{Failure: "the upstream does not answer"})
	w.eventually("acme", v1alpha1.ConditionBillingAgrees, metav1.ConditionUnknown, v1alpha1.ReasonCountsUnread,
		"The upstream's statuses price messages as the ledger does, but its daily counts are not compared: the "+
			"upstream does not answer")
	through := &report.Counts{Through: "2026-11-18"}
	counted(through)
	w.eventually("acme", v1alpha1.ConditionBillingAgrees, metav1.ConditionTrue, v1alpha1.ReasonBillingAgrees,
		"The upstream's statuses price messages as the ledger does, and so do its daily counts")
	counted(through, report.Difference{Cause: "late", Messages: 2, Samples: []string{"wamid.a", "wamid.b"}},
		report.Difference{Cause: "unknownMessage", Messages: 1})
	w.eventually("acme", v1alpha1.ConditionBillingAgrees, metav1.ConditionFalse, v1alpha1.ReasonUpstreamDiffers,
		"In period "+period+" the upstream's daily counts differ from the ledger in late (such as wamid.a, "+
			"wamid.b); unknownMessage; compare the whole with 'guichet ledger reconcile'")
}
