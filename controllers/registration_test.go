package controllers_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// handshakes plays the gateway to the simulator: it answers whoever has the verify token.
type handshakes struct{}

func (handshakes) RoundTrip(r *http.Request) (*http.Response, error) {
	query, status := r.URL.Query(), http.StatusForbidden
	if query.Get("hub.verify_token") == "canary-verify-token" {
		status = http.StatusOK
	}
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(query.Get("hub.challenge"))), Request: r,
	}, nil
}

// createRegisteringAccount makes the account acme, whose webhook the operator registers with a
// simulator.
func (w *world) createRegisteringAccount() (asked *atomic.Int64, override func() string) {
	w.t.Helper()
	simulated, err := simulator.New(simulator.Config{Accounts: []simulator.Account{{
		ID: "102290129340398", Tokens: []string{"canary-access-token"}, AppSecret: "canary-app-secret",
		FundingID: "none",
		Numbers:   []simulator.Number{{ID: "106540352242922", DisplayPhoneNumber: "+1 555 0100"}},
	}}}, simulator.Options{Transport: handshakes{}})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		simulated.Handler().ServeHTTP(rw, r)
	}))
	w.t.Cleanup(server.Close)
	w.create(strings.Replace(
		fmt.Sprintf(accountManifest, w.planName()), "http://simulator.guichet-simulator.svc:8090", server.URL, 1,
	) + "  webhooks: {registration: Register}\n")
	return asked, func() string {
		request := httptest.NewRequest(http.MethodGet, "/v26.0/102290129340398/subscribed_apps", http.NoBody)
		request.Header.Set("Authorization", "Bearer canary-access-token")
		answer := httptest.NewRecorder()
		simulated.Handler().ServeHTTP(answer, request)
		return answer.Body.String()
	}
}

func TestP9OperatorRegistersTheWebhookAndThenRests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asks = true
	w.start()
	w.createPlan()
	w.createCredentials()
	asked, override := w.createRegisteringAccount()
	w.eventually("acme", v1alpha1.ConditionWebhookRegistered, metav1.ConditionUnknown,
		v1alpha1.ReasonRegistrationWaits, "")
	w.startPod()
	url := "http://acme-gateway." + w.namespace + ".svc:8080/webhooks"
	w.eventually("acme", v1alpha1.ConditionWebhookRegistered, metav1.ConditionTrue, v1alpha1.ReasonWebhookRegistered,
		"Meta sends the webhooks of WhatsApp Business account 102290129340398 to "+url)
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.eventually("acme", v1alpha1.ConditionAccessTokensCurrent, metav1.ConditionTrue,
		v1alpha1.ReasonAccessTokensCurrent, "No access token ends within 14 days")
	w.eventually("acme", v1alpha1.ConditionPaymentMethodPresent, metav1.ConditionFalse,
		v1alpha1.ReasonPaymentMethodMissing, "WhatsApp Business account 102290129340398 has no means of payment at "+
			"Meta: add one, or messages that cost something are refused")
	w.Expect(override()).To(gomega.Equal(`{"data":[{"override_callback_uri":"` + url +
		`","whatsapp_business_api_data":{"id":"102290129340398","name":""}}]}`))

	before, askedBefore := w.settle(), asked.Load()
	looks := w.gateways.reads()
	w.Eventually(w.gateways.reads).Should(gomega.BeNumerically(">", looks+10))
	w.Expect(w.calls.since(before)).To(gomega.BeEmpty(), "nothing is written at rest")
	w.Expect(asked.Load()).To(gomega.Equal(askedBefore), "nothing is asked of the upstream at rest")

	account := w.account()
	w.Expect(account.Finalizers).To(gomega.Equal([]string{controllers.WebhookFinalizer}))
	w.Expect(w.client.Delete(t.Context(), account)).To(gomega.Succeed())
	w.Eventually(func() bool { return apierrors.IsNotFound(w.get("acme", account)) }).Should(gomega.BeTrue())
	w.Expect(override()).To(gomega.Equal(
		`{"data":[{"whatsapp_business_api_data":{"id":"102290129340398","name":""}}]}`,
	))
}
