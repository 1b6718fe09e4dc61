package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/doctor"
	"github.com/guichet-dev/guichet/internal/report"
)

// createOperatorObjects makes what there is of an operator in its namespace: the test itself runs
// it.
func (w *world) createOperatorObjects() {
	w.t.Helper()
	labels := map[string]string{"app": "operator"}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.options.OperatorNamespace, Name: "guichet-operator"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "operator", Image: "operator"}}},
			},
		},
	}
	w.Expect(w.client.Create(w.t.Context(), deployment)).To(gomega.Succeed())
	deployment.Status = appsv1.DeploymentStatus{Replicas: 1, ReadyReplicas: 1, ObservedGeneration: 1}
	w.Expect(w.client.Status().Update(w.t.Context(), deployment)).To(gomega.Succeed())
	w.Expect(w.client.Create(w.t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.options.OperatorNamespace, Name: "operator.guichet.dev"},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: w.clock.Now()}},
	})).To(gomega.Succeed())
}

// bindClaim plays the volume's provisioner.
func (w *world) bindClaim() {
	w.t.Helper()
	claim := &corev1.PersistentVolumeClaim{}
	w.Eventually(func() error { return w.get("acme-gateway-data", claim) }).Should(gomega.Succeed())
	claim.Status.Phase = corev1.ClaimBound
	claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	w.Expect(w.client.Status().Update(w.t.Context(), claim)).To(gomega.Succeed())
}

// examine is what the doctor finds of the account acme.
func (w *world) examine() doctor.Examination {
	observer := doctor.Observer{Reader: w.client, OperatorNamespace: w.options.OperatorNamespace}
	observed := observer.Observe(w.t.Context(), w.account())
	observed.Now = w.clock.Now()
	return doctor.Examine(observed)
}

// cause is the first failure that the doctor finds, in one line.
func (w *world) cause() string {
	found := w.examine()
	if found.Cause == nil {
		return "nothing has failed"
	}
	return found.Cause.Check + " | " + found.Cause.Where + " | " + found.Cause.What
}

// consultedWorld is a world with all that an account needs, but for what prepare takes away, and
// with the account acme, whose spec has more lines.
func consultedWorld(t *testing.T, more string, prepare func(*world)) *world {
	t.Helper()
	w := newWorld(t)
	w.start()
	w.createOperatorObjects()
	w.createPlan()
	w.createCredentials()
	if prepare != nil {
		prepare(w)
	}
	w.create(fmt.Sprintf(accountManifest, w.planName()) + more)
	return w
}

func TestDoctorFindsNothingWrongWithAGoodAccount(t *testing.T) {
	t.Parallel()
	w := consultedWorld(t, "", nil)
	w.gateways.change(func(f *fakeGateways) {
		f.report.Channels = []report.Channel{{Name: "main", Checked: true, Webhooks: &report.Webhooks{}}}
		f.report.Storage = &report.Storage{SizeBytes: 1 << 20, FreeBytes: 1 << 29, VolumeBytes: 1 << 30}
	})
	w.startPod()
	w.bindClaim()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	var left []string
	for _, finding := range w.examine().Findings {
		if finding.Level != doctor.OK {
			left = append(left, string(finding.Level)+" "+finding.What)
		}
	}
	w.Expect(left).To(gomega.Equal([]string{ // nobody asks Meta here, and nothing was billed
		"unknown AccessTokensCurrent is Unknown, Pending: AccessTokensCurrent is not known yet",
		"unknown PaymentMethodPresent is Unknown, Pending: PaymentMethodPresent is not known yet",
		"unknown StatementsCurrent is Unknown, Pending: No statement was written yet: nothing was billed, " +
			"or it is being added up",
	}))
}

// Each of these accounts is broken in one way, and the doctor names that. They are judged as the
// operator left them.
func TestDoctorNamesTheCauseOfEachBrokenAccount(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		// spec is more of the account's spec. prepare takes away what the account needs before it
		// is made; after breaks it when it is Ready.
		spec           string
		prepare, after func(*world)
		want           string
	}{
		"the operator is gone": {
			after: func(w *world) { w.deleteIn(w.options.OperatorNamespace, "guichet-operator", &appsv1.Deployment{}) },
			want:  "operator | Deployment OPERATOR/guichet-operator | There is no operator",
		},
		"the plan is not there": {
			prepare: func(w *world) { w.deleteIn("", w.planName(), &v1alpha1.PricingPlan{}) },
			want:    "plan | PricingPlan PLAN | There is no such plan",
		},
		"the plan is for others": {
			prepare: func(w *world) {
				w.updatePlan(func(plan *v1alpha1.PricingPlan) {
					plan.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{
						From: v1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{
							MatchLabels: map[string]string{"tier": "gold"},
						},
					}
				})
			},
			want: `plan | PricingPlan PLAN | The plan may not be used from namespace "NAMESPACE": ` +
				`its allowedNamespaces want tier=gold`,
		},
		"a Secret is not there": {
			prepare: func(w *world) { w.deleteIn(w.namespace, "acme-credentials", &corev1.Secret{}) },
			want: `credentials | BusinessAccount NAMESPACE/acme | Secret "acme-credentials" is not there: ` +
				`channel "main" needs it with the keys 'accessToken', 'appSecret' and 'verifyToken'`,
		},
		"a token was copied with what stood around it": {
			prepare: func(w *world) { w.setSecret("acme-credentials", "accessToken", `"canary-token"`) },
			want: `credentials | Secret NAMESPACE/acme-credentials | The value of "accessToken" has a ` +
				`quotation mark: it was copied with something around it`,
		},
		"the keys are gone": {
			after: func(w *world) { w.deleteIn(w.namespace, "acme-gateway-keys", &corev1.Secret{}) },
			want:  "credentials | Secret NAMESPACE/acme-gateway-keys | The keys of the account's store are gone",
		},
		"a quota refuses the volume": {
			prepare: func(w *world) { w.createQuota("persistentvolumeclaims", "0") },
			want:    "quota | BusinessAccount NAMESPACE/acme | GatewayAvailable is False, ApplyRefused: ",
		},
		"the storage class is not there": {
			spec: "  gateway: {storage: {embedded: {storageClassName: fast}}}\n",
			want: `storage | PersistentVolumeClaim NAMESPACE/acme-gateway-data | It has no volume: ` +
				`there is no storage class "fast"`,
		},
		"the image cannot be pulled": {
			after: func(w *world) { w.setPodWaiting("ImagePullBackOff") },
			want: `gateway | Pod NAMESPACE/acme-gateway-1 | The image "guichet.dev/gateway:one" cannot be pulled ` +
				`(ImagePullBackOff)`,
		},
		"nothing closes the gateway": {
			after: func(w *world) {
				w.updateAccount(func(a *v1alpha1.BusinessAccount) { a.Spec.Operation = v1alpha1.OperationPaused })
				w.eventually("acme", v1alpha1.ConditionReconciled, metav1.ConditionTrue, v1alpha1.ReasonPaused, "")
				w.deleteIn(w.namespace, "acme-gateway", &networkingv1.NetworkPolicy{})
			},
			want: "network policy | NetworkPolicy NAMESPACE/acme-gateway | It is not there",
		},
		"the Ingress has no certificate": {
			spec: "  gateway: {exposure: {type: Ingress, ingress: {host: acme.example.com, tlsSecretName: " +
				"acme-tls}}}\n",
			after: func(*world) {},
			want: "certificates | Secret NAMESPACE/acme-tls | It is not there: it is to have the certificate of " +
				"the Ingress",
		},
		"the upstream refuses the token": {
			after: func(w *world) {
				w.reportChannel(report.Channel{
					Name: "main", Checked: true, Obstacle: &report.Obstacle{Cause: report.Refused, Code: 190},
				})
			},
			want: "upstream | channel main of BusinessAccount NAMESPACE/acme | UpstreamAccepts is False, " +
				"AccessTokenRefused: ",
		},
		"no webhook arrives": {
			after: func(w *world) {
				since := w.clock.Now().Add(-time.Hour)
				w.reportChannel(report.Channel{
					Name: "main", Checked: true, Webhooks: &report.Webhooks{SilentSince: &since},
				})
			},
			want: "webhooks | channel main of BusinessAccount NAMESPACE/acme | WebhooksArrive is False, " +
				"NothingArrives: ",
		},
		"the volume is full": {
			after: func(w *world) {
				w.gateways.change(
					func(f *fakeGateways) { f.report.StoreOutage = &report.StoreOutage{Cause: report.StoreFull} },
				)
			},
			want: "storage | BusinessAccount NAMESPACE/acme | StoreWritable is False, VolumeFull: ",
		},
		"a template breaks a rule": {
			after: func(w *world) {
				w.create(strings.Replace(templateManifest, "Hello, your order is ready", "{{1}} is ready", 1))
			},
			want: "templates | MessageTemplate NAMESPACE/order | Accepted is False, LintFailed: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := consultedWorld(t, broken.spec, broken.prepare)
			if broken.after != nil {
				w.startPod()
				w.bindClaim()
				w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
				broken.after(w)
			}
			want := strings.NewReplacer(
				"NAMESPACE", w.namespace, "OPERATOR", w.options.OperatorNamespace, "PLAN", w.planName(),
			).Replace(broken.want)
			w.Eventually(w.cause).Should(gomega.HavePrefix(want))
			w.Expect(w.examine().Cause.Do).NotTo(gomega.BeEmpty(), "what to do is said")
		})
	}
}

// deleteIn deletes an object of the test's.
func (w *world) deleteIn(namespace, name string, object client.Object) {
	w.t.Helper()
	object.SetNamespace(namespace)
	object.SetName(name)
	w.Expect(w.client.Delete(w.t.Context(), object)).To(gomega.Succeed())
}

func (w *world) setSecret(name, key, value string) {
	w.t.Helper()
	secret := &corev1.Secret{}
	w.Expect(w.get(name, secret)).To(gomega.Succeed())
	secret.StringData = map[string]string{key: value}
	w.Expect(w.client.Update(w.t.Context(), secret)).To(gomega.Succeed())
}

// createQuota makes a quota, and plays the controller that counts what it allows.
func (w *world) createQuota(name corev1.ResourceName, hard string) {
	w.t.Helper()
	limits := corev1.ResourceList{name: resource.MustParse(hard)}
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: "small",
		}, Spec: corev1.ResourceQuotaSpec{Hard: limits},
	}
	w.Expect(w.client.Create(w.t.Context(), quota)).To(gomega.Succeed())
	quota.Status = corev1.ResourceQuotaStatus{Hard: limits, Used: corev1.ResourceList{name: resource.MustParse("0")}}
	w.Expect(w.client.Status().Update(w.t.Context(), quota)).To(gomega.Succeed())
}

func (w *world) setPodWaiting(reason string) {
	w.t.Helper()
	w.setReadyReplicas(0)
	pod := &corev1.Pod{}
	w.Expect(w.get("acme-gateway-1", pod)).To(gomega.Succeed())
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "gateway", Image: pod.Spec.Containers[0].Image,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}},
	}}
	w.Expect(w.client.Status().Update(w.t.Context(), pod)).To(gomega.Succeed())
}

// reportChannel has the gateway tell something of its channel.
func (w *world) reportChannel(channel report.Channel) {
	w.gateways.change(func(f *fakeGateways) { f.report.Channels = []report.Channel{channel} })
}
