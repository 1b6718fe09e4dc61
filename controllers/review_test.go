package controllers_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// promotionalManifest is a template of category utility that reads as promotion.
const promotionalManifest = `
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: order}
spec:
  accountName: acme
  name: order_ready
  language: en_US
  category: Utility
  body: {text: "Hello, your order is ready, and the next one is 20% off."}
`

// refusingWorld is a world whose plan refuses promotion.
func refusingWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.start()
	const rule = "    outsideWindow: TemplateOnly\n"
	w.create(strings.Replace(fmt.Sprintf(planManifest, w.planName()), rule, rule+"    promotion: Refused\n", 1))
	w.createCredentials()
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionPlanResolved, "True", v1alpha1.ReasonPlanResolved, "")
	return w
}

func (w *world) templateCondition(name, condition string) string {
	return conditionText(w.template(name).Status.Conditions, condition)
}

func (w *world) review(c client.Client, name, review string, options ...client.SubResourcePatchOption) error {
	return c.Status().Patch(w.t.Context(), w.template(name), client.RawPatch(
		types.MergePatchType, []byte(`{"status": {"review": `+review+`}}`),
	), options...)
}

func (w *world) digest(name string) string {
	w.t.Helper()
	w.Eventually(func() string { return w.template(name).Status.ContentDigest }).ShouldNot(gomega.BeEmpty())
	return w.template(name).Status.ContentDigest
}

func TestPromotionIsRefusedWhereThePlanSaysSo(t *testing.T) {
	t.Parallel()
	w := refusingWorld(t)
	w.Expect(w.client.Create(
		t.Context(), manifestOf(
			t, templateManifest, `{metadata: {name: summer}, spec: {name: summer, category: Marketing}}`, w.namespace,
		),
	)).To(gomega.Succeed())
	w.Eventually(func() string { return w.templateCondition("summer", "Accepted") }).Should(gomega.Equal(fmt.Sprintf(
		"Accepted=False PromotionRefused: PricingPlan %q (pmp-2025-07) refuses promotion, so no template of category "+
			"'Marketing' is submitted: use another category for what is not promotional", w.planName(),
	)))
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.templateCondition("order", "Reviewed")).To(gomega.Equal("Reviewed is not there"))
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398"}))
}

func TestPromotionIsHeldForAnApprover(t *testing.T) {
	t.Parallel()
	w := refusingWorld(t)
	w.create(promotionalManifest)
	waits := fmt.Sprintf(
		`Unknown AwaitingApproval: The template waits for an approver: PricingPlan %q (pmp-2025-07) refuses `+
			`promotion, `+
			`and the template reads as it: "20%% off" (spec.body.text)`, w.planName(),
	)
	w.Eventually(func() string { return w.templateCondition("order", "Accepted") }).Should(
		gomega.Equal("Accepted=" + waits),
	)
	w.Expect(w.templateCondition("order", "Reviewed")).To(gomega.Equal("Reviewed=" + waits))
	w.Expect(w.templateCondition("order", "Ready")).To(gomega.Equal("Ready=" + waits))
	w.Expect(w.upstream.looks()).To(gomega.BeZero())

	first := w.digest("order")
	w.Expect(
		w.review(
			w.client, "order", `{"decision": "Approved", "by": "jane", "digest": "`+first+`", "reason": "a service"}`,
		),
	).
		To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.templateCondition("order", "Reviewed")).To(
		gomega.Equal(`Reviewed=True ReviewApproved: "jane" approved the template (a service)`),
	)
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	w.eventuallyTemplate("order", "Ready", "Ready=True Ready: Everything is in order")

	// What says something else was not approved. The upstream's copy is followed all the same.
	template := w.template("order")
	template.Spec.Body.Text = "Hello, your order is ready, and the next one is 30% off."
	w.Expect(w.client.Update(t.Context(), template)).To(gomega.Succeed())
	w.Eventually(func() string { return w.templateCondition("order", "Reviewed") }).Should(
		gomega.HavePrefix("Reviewed=Unknown AwaitingApproval"),
	)
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status, u.Category = graph.TemplateStatusPaused, "MARKETING" })
	w.eventuallyTemplate(
		"order", "Approved",
		"Approved=Unknown Pending: The changed template must be accepted first; the upstream has the one before",
	)
	w.Eventually(func() string { return w.template("order").Status.Category }).Should(gomega.Equal("Marketing"))
	second := w.digest("order")
	w.Expect(second).NotTo(gomega.Equal(first))

	w.Expect(
		w.review(w.client, "order", `{"decision": "Rejected", "digest": "`+second+`", "reason": "an advertisement"}`),
	).
		To(gomega.Succeed())
	w.Eventually(func() string { return w.templateCondition("order", "Ready") }).Should(gomega.Equal(
		`Ready=False ReviewRejected: "jane" rejected the template (an advertisement): change the template,` +
			` and it is looked at again`,
	))
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398"}))

	// Where promotion is allowed, nobody needs to decide.
	plan := &v1alpha1.PricingPlan{}
	w.Expect(w.client.Get(t.Context(), types.NamespacedName{Name: w.planName()}, plan)).To(gomega.Succeed())
	plan.Spec.Revisions[0].Promotion = v1alpha1.PromotionAllowed
	w.Expect(w.client.Update(t.Context(), plan)).To(gomega.Succeed())
	w.Eventually(w.upstream.requests).Should(
		gomega.Equal([]string{"create order_ready in 102290129340398", "edit 5001"}),
	)
	w.Eventually(func() string { return w.templateCondition("order", "Reviewed") }).Should(
		gomega.Equal("Reviewed is not there"),
	)
	w.Expect(w.template("order").Status.ContentDigest).To(gomega.BeEmpty())
}

// An account can refuse promotion too; and what nobody prices yet is not submitted if it reads as
// it.
func TestPromotionIsHeldByTheAccountAndUntilAPlanIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createCredentials()
	w.Expect(w.client.Create(
		t.Context(), manifestOf(t, fmt.Sprintf(accountManifest, w.planName()), "{}", w.namespace),
	)).To(gomega.Succeed())
	w.create(promotionalManifest)
	w.Eventually(func() string { return w.templateCondition("order", "Accepted") }).Should(gomega.Equal(
		`Accepted=Unknown AccountNotReady: No PricingPlan prices BusinessAccount "acme" yet: whether it may send ` +
			`promotion is not known`,
	))
	w.updateAccount(func(a *v1alpha1.BusinessAccount) { a.Spec.Promotion = v1alpha1.PromotionRefused })
	w.Eventually(func() string { return w.templateCondition("order", "Accepted") }).Should(gomega.HavePrefix(
		`Accepted=Unknown AwaitingApproval: The template waits for an approver: BusinessAccount "acme" refuses ` +
			`promotion`,
	))
	w.updateAccount(func(a *v1alpha1.BusinessAccount) { a.Spec.Promotion = "" })
	w.createPlan()
	w.Eventually(func() string { return w.templateCondition("order", "Approved") }).Should(
		gomega.Equal("Approved=Unknown InReview: The upstream reviews the template"),
	)
}

// TestOnlyAnApproverDecides has the roles of config/rbac and the policy of config/admission, and
// people who have them.
func TestOnlyAnApproverDecides(t *testing.T) {
	t.Parallel()
	w := refusingWorld(t)
	w.installReviewPolicy()
	editor := w.person("ed", "messagetemplate_editor_role.yaml")
	admin := w.person("adam", "messagetemplate_admin_role.yaml")
	approver := w.person("jane", "messagetemplate_approver_role.yaml")
	w.create(promotionalManifest)
	digest := w.digest("order")
	approved := func(by, digest string) string {
		return fmt.Sprintf(`{"decision": "Approved", "by": %q, "digest": %q}`, by, digest)
	}

	for name, c := range map[string]client.Client{"ed": editor, "adam": admin} {
		w.Expect(w.review(c, "order", approved(name, digest))).To(
			gomega.MatchError(gomega.ContainSubstring(`cannot patch resource "messagetemplates/status"`)),
			"whoever writes templates does not approve them",
		)
	}
	// The API server takes a moment to apply a new policy: until then nothing is written.
	w.Eventually(func() error {
		return w.review(approver, "order", approved("bob", digest), client.DryRunAll)
	}).Should(
		gomega.MatchError(gomega.ContainSubstring("status.review.by must be who writes it: jane")),
	)
	w.Expect(w.review(approver, "order", approved("jane", "sha256:other"))).To(
		gomega.MatchError(gomega.ContainSubstring("status.review.digest must be status.contentDigest")),
	)
	for _, forged := range []string{
		`{"status": {"category": "Utility"}}`, `{"status": {"upstreamID": "1"}}`, `{"status": {"conditions": null}}`,
		`{"status": {"contentDigest": null}}`,
		`{"status": {"submittedDigest": "x", "review": ` + approved("jane", digest) + `}}`,
	} {
		w.Expect(approver.Status().Patch(
			t.Context(), w.template("order"), client.RawPatch(types.MergePatchType, []byte(forged)),
		)).To(
			gomega.MatchError(gomega.ContainSubstring("an approver may write status.review only")), forged,
		)
	}
	w.Expect(approver.Patch(t.Context(), w.template("order"), client.RawPatch(
		types.MergePatchType, []byte(`{"spec": {"category": "Marketing"}}`),
	))).To(gomega.MatchError(gomega.ContainSubstring("cannot patch resource")), "an approver writes no template")
	w.Expect(w.upstream.requests()).To(gomega.BeEmpty())

	w.Expect(w.review(approver, "order", approved("jane", digest))).To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.templateCondition("order", "Reviewed")).To(
		gomega.Equal(`Reviewed=True ReviewApproved: "jane" approved the template`),
	)
}

// installReviewPolicy installs the policy for the test's namespace.
func (w *world) installReviewPolicy() {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "config", "admission", "template_review.yaml"))
	w.Expect(err).NotTo(gomega.HaveOccurred())
	parts := bytes.Split(content, []byte("\n---\n"))
	w.Expect(parts).To(gomega.HaveLen(2))
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	w.Expect(yaml.UnmarshalStrict(parts[0], policy)).To(gomega.Succeed())
	w.Expect(yaml.UnmarshalStrict(parts[1], binding)).To(gomega.Succeed())
	binding.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.namespace},
	}}
	for _, object := range []client.Object{policy, binding} {
		w.t.Cleanup(func() {
			w.Expect(client.IgnoreNotFound(w.client.Delete(context.Background(), object))).To(gomega.Succeed())
		})
		w.Expect(w.client.Create(w.t.Context(), object)).To(gomega.Succeed())
	}
}

// person is somebody who has a role of config/rbac in the test's namespace.
func (w *world) person(name, file string) client.Client {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "config", "rbac", file))
	w.Expect(err).NotTo(gomega.HaveOccurred())
	shipped := &rbacv1.ClusterRole{}
	w.Expect(yaml.UnmarshalStrict(content, shipped)).To(gomega.Succeed())
	meta := metav1.ObjectMeta{Name: name, Namespace: w.namespace}
	w.Expect(w.client.Create(w.t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: shipped.Rules})).To(gomega.Succeed())
	w.Expect(w.client.Create(w.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	})).To(gomega.Succeed())
	access := rest.CopyConfig(apiServer)
	access.Impersonate = rest.ImpersonationConfig{UserName: name}
	c, err := client.New(access, client.Options{Scheme: w.client.Scheme()})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	return c
}
