package controllers_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

func TestAccountBecomesReadyWithItsObjects(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	account := w.account()
	for _, object := range []client.Object{
		&appsv1.Deployment{}, &corev1.Service{}, &corev1.ServiceAccount{}, &networkingv1.NetworkPolicy{},
	} {
		w.Expect(w.get("acme-gateway", object)).To(gomega.Succeed())
		w.Expect(metav1.IsControlledBy(object, account)).To(gomega.BeTrue(), "%T must be the account's", object)
	}
	configuration := &corev1.Secret{}
	w.Expect(w.get("acme-gateway-config", configuration)).To(gomega.Succeed())
	w.Expect(metav1.IsControlledBy(configuration, account)).To(gomega.BeTrue(), "it goes with the account")
	for name, object := range retainedObjects() {
		w.Expect(w.get(name, object)).To(gomega.Succeed())
		w.Expect(kube.Retained(object, "acme")).To(gomega.BeTrue(), "%s must be the account's, and outlive it", name)
	}
	w.Expect(account.Status.ObservedGeneration).To(gomega.Equal(account.Generation))
	for _, condition := range account.Status.Conditions {
		w.Expect(condition.ObservedGeneration).To(gomega.Equal(account.Generation), condition.Type)
	}
	gateway := account.Status.Gateway
	w.Expect(gateway.URL).To(gomega.Equal("http://acme-gateway." + w.namespace + ".svc:8080"))
	w.Expect(gateway.WebhookURL).To(gomega.Equal("http://acme-gateway." + w.namespace + ".svc:8080/webhooks"))
	w.Expect(gateway.APITokensSecretName).To(gomega.Equal("acme-api-tokens"))
	w.Expect(gateway.Image).To(gomega.Equal("guichet.dev/gateway:one"))
	w.Expect(gateway.ReadyReplicas).To(gomega.Equal(int32(1)))
	w.Expect(gateway.ConfigDigest).To(gomega.Equal(w.digestServed()))
}

func TestMissingThingsAreNamedAndHeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createAccount()
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionFalse, v1alpha1.ReasonPlanNotFound,
		`PricingPlan "`+w.planName()+`" is not there: create it, or name another in spec.planName`)
	w.createPlan()
	w.eventually("acme", v1alpha1.ConditionPlanResolved, metav1.ConditionTrue, v1alpha1.ReasonPlanResolved, "")
	missing := `Secret "acme-credentials" is not there: channel "main" needs it with the keys 'accessToken', ` +
		`'appSecret' and 'verifyToken'`
	w.eventually(
		"acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound, missing,
	)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound, missing)

	w.createSecret("acme-credentials", map[string]string{"accessToken": "canary-access-token", "appSecret": " \n"})
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionFalse, v1alpha1.ReasonSecretKeyMissing,
		`Secret "acme-credentials" lacks a value for 'appSecret' and 'verifyToken', which channel "main" needs`)
	secret := &corev1.Secret{}
	w.Expect(w.get("acme-credentials", secret)).To(gomega.Succeed())
	secret.StringData = map[string]string{"appSecret": "canary-app-secret", "verifyToken": "canary-verify-token"}
	w.Expect(w.client.Update(t.Context(), secret)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionCredentialsValid, metav1.ConditionTrue, v1alpha1.ReasonCredentialsValid, "")
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

func TestP9NothingIsWrittenAtRest(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	before := w.settle()
	looks := w.gateways.reads()
	w.Eventually(w.gateways.reads).Should(gomega.BeNumerically(">", looks+10))
	w.Expect(w.calls.since(before)).To(
		gomega.BeEmpty(), "a look at an account that has not changed must not call the API server",
	)
}

func TestP10APlanChangeRestartsNothing(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	deployment := &appsv1.Deployment{}
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	generation, digest := deployment.Generation, w.digestServed()
	ready := *apimeta.FindStatusCondition(w.account().Status.Conditions, v1alpha1.ConditionReady)

	// The gateway does not see the new configuration by itself: its pod must be nudged.
	w.gateways.change(func(f *fakeGateways) { f.stuck = digest })
	w.updatePlan(func(plan *v1alpha1.PricingPlan) { plan.Spec.Revisions[0].Rates[0].Prices[1].Amount = "0.0070" })
	w.eventually(
		"acme", v1alpha1.ConditionConfigSynced, metav1.ConditionFalse, v1alpha1.ReasonConfigPropagating,
		"The gateway still serves an older configuration",
	)
	w.Expect(w.digestServed()).NotTo(gomega.Equal(digest))
	w.Eventually(func() string {
		pod := &corev1.Pod{}
		_ = w.get("acme-gateway-1", pod)
		return pod.Annotations["guichet.dev/config-digest"]
	}).Should(gomega.Equal(w.digestServed()))
	w.settle()
	w.Expect(
		*apimeta.FindStatusCondition(w.account().Status.Conditions, v1alpha1.ConditionReady),
	).To(gomega.Equal(ready), "a replica serves what was good before")
	w.gateways.change(func(f *fakeGateways) { f.stuck = "" })
	w.eventually("acme", v1alpha1.ConditionConfigSynced, metav1.ConditionTrue, v1alpha1.ReasonConfigSynced, "")
	w.Expect(
		*apimeta.FindStatusCondition(w.account().Status.Conditions, v1alpha1.ConditionReady),
	).To(gomega.Equal(ready))

	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	w.Expect(deployment.Generation).To(gomega.Equal(generation), "a plan must not change the Deployment")
}

// A gateway refuses keys with which something would be lost. Its configuration is served all the
// while.
func TestRefusedKeysAreACondition(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.gateways.change(func(f *fakeGateways) {
		f.report.ConfigError = "keys in /etc/guichet/keys: the customer key has changed"
	})
	w.eventually("acme", v1alpha1.ConditionConfigSynced, metav1.ConditionFalse, v1alpha1.ReasonConfigRefused,
		"The gateway refused what it was given and goes on with what it had: keys in /etc/guichet/keys: the customer key has changed")
	w.gateways.change(func(f *fakeGateways) { f.report.ConfigError = "" })
	w.eventually("acme", v1alpha1.ConditionConfigSynced, metav1.ConditionTrue, v1alpha1.ReasonConfigSynced, "")
}

func TestAConfigurationThatDoesNotArriveIsNotReady(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	digest := w.digestServed()
	w.gateways.change(func(f *fakeGateways) { f.stuck = digest })
	w.updatePlan(func(plan *v1alpha1.PricingPlan) { plan.Spec.Revisions[0].Rates[0].Prices[1].Amount = "0.0070" })
	w.eventually(
		"acme", v1alpha1.ConditionConfigSynced, metav1.ConditionFalse, v1alpha1.ReasonConfigPropagating,
		"The gateway still serves an older configuration",
	)
	w.clock.SetTime(w.clock.Now().Add(30 * time.Second))
	w.eventually(
		"acme", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonConfigPropagating,
		"The gateway still serves an older configuration",
	)
}

func TestP10AnUpgradeOfTheOperatorRestartsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	stop()
	deployment := &appsv1.Deployment{}
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	version := deployment.ResourceVersion

	w.options.GatewayImage = "guichet.dev/gateway:two"
	w.start()
	w.settle()
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	w.Expect(deployment.ResourceVersion).To(gomega.Equal(version), "the Deployment must not be written")

	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Gateway = &v1alpha1.Gateway{Image: "guichet.dev/gateway:two"}
	})
	w.Eventually(func() string {
		_ = w.get("acme-gateway", deployment)
		return deployment.Spec.Template.Spec.Containers[0].Image
	}).Should(gomega.Equal("guichet.dev/gateway:two"))
}

func TestSecretsAreMadeOnce(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	data := map[string]map[string][]byte{}
	for _, name := range []string{"acme-gateway-keys", "acme-api-tokens"} {
		secret := &corev1.Secret{}
		w.Expect(w.get(name, secret)).To(gomega.Succeed())
		data[name] = secret.Data
	}
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.DisplayName = "Acme & Sons" })
	w.Eventually(func() int64 { return w.account().Status.ObservedGeneration }).Should(gomega.Equal(int64(2)))
	w.settle()
	for name, before := range data {
		secret := &corev1.Secret{}
		w.Expect(w.get(name, secret)).To(gomega.Succeed())
		w.Expect(secret.Data).To(gomega.Equal(before), "%s must never be written again", name)
	}
}

func TestLostKeysAreNotReplacedSilently(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	secret := &corev1.Secret{}
	w.Expect(w.get("acme-gateway-keys", secret)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), secret)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonKeysLost,
		`Secret "acme-gateway-keys" with the account's keys is gone, and PersistentVolumeClaim "acme-gateway-data" still holds what they encrypt: restore the Secret from a backup; or, `+
			`to begin with an empty ledger, delete the account and the PersistentVolumeClaim,`+
			` have the platform team delete ConfigMap "`+
			w.ledgerRecordName()+`" in namespace "`+w.options.OperatorNamespace+`", and make the account again`)
	w.Expect(
		apierrors.IsNotFound(w.get("acme-gateway-keys", &corev1.Secret{})),
	).To(gomega.BeTrue(), "other keys must not be made")

	secret.ObjectMeta = metav1.ObjectMeta{
		Namespace: w.namespace, Name: secret.Name, Labels: secret.Labels, OwnerReferences: secret.OwnerReferences,
	}
	w.Expect(w.client.Create(t.Context(), secret)).To(gomega.Succeed(), "the Secret comes back from a backup")
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionTrue, v1alpha1.ReasonGatewayAvailable, "")
}

func TestForeignObjectsAreNotAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createPlan()
	w.createCredentials()
	foreign := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "acme-gateway"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}
	w.Expect(w.client.Create(t.Context(), foreign)).To(gomega.Succeed())
	w.start()
	w.createAccount()
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonForeignObject,
		`Service "acme-gateway" exists and does not belong to this account: delete it, or give the account another name`)
	after := &corev1.Service{}
	w.Expect(w.get("acme-gateway", after)).To(gomega.Succeed())
	w.Expect(after.ResourceVersion).To(
		gomega.Equal(foreign.ResourceVersion), "somebody else's object must not be written",
	)

	w.Expect(w.client.Delete(t.Context(), foreign)).To(gomega.Succeed())
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

func TestRefusedServiceSaysWhatHelps(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	service := &corev1.Service{}
	w.Expect(w.get("acme-gateway", service)).To(gomega.Succeed())
	service.Spec.Ports[0].Name = "ours"
	service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: "http", Port: 80})
	w.Expect(w.client.Update(t.Context(), service)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonApplyRefused,
		`Service "acme-gateway" was refused: Service "acme-gateway" is invalid: spec.ports[1].name: Duplicate value: "http": delete it, and the operator makes it anew`)
	w.Expect(w.client.Delete(t.Context(), service)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

func TestExposureIsMadeAndRemoved(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Gateway = &v1alpha1.Gateway{Exposure: &v1alpha1.Exposure{
			Type: v1alpha1.ExposureIngress, Ingress: &v1alpha1.Ingress{
				Host: "acme.gateway.example", TLSSecretName: "acme-tls",
			},
		}}
	})
	way := func() (networkingv1.HTTPIngressPath, error) {
		ingress := &networkingv1.Ingress{}
		if err := w.get("acme-gateway", ingress); err != nil {
			return networkingv1.HTTPIngressPath{}, err
		}
		return ingress.Spec.Rules[0].HTTP.Paths[0], nil
	}
	w.Eventually(way).Should(gomega.And(
		gomega.HaveField("Path", "/webhooks"),
		gomega.HaveField("PathType", gomega.HaveValue(gomega.Equal(networkingv1.PathTypeExact))),
	),
		"what the internet reaches is the upstream's part alone")
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Gateway.Exposure.Ingress.Paths = v1alpha1.PathsAll
	})
	w.Eventually(way).Should(gomega.And(
		gomega.HaveField("Path", "/"),
		gomega.HaveField("PathType", gomega.HaveValue(gomega.Equal(networkingv1.PathTypePrefix))),
	))
	w.Eventually(func() string { return w.account().Status.Gateway.WebhookURL }).Should(
		gomega.Equal("https://acme.gateway.example/webhooks"),
	)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Gateway.Exposure = nil })
	w.Eventually(func() bool { return apierrors.IsNotFound(w.get("acme-gateway", &networkingv1.Ingress{})) }).Should(
		gomega.BeTrue(),
	)
	w.Expect(
		w.get("acme-gateway-data", &corev1.PersistentVolumeClaim{}),
	).To(gomega.Succeed(), "a volume is never pruned")
}

func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	policy := &networkingv1.NetworkPolicy{}
	w.Expect(w.get("acme-gateway", policy)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), policy)).To(gomega.Succeed())
	w.Eventually(func() error { return w.get("acme-gateway", &networkingv1.NetworkPolicy{}) }).Should(gomega.Succeed())

	deployment := &appsv1.Deployment{}
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	deployment.Spec.Replicas = new(int32(3))
	deployment.Annotations = map[string]string{"acme.example/note": "ours"}
	w.Expect(w.client.Update(t.Context(), deployment)).To(gomega.Succeed())
	w.Eventually(func() int32 {
		w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
		return *deployment.Spec.Replicas
	}).Should(gomega.Equal(int32(1)))
	w.Expect(deployment.Annotations).To(
		gomega.HaveKeyWithValue("acme.example/note", "ours"), "what others wrote must survive",
	)
}

func TestNothingIsMadeInANamespaceThatEnds(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	w.Expect(w.client.Delete(t.Context(), namespace)).To(gomega.Succeed())
	before := w.settleQuietly()
	w.Expect(w.client.Delete(
		t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "acme-gateway"}},
	)).To(gomega.Succeed())
	w.Consistently(func() []string { return w.calls.since(before) }).WithTimeout(time.Second).Should(gomega.BeEmpty())
}

func TestAPageIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createCredentials()
	w.create(`
apiVersion: guichet.dev/v1alpha1
kind: BusinessAccount
metadata: {name: acme}
spec:
  displayName: Acme
  planName: ` + w.planName() + `
  timeZone: Europe/Paris
  channels: [{name: page, type: Messenger, pageID: "1", credentialsSecretName: acme-credentials}]
`)
	w.eventually("acme", v1alpha1.ConditionChannelsHeld, metav1.ConditionTrue, v1alpha1.ReasonChannelsHeld, "")
	w.Eventually(func() []config.Channel { return w.document().Channels }).Should(gomega.ConsistOf(
		gomega.And(gomega.HaveField("ID", "1"), gomega.HaveField("Type", config.Messenger))))
}

func TestP7NoCredentialInStatusEventsAndObjects(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	account, pods, events := w.account(), &corev1.PodList{}, &eventsv1.EventList{}
	deployment, service := &appsv1.Deployment{}, &corev1.Service{}
	w.Expect(w.client.List(t.Context(), events, client.InNamespace(w.namespace))).To(gomega.Succeed())
	w.Expect(w.client.List(t.Context(), pods, client.InNamespace(w.namespace))).To(gomega.Succeed())
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	w.Expect(w.get("acme-gateway", service)).To(gomega.Succeed())
	text, err := json.Marshal([]any{account, events, pods, deployment, service})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	w.Expect(string(text)).To(gomega.ContainSubstring("acme-credentials"), "the Secret's name is no secret")
	w.Expect(string(text)).NotTo(gomega.ContainSubstring("canary-"), "a credential is")
}

func TestAConfigurationThatNoSecretTakesIsCutToFit(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	served := w.digestServed()
	tokens := make(map[string]string, 3000)
	for i := range 3000 { // 800 kB as tokens, and a third more in the configuration, which holds their digests
		tokens[fmt.Sprintf("%0250d", i)] = "canary-token"
	}
	w.createSecret("many-tokens", tokens)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.APITokensSecretName = "many-tokens" })
	w.Eventually(func() string {
		return conditionText(
			w.account().Status.Conditions, v1alpha1.ConditionConfigSynced,
		)
	}).Should(gomega.MatchRegexp(
		`^ConfigSynced=False ConfigTooLarge: The configuration has 10\d{5} bytes and a Secret takes 1000000: templates and API tokens are left out until it fits; delete those that are no longer needed, or use a plan with fewer rates$`))
	w.Expect(w.digestServed()).NotTo(gomega.Equal(served), "the token that the account names no more is revoked")
	w.Expect(w.document().APITokens).To(gomega.BeEmpty())
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "1" })
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(
		gomega.Equal("1 USD"), "what restricts arrives all the same",
	)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.APITokensSecretName = "" })
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}
