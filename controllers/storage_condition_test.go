package controllers_test

import (
	"testing"

	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

// A volume that fills up is a condition and one event, and the account stays Ready.
func TestVolumeThatFillsUpShows(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	room := func(free int64) {
		w.gateways.change(func(f *fakeGateways) {
			f.report.Storage = &report.Storage{SizeBytes: 850, FreeBytes: free, VolumeBytes: 1000}
		})
	}
	room(150)
	w.eventually("acme", v1alpha1.ConditionStorageSufficient, metav1.ConditionFalse, v1alpha1.ReasonFillingUp,
		"15 % of the gateway's volume is free: raise spec.gateway.storage.embedded.size before the volume is full")
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonFillingUp) }).Should(gomega.HaveLen(1))
	w.Expect(conditionText(w.account().Status.Conditions, v1alpha1.ConditionReady)).To(gomega.HavePrefix("Ready=True"))
	room(900)
	w.eventually("acme", v1alpha1.ConditionStorageSufficient, metav1.ConditionTrue, v1alpha1.ReasonSufficient,
		"The gateway's volume has room for the time to come")
}

// A PostgreSQL server that goes away shows as a condition and one event, without a write while
// nothing changes (P9), and is gone when the server is back. What its store says of webhooks stays
// meanwhile as it was.
func TestP9DatabaseThatIsAwayShowsUntilItIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateways.change(func(f *fakeGateways) {
		f.report.Channels = []report.Channel{{Name: "main", Checked: true, Webhooks: &report.Webhooks{}}}
	})
	w.start()
	w.createSharedTenant()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	var period report.Period
	w.gateways.change(func(f *fakeGateways) {
		period = f.report.Period
		f.report.Period, f.report.Channels[0].Webhooks = report.Period{}, nil
		f.report.StoreOutage = &report.StoreOutage{Cause: report.StoreUnreachable, Since: w.clock.Now()}
	})
	const sentence = "The PostgreSQL server cannot be reached: see whether it runs, and the URL in Secret " +
		`"database"; ` + "the gateway answers 503 to sends and webhooks meanwhile"
	for _, condition := range []string{v1alpha1.ConditionStoreWritable, v1alpha1.ConditionReady} {
		w.eventually("acme", condition, metav1.ConditionFalse, v1alpha1.ReasonDatabaseUnreachable, sentence)
	}
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonDatabaseUnreachable) }).Should(
		gomega.ContainElement(gomega.HavePrefix("StoreWritable: ")))
	w.Expect(conditionText(w.account().Status.Conditions, v1alpha1.ConditionWebhooksArrive)).
		To(gomega.HavePrefix("WebhooksArrive=True"))
	calls := w.settle()
	w.settle()
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty())

	w.gateways.change(func(f *fakeGateways) {
		f.report.Period, f.report.Channels[0].Webhooks, f.report.StoreOutage = period, &report.Webhooks{}, nil
	})
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.eventually("acme", v1alpha1.ConditionStoreWritable, metav1.ConditionTrue, v1alpha1.ReasonStoreWritable, "")
}
