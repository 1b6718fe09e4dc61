package controllers_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// worldLabel keeps the cluster-scoped plans of one test from the operators of the others.
const worldLabel = "guichet.dev/test"

// world is one test's operator in one namespace, with a gateway and an upstream that the test
// plays.
type world struct {
	*gomega.WithT
	t         *testing.T
	server    *rest.Config
	namespace string
	client    client.Client
	clock     *clocktesting.FakePassiveClock
	calls     *callLog
	gateways  *fakeGateways
	upstream  *fakeUpstream
	templates *controllers.MessageTemplateReconciler
	options   controllers.Options
	// asks has the operator inspect the accounts at the upstream that they name.
	asks bool
	// others are further namespaces that the operator serves.
	others []string
}

// newWorld starts an operator in a namespace of its own.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, apiServer, newNamespace(t), newNamespace(t))
}

// newWorldOn starts an operator at an API server, for accounts in one namespace, and with another
// one for itself.
func newWorldOn(t *testing.T, server *rest.Config, namespace, operators string) *world {
	t.Helper()
	direct := clientOf(t, server)
	w := &world{
		WithT:     gomega.NewWithT(t),
		t:         t,
		server:    server,
		namespace: namespace,
		client:    direct,
		clock:     clocktesting.NewFakePassiveClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		calls:     &callLog{},
		gateways:  newFakeGateways(direct),
		upstream:  newFakeUpstream(),
		options: controllers.Options{
			GatewayImage: "guichet.dev/gateway:one", OperatorNamespace: operators,
			ReportInterval: 100 * time.Millisecond, Concurrency: 2,
		},
	}
	w.gateways.plan = w.planName()
	w.SetDefaultEventuallyTimeout(patience)
	w.SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	return w
}

// start runs the operator until the returned function is called, or the test ends.
func (w *world) start() (stop func()) {
	w.t.Helper()
	scheme, err := newScheme()
	w.Expect(err).NotTo(gomega.HaveOccurred())
	caches := controllers.CacheOptions(append([]string{w.namespace}, w.others...), w.options.OperatorNamespace)
	caches.ByObject[&v1alpha1.PricingPlan{}] = cache.ByObject{
		Label: labels.SelectorFromSet(labels.Set{worldLabel: w.namespace}),
	}
	mgr, err := ctrl.NewManager(w.server, ctrl.Options{
		Scheme:     scheme,
		Cache:      caches,
		Controller: config.Controller{SkipNameValidation: new(true)},
		Metrics:    metricsserver.Options{BindAddress: "0"},
	})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	w.Expect(controllers.AddIndexes(ctx, mgr.GetFieldIndexer())).To(gomega.Succeed())
	dependencies := controllers.Dependencies{
		Client:   loggedClient{Client: mgr.GetClient(), log: w.calls},
		Live:     loggedReader{Reader: mgr.GetAPIReader(), log: w.calls},
		Recorder: mgr.GetEventRecorder("guichet"),
		Clock:    w.clock,
		Options:  w.options,
	}
	w.templates = controllers.NewMessageTemplateReconciler(dependencies, w.upstream)
	inspections := controllers.NewUpstreamInspections()
	reconcilers := []interface{ SetupWithManager(ctrl.Manager) error }{
		controllers.NewBusinessAccountReconciler(dependencies, w.gateways, w.templates, inspections),
		w.templates, controllers.NewPricingPlanReconciler(dependencies),
	}
	if w.asks {
		upstream := controllers.NewGraphUpstream(http.DefaultTransport)
		reconcilers = append(
			reconcilers, controllers.NewUpstreamInspectionReconciler(dependencies, upstream, inspections),
		)
	}
	for _, reconciler := range reconcilers {
		w.Expect(reconciler.SetupWithManager(mgr)).To(gomega.Succeed())
	}
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(ctx) }()
	done := false
	stop = func() {
		if done {
			return
		}
		done = true
		cancel()
		if err := <-stopped; err != nil {
			w.t.Errorf("the operator stopped: %v", err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

// create makes an object from a manifest, in the test's namespace.
func (w *world) create(manifest string) {
	w.t.Helper()
	object := manifestOf(w.t, manifest, "{}", w.namespace)
	if object.GetKind() == "PricingPlan" {
		object.SetLabels(map[string]string{worldLabel: w.namespace})
		w.t.Cleanup(func() { _ = client.IgnoreNotFound(w.client.Delete(context.Background(), object)) })
	}
	w.Expect(w.client.Create(w.t.Context(), object)).To(gomega.Succeed())
}

// planName is the test's plan: plans are cluster-scoped.
func (w *world) planName() string { return "plan-" + w.namespace }

func (w *world) createPlan() {
	w.t.Helper()
	w.create(fmt.Sprintf(planManifest, w.planName()))
}

func (w *world) createSecret(name string, data map[string]string) {
	w.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}, StringData: data}
	w.Expect(w.client.Create(w.t.Context(), secret)).To(gomega.Succeed())
}

func (w *world) createCredentials() {
	w.t.Helper()
	w.createSecret("acme-credentials", map[string]string{
		"accessToken": "canary-access-token", "appSecret": "canary-app-secret", "verifyToken": "canary-verify-token",
	})
}

func (w *world) createAccount() {
	w.t.Helper()
	w.create(fmt.Sprintf(accountManifest, w.planName()))
}

// get reads an object of the test's namespace.
func (w *world) get(name string, object client.Object) error {
	return w.client.Get(w.t.Context(), types.NamespacedName{Namespace: w.namespace, Name: name}, object)
}

func (w *world) account() *v1alpha1.BusinessAccount {
	account := &v1alpha1.BusinessAccount{}
	w.Expect(w.get("acme", account)).To(gomega.Succeed())
	return account
}

// startPod plays the kubelet and the Deployment's controller: it waits for the Deployment and makes
// one ready pod of it.
func (w *world) startPod() {
	w.t.Helper()
	deployment := &appsv1.Deployment{}
	w.Eventually(func() error { return w.get("acme-gateway", deployment) }).Should(gomega.Succeed(), func() string {
		return fmt.Sprintf("the conditions are %v after %v", w.account().Status.Conditions, w.calls.since(0))
	})
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: "acme-gateway-1", Labels: deployment.Spec.Template.Labels,
		},
		Spec: deployment.Spec.Template.Spec,
	}
	w.Expect(w.client.Create(w.t.Context(), pod)).To(gomega.Succeed())
	w.setPodReady("acme-gateway-1", corev1.ConditionTrue)
	w.setReadyReplicas(1)
}

func (w *world) setPodReady(name string, ready corev1.ConditionStatus) {
	w.t.Helper()
	pod := &corev1.Pod{}
	w.Expect(w.get(name, pod)).To(gomega.Succeed())
	before := pod.DeepCopy()
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "192.0.2.1", PodIPs: []corev1.PodIP{
		{IP: "192.0.2.1"},
	}, Conditions: []corev1.PodCondition{{
		Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.NewTime(w.clock.Now()),
	}}}
	w.Expect(w.client.Status().Patch(w.t.Context(), pod, client.MergeFrom(before))).To(gomega.Succeed())
}

func (w *world) setReadyReplicas(replicas int32) {
	w.t.Helper()
	deployment := &appsv1.Deployment{}
	w.Expect(w.get("acme-gateway", deployment)).To(gomega.Succeed())
	before := deployment.DeepCopy()
	deployment.Status = appsv1.DeploymentStatus{
		ObservedGeneration: deployment.Generation, Replicas: replicas, ReadyReplicas: replicas,
		AvailableReplicas: replicas, UpdatedReplicas: replicas,
	}
	w.Expect(w.client.Status().Patch(w.t.Context(), deployment, client.MergeFrom(before))).To(gomega.Succeed())
}

// readyWorld is a world whose account acme is Ready.
func readyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	return w
}

// eventually waits until a condition of the account acme is as wanted.
func (w *world) eventually(name, condition string, status metav1.ConditionStatus, reason, message string) {
	w.t.Helper()
	w.Eventually(func() string {
		account := &v1alpha1.BusinessAccount{}
		if err := w.get(name, account); err != nil {
			return err.Error()
		}
		return conditionText(account.Status.Conditions, condition)
	}).Should(wantedText(fmt.Sprintf("%s=%s %s: ", condition, status, reason), message))
}

// wantedText matches a condition in one line; an empty message is any.
func wantedText(prefix, message string) gomegatypes.GomegaMatcher {
	if message == "" {
		return gomega.HavePrefix(prefix)
	}
	return gomega.Equal(prefix + message)
}

// conditionText is a condition in one line.
func conditionText(conditions []metav1.Condition, conditionType string) string {
	found := apimeta.FindStatusCondition(conditions, conditionType)
	if found == nil {
		return conditionType + " is not there"
	}
	return fmt.Sprintf("%s=%s %s: %s", conditionType, found.Status, found.Reason, found.Message)
}

// settle waits until the operator has looked at the account some times without a call to the API
// server, and returns the number of such calls so far.
func (w *world) settle() int {
	w.t.Helper()
	var calls int
	w.Eventually(func(g gomega.Gomega) {
		calls = w.calls.total()
		looks := w.gateways.reads()
		g.Eventually(w.gateways.reads, 5*time.Second, 20*time.Millisecond).Should(gomega.BeNumerically(">", looks+3))
		g.Expect(w.calls.total()).To(gomega.Equal(calls))
	}).Should(gomega.Succeed())
	return calls
}

// settleQuietly waits until the operator has made no call to the API server for a while, and
// returns the number of its calls so far.
func (w *world) settleQuietly() int {
	w.t.Helper()
	last := -1
	w.Eventually(func() bool {
		same := w.calls.total() == last
		last = w.calls.total()
		return same
	}).WithPolling(300 * time.Millisecond).MustPassRepeatedly(3).Should(gomega.BeTrue())
	return last
}

// updateAccount changes the account acme.
func (w *world) updateAccount(change func(*v1alpha1.BusinessAccount)) {
	w.t.Helper()
	account := w.account()
	before := account.DeepCopy()
	change(account)
	w.Expect(w.client.Patch(w.t.Context(), account, client.MergeFrom(before))).To(gomega.Succeed())
}

// updatePlan changes the test's plan.
func (w *world) updatePlan(change func(*v1alpha1.PricingPlan)) {
	w.t.Helper()
	plan := &v1alpha1.PricingPlan{}
	w.Expect(w.client.Get(w.t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
	before := plan.DeepCopy()
	change(plan)
	w.Expect(w.client.Patch(w.t.Context(), plan, client.MergeFrom(before))).To(gomega.Succeed())
}

// directClient talks to the API server without a cache.
func directClient(t *testing.T) client.Client {
	t.Helper()
	return clientOf(t, apiServer)
}

func clientOf(t *testing.T, server *rest.Config) client.Client {
	t.Helper()
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(server, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newNamespace makes a namespace for one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := directClient(t).Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

// digestServed is the digest on the configuration Secret.
func (w *world) digestServed() string {
	secret := &corev1.Secret{}
	if err := w.get(tenant.ConfigSecretName("acme"), secret); err != nil {
		return ""
	}
	return secret.Annotations[tenant.AnnotationConfigDigest]
}

const planManifest = `
apiVersion: guichet.dev/v1alpha1
kind: PricingPlan
metadata: {name: %s}
spec:
  currency: USD
  revisions:
  - name: pmp-2025-07
    effectiveDate: "2025-07-01"
    classifyBy: Category
    unit: Message
    outsideWindow: TemplateOnly
    rateAt: Delivery
    serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}
    free: [{name: free-form, reason: ServiceWindow, when: Always, categories: [Service]}]
    rates:
    - {market: Brazil, prices: [{category: Marketing, amount: "0.0625"}, {category: Utility, amount: "0.0068"}, {category: Authentication, amount: "0.0068"}]}
    - {market: Any, prices: [{category: Marketing, amount: "0.0604"}, {category: Utility, amount: "0.0077"}, {category: Authentication, amount: "0.0077"}]}
`

const accountManifest = `
apiVersion: guichet.dev/v1alpha1
kind: BusinessAccount
metadata: {name: acme}
spec:
  displayName: Acme Parcels
  planName: %s
  timeZone: America/Sao_Paulo
  whatsAppBusinessAccountID: "102290129340398"
  channels:
  - {name: main, phoneNumberID: "106540352242922", baseURL: "http://simulator.guichet-simulator.svc:8090", credentialsSecretName: acme-credentials}
  budget: {limit: {amount: "100", currency: USD}, warnAtPercent: [50, 80]}
`
