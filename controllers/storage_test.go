package controllers_test

import (
	"encoding/json"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

func (w *world) createSharedAccount() {
	w.t.Helper()
	w.create(`
apiVersion: guichet.dev/v1alpha1
kind: BusinessAccount
metadata: {name: acme}
spec:
  displayName: Acme
  planName: ` + w.planName() + `
  timeZone: Europe/Paris
  whatsAppBusinessAccountID: "102290129340398"
  channels: [{name: main, phoneNumberID: "106540352242922", credentialsSecretName: acme-credentials}]
  gateway: {autoscaling: {maxReplicas: 3}, storage: {type: Shared, shared: {connectionSecretName: database}}}
`)
}

// createSharedTenant makes an account on a shared store and all that it needs.
func (w *world) createSharedTenant() {
	w.t.Helper()
	w.createPlan()
	w.createCredentials()
	w.createSecret("database", map[string]string{"url": "postgres://acme@db.example/guichet"})
	w.createSharedAccount()
}

func (w *world) eventuallyGone(name string, object client.Object) {
	w.t.Helper()
	w.Eventually(func() bool { return apierrors.IsNotFound(w.get(name, object)) }).Should(gomega.BeTrue())
}

// An autoscaler's controller writes its figures every 15 seconds under load: they are nothing to
// the account.
func TestP9AnAutoscalersFiguresCauseNoWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createSharedTenant()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	calls := w.settle()
	autoscaler := &autoscalingv2.HorizontalPodAutoscaler{}
	w.Expect(w.get("acme-gateway", autoscaler)).To(gomega.Succeed())
	before := autoscaler.DeepCopy()
	autoscaler.Status.CurrentReplicas, autoscaler.Status.DesiredReplicas = 2, 2
	w.Expect(w.client.Status().Patch(t.Context(), autoscaler, client.MergeFrom(before))).To(gomega.Succeed())
	w.settle()
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty())

	autoscaler.Spec.MaxReplicas = 9
	w.Expect(w.client.Update(t.Context(), autoscaler)).To(gomega.Succeed())
	w.Eventually(func() int32 {
		w.Expect(w.get("acme-gateway", autoscaler)).To(gomega.Succeed())
		return autoscaler.Spec.MaxReplicas
	}).Should(gomega.Equal(int32(3)), "what somebody else makes of it is put right")
}

// Who applies a field no more takes its value away, and the API server's own is 1: an autoscaler
// must find the replicas that were there.
func TestP10AnAutoscalerTakesTheReplicasOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createSharedTenant()
	replicas := func() int32 {
		deployment := &appsv1.Deployment{}
		if err := w.get("acme-gateway", deployment); err != nil {
			return -1
		}
		return *deployment.Spec.Replicas
	}
	for _, wanted := range []int32{3, 2} {
		w.updateAccount(func(account *v1alpha1.BusinessAccount) {
			account.Spec.Gateway.Autoscaling, account.Spec.Gateway.Replicas = nil, &wanted
		})
		w.Eventually(replicas).Should(gomega.Equal(wanted))
		w.updateAccount(func(account *v1alpha1.BusinessAccount) {
			account.Spec.Gateway.Autoscaling, account.Spec.Gateway.Replicas = &v1alpha1.Autoscaling{MaxReplicas: 5}, nil
		})
		w.Eventually(func() error { return w.get("acme-gateway", &autoscalingv2.HorizontalPodAutoscaler{}) }).Should(
			gomega.Succeed(),
		)
		w.settleQuietly()
		w.Expect(replicas()).To(gomega.Equal(wanted))
	}
}

func TestSharedStorageRunsReplicasWithoutAVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createCredentials()
	w.createSharedAccount()
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound,
		`Secret "database" is not there: the shared store needs it with the key 'url'`)
	w.createSecret(
		"database",
		map[string]string{"url": "postgres://acme:canary-password@db.example/guichet", "ca.crt": "canary-ca"},
	)
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonCredentialsValid, "")

	deployment, autoscaler := &appsv1.Deployment{}, &autoscalingv2.HorizontalPodAutoscaler{}
	budget := &policyv1.PodDisruptionBudget{}
	w.Eventually(func() error { return w.get("acme-gateway", autoscaler) }).Should(gomega.Succeed())
	w.Expect(*autoscaler.Spec.MinReplicas).To(gomega.Equal(int32(2)))
	w.Expect(autoscaler.Spec.MaxReplicas).To(gomega.Equal(int32(3)))
	w.Expect(w.get("acme-gateway", budget)).To(gomega.Succeed())
	w.Expect(budget.Spec.MaxUnavailable.IntValue()).To(gomega.Equal(1))
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	w.Expect(deployment.Spec.Strategy.Type).To(gomega.Equal(appsv1.RollingUpdateDeploymentStrategyType))
	w.Expect(
		apierrors.IsNotFound(w.get("acme-gateway-data", &corev1.PersistentVolumeClaim{})),
	).To(gomega.BeTrue(), "a shared store needs no volume")

	secret := &corev1.Secret{}
	w.Expect(w.get("acme-gateway-config", secret)).To(gomega.Succeed())
	document := config.Document{}
	w.Expect(json.Unmarshal(secret.Data[config.FileName], &document)).To(gomega.Succeed())
	w.Expect(document.Storage).To(gomega.Equal(
		config.Storage{Type: "Shared", URL: "postgres://acme:canary-password@db.example/guichet", CAPEM: "canary-ca"},
	))
	text, err := json.Marshal([]any{w.account(), deployment})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	w.Expect(string(text)).NotTo(gomega.ContainSubstring("canary-"), "the URL is a credential")

	// The number of replicas is the autoscaler's: whoever sets it, the operator leaves it.
	w.Expect(w.client.Get(t.Context(), client.ObjectKeyFromObject(deployment), deployment)).To(gomega.Succeed())
	deployment.Spec.Replicas = new(int32(3))
	w.Expect(w.client.Update(t.Context(), deployment)).To(gomega.Succeed())
	w.settleQuietly()
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	w.Expect(*deployment.Spec.Replicas).To(gomega.Equal(int32(3)))

	// Without the autoscaler, and with one replica, neither it nor the budget is wanted any more.
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Gateway.Autoscaling = nil
		account.Spec.Gateway.Replicas = new(int32(1))
	})
	w.eventuallyGone("acme-gateway", autoscaler)
	w.eventuallyGone("acme-gateway", budget)
	w.Eventually(func() int32 {
		_ = w.get("acme-gateway", deployment)
		return *deployment.Spec.Replicas
	}).Should(gomega.Equal(int32(1)))
}

func TestLostKeysOfASharedStoreAreNotMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createSharedTenant()
	w.Eventually(func() error { return w.get("acme-gateway", &appsv1.Deployment{}) }).Should(gomega.Succeed())
	keys := &corev1.Secret{}
	w.Expect(w.get("acme-gateway-keys", keys)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), keys)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonKeysLost,
		`Secret "acme-gateway-keys" with the account's keys is gone, and the shared store still holds what they encrypt: restore the Secret from a backup; or, to begin `+
			`with an empty ledger, delete the account and its schema in the database, have the platform team delete `+
			`ConfigMap "`+w.ledgerRecordName()+`" in namespace "`+w.options.OperatorNamespace+`", and make the account again`)
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway-keys", keys))).To(gomega.BeTrue())
}
