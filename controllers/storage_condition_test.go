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
