package controllers_test

import (
	"encoding/json"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// document is the configuration of the account acme; empty if there is none.
func (w *world) document() config.Document {
	secret, document := &corev1.Secret{}, config.Document{}
	if w.get(tenant.ConfigSecretName("acme"), secret) == nil {
		_ = json.Unmarshal(secret.Data[config.FileName], &document)
	}
	return document
}

// wholeWorld is a world whose account acme is Ready and uses all that can go missing: two channels
// with a Secret each, a callback, a Secret of API tokens, and an approved template.
func wholeWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createCredentials()
	w.createSecret("second", map[string]string{
		"accessToken": "canary-access-2", "appSecret": "canary-app-2", "verifyToken": "canary-verify-2",
	})
	w.createSecret("hook", map[string]string{"secret": "canary-hook"})
	w.createSecret("clients", map[string]string{"shop": "canary-shop", "desk": "canary-desk"})
	w.createAccount()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		second := account.Spec.Channels[0]
		second.Name, second.PhoneNumberID, second.CredentialsSecretName = "second", secondNumber, "second"
		account.Spec.Channels = append(account.Spec.Channels, second)
		account.Spec.Callback = &v1alpha1.Callback{URL: "https://acme.example/hook", SecretName: "hook"}
		account.Spec.APITokensSecretName = "clients"
	})
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	return w
}

func (w *world) deleteSecret(name string) {
	w.t.Helper()
	w.Expect(w.client.Delete(
		w.t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}},
	)).To(gomega.Succeed())
}

// TestP15WhatRestrictsArrivesWhateverIsMissing takes one thing away and then restricts the account
// in every way, one after the other: each restriction must be in the configuration that the gateway
// mounts.
func TestP15WhatRestrictsArrivesWhateverIsMissing(t *testing.T) {
	t.Parallel()
	faults := map[string]struct {
		make func(*world)
		says string
	}{
		"callback Secret":          {func(w *world) { w.deleteSecret("hook") }, "CredentialsValid"},
		"credentials of a channel": {func(w *world) { w.deleteSecret("second") }, "CredentialsValid"},
		"plan": {func(w *world) {
			w.Expect(w.client.Delete(
				w.t.Context(), &v1alpha1.PricingPlan{ObjectMeta: metav1.ObjectMeta{Name: w.planName()}},
			)).To(gomega.Succeed())
		}, "PlanResolved"},
		"another plan that is not there": {func(w *world) {
			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.PlanName = "nowhere" })
		}, "PlanResolved"},
		"keys": {func(w *world) { w.deleteSecret("acme-gateway-keys") }, "GatewayAvailable"},
		"country": {func(w *world) {
			w.updatePlan(func(plan *v1alpha1.PricingPlan) {
				plan.Spec.Grants = []v1alpha1.PricingGrant{
					{Name: "all", InternationalAuthentication: &v1alpha1.InternationalAuthenticationGrant{StatedBy: "Account"}},
				}
			})
			w.updateAccount(func(account *v1alpha1.BusinessAccount) {
				account.Spec.InternationalAuthentication = &v1alpha1.InternationalAuthenticationStatus{
					StartTime: metav1.Now(), BusinessCountry: "XX",
				}
			})
		}, "ClaimsGranted"},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := wholeWorld(t)
			fault.make(w)
			w.Eventually(func() string { return conditionText(w.account().Status.Conditions, fault.says) }).Should(
				gomega.HavePrefix(fault.says + "=False "),
			)

			w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
			w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(
				gomega.Equal("7 USD"), "a smaller budget",
			)

			w.replaceSecret("clients", map[string]string{"desk": "canary-desk"})
			w.Eventually(func() int { return len(w.document().APITokens) }).Should(gomega.Equal(1), "a revoked token")
			w.deleteSecret("clients")
			w.Eventually(func() int { return len(w.document().APITokens) }).Should(gomega.Equal(0), "the last token")

			w.Expect(w.document().Channels).To(gomega.HaveLen(2), "what is under way is settled")
			w.Expect(w.document().Callback.Secret).To(gomega.Equal("canary-hook"))
			w.updateAccount(
				func(account *v1alpha1.BusinessAccount) { account.Spec.Channels = account.Spec.Channels[1:] },
			)
			w.Eventually(func() []config.Channel { return w.document().Channels }).Should(gomega.And(
				gomega.HaveLen(1), gomega.ContainElement(gomega.HaveField("ID", secondNumber))), "a removed channel")
		})
	}
}

// replaceSecret changes a Secret's data.
func (w *world) replaceSecret(name string, data map[string]string) {
	w.t.Helper()
	secret := &corev1.Secret{}
	w.Expect(w.get(name, secret)).To(gomega.Succeed())
	secret.Data, secret.StringData = nil, data
	w.Expect(w.client.Update(w.t.Context(), secret)).To(gomega.Succeed())
}

// A Secret of tokens that is somebody else's is not adopted, and does not keep the account as it
// was either.
func TestP15AForeignSecretPinsNothing(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.Expect(w.document().APITokens).To(gomega.HaveLen(1))
	foreign := &corev1.Secret{}
	w.Expect(w.get("acme-api-tokens", foreign)).To(gomega.Succeed())
	foreign.Labels = nil
	foreign.StringData = map[string]string{"mine": "canary-mine"}
	w.Expect(w.client.Update(t.Context(), foreign)).To(gomega.Succeed())
	w.Eventually(func() string {
		return conditionText(
			w.account().Status.Conditions, v1alpha1.ConditionGatewayAvailable,
		)
	}).Should(
		gomega.HavePrefix("GatewayAvailable=False ForeignObject: "))
	w.Eventually(func() int { return len(w.document().APITokens) }).Should(
		gomega.Equal(0), "its tokens are not the account's",
	)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("7 USD"))
}

// A gateway without its credentials yet begins with what is there, and takes the rest when it
// comes.
func TestAnAccountBeginsWithWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createAccount()
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.Callback = &v1alpha1.Callback{URL: "https://acme.example/hook", SecretName: "hook"}
	})
	w.Eventually(func() *config.Callback { return w.document().Callback }).Should(
		gomega.Equal(&config.Callback{URL: "https://acme.example/hook"}),
	)
	w.Expect(w.document().Channels).To(gomega.BeEmpty())
	w.createCredentials()
	w.createSecret("hook", map[string]string{"secret": "canary-hook"})
	w.Eventually(func() []config.Channel { return w.document().Channels }).Should(gomega.HaveLen(1))
	w.Eventually(func() string { return w.document().Callback.Secret }).Should(gomega.Equal("canary-hook"))
	w.Expect(client.IgnoreNotFound(w.get("acme-gateway", &corev1.Service{}))).To(gomega.Succeed())
}

// Whoever may write Secrets in the namespace takes the owner off the configuration, so that the
// operator would take it for somebody else's, and writes a price of 0 into it.
func TestP15ConfigurationWithoutItsOwnerIsTakenBack(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	secret := &corev1.Secret{}
	w.Expect(w.get(tenant.ConfigSecretName("acme"), secret)).To(gomega.Succeed())
	forged := w.document()
	forged.Plan.Revisions[0].Rates[0].Prices[1].Amount = "0"
	encoded, err := json.Marshal(forged)
	w.Expect(err).NotTo(gomega.HaveOccurred())
	secret.Data[config.FileName] = encoded
	secret.OwnerReferences, secret.Labels = nil, nil
	w.Expect(w.client.Update(t.Context(), secret)).To(gomega.Succeed())
	w.Eventually(w.utilityPrice).Should(gomega.Equal("0.0068"))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Budget.Limit.Amount = "7" })
	w.Eventually(func() string { return w.document().Budget.Limit.String() }).Should(gomega.Equal("7 USD"))
	w.Expect(w.get(tenant.ConfigSecretName("acme"), secret)).To(gomega.Succeed())
	w.Expect(metav1.IsControlledBy(secret, w.account())).To(gomega.BeTrue())
}
