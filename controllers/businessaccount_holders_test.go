package controllers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

const acmeNumber, secondNumber = "106540352242922", "106540352242923"

// createTwin makes an account with the same phone number as acme, and a second channel of its own.
// Its name keeps it the younger one also within a second.
func (w *world) createTwin(namespace string) {
	w.t.Helper()
	manifest := strings.Replace(
		fmt.Sprintf(accountManifest, w.planName()), "metadata: {name: acme}", "metadata: {name: twin}", 1,
	)
	manifest = strings.Replace(manifest, "  budget:",
		`  - {name: second, phoneNumberID: "`+secondNumber+`", baseURL: "http://simulator.guichet-simulator.svc:8090", credentialsSecretName: acme-credentials}`+"\n  budget:", 1)
	w.Expect(w.client.Create(w.t.Context(), manifestOf(w.t, manifest, "{}", namespace))).To(gomega.Succeed())
}

// inNamespace is the same world, seen from another namespace.
func (w *world) inNamespace(namespace string) *world {
	other := *w
	other.namespace = namespace
	return &other
}

// eventuallyServes waits until the configuration of an account's gateway has exactly the numbers.
func (w *world) eventuallyServes(account string, numbers ...string) {
	w.t.Helper()
	w.Eventually(func() ([]string, error) {
		secret, document := &corev1.Secret{}, config.Document{}
		if err := w.get(tenant.ConfigSecretName(account), secret); err != nil {
			return nil, err
		}
		err := json.Unmarshal(secret.Data[config.FileName], &document)
		served := []string{}
		for _, channel := range document.Channels {
			served = append(served, channel.ID)
		}
		return served, err
	}).Should(gomega.Equal(numbers))
}

func TestWhoHasANumberKeepsItAndAnotherGetsItWhenTheAccountIsDeleted(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.createTwin(w.namespace)
	sentence := fmt.Sprintf(
		`spec.channels[0] ("main") has the phoneNumberID of BusinessAccount "%s/acme", which had it first: it is not served here until that account lets it go`,
		w.namespace,
	)
	w.eventually("twin", v1alpha1.ConditionChannelsHeld, metav1.ConditionFalse, v1alpha1.ReasonChannelTaken, sentence)
	w.eventually("twin", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonChannelTaken, sentence)
	w.eventuallyServes("twin", secondNumber)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.eventuallyServes("acme", acmeNumber)
	w.Eventually(func() []string { return w.warnings("twin") }).Should(
		gomega.ContainElement("ChannelTaken ChannelsHeld: " + sentence),
	)

	w.Expect(w.client.Delete(t.Context(), w.account())).To(gomega.Succeed())
	w.eventually("twin", v1alpha1.ConditionChannelsHeld, metav1.ConditionTrue, v1alpha1.ReasonChannelsHeld, "")
	w.eventuallyServes("twin", acmeNumber, secondNumber)
}

// An account that is older takes nothing from one that has a number already: else any tenant could
// stop another one's by typing its id.
func TestP8AnOlderAccountTakesNoNumberFromOneThatHasIt(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.createTwin(w.namespace)
	w.Eventually(func() ([]v1alpha1.ChannelIdentity, error) {
		twin := &v1alpha1.BusinessAccount{}
		err := w.get("twin", twin)
		return twin.Status.HeldChannels, err
	}).Should(gomega.Equal([]v1alpha1.ChannelIdentity{{Type: v1alpha1.ChannelWhatsApp, ID: secondNumber}}))
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[0].PhoneNumberID = secondNumber })
	w.eventually("acme", v1alpha1.ConditionChannelsHeld, metav1.ConditionFalse, v1alpha1.ReasonChannelTaken,
		fmt.Sprintf(`spec.channels[0] ("main") has the phoneNumberID of BusinessAccount "%s/twin", `+
			`which had it first: it is not served here until that account lets it go`, w.namespace))
	w.eventuallyServes("acme", []string{}...)
	w.eventuallyServes("twin", acmeNumber, secondNumber)
}

func TestP8ANumberOfAnotherNamespaceNamesNobodyAndOutlivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	younger := newNamespace(t)
	if younger < w.namespace { // within one second the namespace's name decides
		w.namespace, younger = younger, w.namespace
	}
	w.others = []string{younger}
	w.gateways.plan = w.planName()
	stop := w.start()
	w.createPlan()
	w.createCredentials()
	other := w.inNamespace(younger)
	other.createCredentials()
	w.createAccount()
	w.eventuallyServes("acme", acmeNumber)
	w.createTwin(younger)
	const sentence = `spec.channels[0] ("main") has the phoneNumberID of another account, which had it first: ` +
		`it is not served here until that account lets it go`
	other.eventually(
		"twin", v1alpha1.ConditionChannelsHeld, metav1.ConditionFalse, v1alpha1.ReasonChannelTaken, sentence,
	)
	twin := &v1alpha1.BusinessAccount{}
	w.Expect(
		w.client.Get(t.Context(), types.NamespacedName{Namespace: younger, Name: "twin"}, twin),
	).To(gomega.Succeed())
	text, err := json.Marshal([]any{twin.Status, other.warnings("twin")})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	withoutPlan := strings.ReplaceAll(string(text), w.planName(), "") // which is named after the namespace
	w.Expect(withoutPlan).NotTo(gomega.ContainSubstring(w.namespace), "a tenant must not learn who the other one is")
	other.eventuallyServes("twin", secondNumber)

	stop()
	w.Expect(w.client.Delete(
		t.Context(),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: younger, Name: tenant.ConfigSecretName("twin")}},
	)).To(gomega.Succeed())
	w.start()
	other.eventuallyServes("twin", secondNumber)
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { account.Spec.Channels[0].PhoneNumberID = "1" })
	other.eventually("twin", v1alpha1.ConditionChannelsHeld, metav1.ConditionTrue, v1alpha1.ReasonChannelsHeld, "")
	other.eventuallyServes("twin", acmeNumber, secondNumber)
}

// Two tenants cannot hold one page, and a page is no phone number with the same id.
func TestP8WhoHasAPageKeepsIt(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	page := func(account *v1alpha1.BusinessAccount, id string) {
		account.Spec.Channels = append(account.Spec.Channels, v1alpha1.Channel{
			Name: "page", Type: v1alpha1.ChannelMessenger, PageID: id, CredentialsSecretName: "acme-credentials",
		})
	}
	w.updateAccount(func(account *v1alpha1.BusinessAccount) { page(account, "4711") })
	w.Eventually(func() []v1alpha1.ChannelIdentity { return w.account().Status.HeldChannels }).Should(gomega.Equal(
		[]v1alpha1.ChannelIdentity{
			{Type: v1alpha1.ChannelMessenger, ID: "4711"}, {Type: v1alpha1.ChannelWhatsApp, ID: acmeNumber},
		}))

	twin := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "twin"}, Spec: w.account().Spec,
	}
	twin.Spec.Channels = nil
	page(twin, "4711")
	w.Expect(w.client.Create(t.Context(), twin)).To(gomega.Succeed())
	taken := fmt.Sprintf(
		`spec.channels[0] ("page") has the pageID of BusinessAccount "%s/acme", which had it first: `+
			`it is not served here until that account lets it go`, w.namespace,
	)
	w.eventually("twin", v1alpha1.ConditionChannelsHeld, metav1.ConditionFalse, v1alpha1.ReasonChannelTaken, taken)

	third := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "zeta"}, Spec: w.account().Spec,
	}
	third.Spec.Channels = nil
	page(third, acmeNumber)
	w.Expect(w.client.Create(t.Context(), third)).To(gomega.Succeed())
	w.eventually("zeta", v1alpha1.ConditionChannelsHeld, metav1.ConditionTrue, v1alpha1.ReasonChannelsHeld, "The "+
		"account holds all of its channels")
}

// warnings are the events about an account that warn, each with its reason.
func (w *world) warnings(account string) []string {
	w.t.Helper()
	list := &eventsv1.EventList{}
	w.Expect(w.client.List(w.t.Context(), list, client.InNamespace(w.namespace))).To(gomega.Succeed())
	var warnings []string
	for _, event := range list.Items {
		if event.Regarding.Name == account && event.Type == corev1.EventTypeWarning {
			warnings = append(warnings, event.Reason+" "+event.Note)
		}
	}
	return warnings
}
