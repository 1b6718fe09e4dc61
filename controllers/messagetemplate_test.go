package controllers_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/report"
)

const templateManifest = `
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: order}
spec:
  accountName: acme
  name: order_ready
  language: en_US
  category: Utility
  body: {text: "Hello, your order is ready and waits for you."}
`

// templateWorld is a world with an account whose credentials and plan are there.
func templateWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	w.startPod()
	return w
}

func (w *world) template(name string) *v1alpha1.MessageTemplate {
	template := &v1alpha1.MessageTemplate{}
	w.Expect(w.get(name, template)).To(gomega.Succeed())
	return template
}

// eventuallyTemplate waits until a condition of a template is as wanted, and moves time on
// meanwhile so that the upstream is asked.
func (w *world) eventuallyTemplate(name, condition, want string) {
	w.t.Helper()
	w.Eventually(func() string {
		w.clock.SetTime(w.clock.Now().Add(2 * time.Second))
		w.templates.News(types.NamespacedName{Namespace: w.namespace, Name: name})
		return conditionText(w.template(name).Status.Conditions, condition)
	}).WithPolling(200 * time.Millisecond).Should(gomega.Equal(want))
}

// upstreamSays changes the upstream's copy of the test's template.
func (w *world) upstreamSays(change func(*graph.UpstreamTemplate)) {
	w.t.Helper()
	w.upstream.change(func(f *fakeUpstream) { change(f.copies["order_ready/en_US"]) })
}

func TestTemplateIsSubmittedOnceAndFollowed(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.template("order").Status.UpstreamID).To(gomega.Equal("5001"))

	w.upstreamSays(func(u *graph.UpstreamTemplate) {
		u.Status, u.QualityScore = graph.TemplateApproved, &graph.QualityScore{Score: "GREEN"}
	})
	w.eventuallyTemplate("order", "Ready", "Ready=True Ready: Everything is in order")
	status := w.template("order").Status
	w.Expect(status.UpstreamStatus).To(gomega.Equal("APPROVED"))
	w.Expect(status.Category).To(gomega.Equal("Utility"))
	w.Expect(status.Quality).To(gomega.Equal("GREEN"))
	w.Expect(conditionText(status.Conditions, "CategoryMatches")).To(gomega.Equal(
		"CategoryMatches=True CategoryMatches: The upstream bills the template under the category of the spec",
	))
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398"}))

	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateStatusPaused })
	w.eventuallyTemplate(
		"order", "Approved",
		"Approved=False UpstreamPaused: The upstream paused the template for its quality: it becomes sendable again "+
			"by itself, or when it is edited",
	)
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateStatusDisabled })
	w.eventuallyTemplate(
		"order", "Approved",
		"Approved=False Disabled: The upstream disabled the template for good: make another one under another name",
	)
	w.Expect(w.upstream.requests()).To(gomega.HaveLen(1))
}

func TestApprovedTemplateReachesTheGateway(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.eventually("acme", v1alpha1.ConditionReady, "True", v1alpha1.ReasonReady, "")
	before := w.digestServed()
	w.create(templateManifest)
	w.Eventually(w.digestServed).ShouldNot(gomega.Equal(before))
	pending := w.digestServed()
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	// The upstream's webhook reaches the gateway, and its report tells the operator.
	w.gateways.change(func(f *fakeGateways) {
		f.report.TemplateEvents = []report.TemplateEvent{
			{UpstreamID: "5001", Name: "order_ready", Language: "en_US", Event: "APPROVED", Time: w.clock.Now()},
		}
	})
	w.Eventually(w.digestServed).ShouldNot(gomega.Equal(pending))
	w.Expect(w.template("order").Status.UpstreamStatus).To(gomega.Equal("APPROVED"))
}

func TestRejectedTemplateSaysWhyAndIsEdited(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.upstreamSays(func(u *graph.UpstreamTemplate) {
		u.Status, u.RejectedReason = graph.TemplateRejected, "INCORRECT_CATEGORY"
	})
	w.eventuallyTemplate(
		"order", "Approved",
		"Approved=False Rejected: The upstream rejected the template (INCORRECT_CATEGORY): change the spec to "+
			"submit it again",
	)

	template := w.template("order")
	template.Spec.Body.Text = "Hello, the order that you placed is ready."
	w.Expect(w.client.Update(t.Context(), template)).To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398", "edit 5001"}))
}

func TestOtherCategorySaysWhatItCostsAndIsNotSubmittedAgain(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.upstream.change(func(f *fakeUpstream) { f.category = "MARKETING" })
	w.create(templateManifest)
	w.eventuallyTemplate("order", "CategoryMatches", fmt.Sprintf(
		"CategoryMatches=False CategoryChanged: The upstream bills the template as 'Marketing', not as 'Utility': by PricingPlan %q a message costs 0.0604–0.0625 USD instead of 0.0068–0.0077 USD, by market", w.planName()))
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	w.eventuallyTemplate("order", "Ready", "Ready=True Ready: Everything is in order")
	w.Expect(w.upstream.requests()).To(gomega.HaveLen(1))
}

func TestExistingTemplateIsAdoptedOrLeftAlone(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.client.Delete(t.Context(), w.template("order"))).To(gomega.Succeed())

	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.client.Delete(t.Context(), w.template("order"))).To(gomega.Succeed())

	w.upstreamSays(
		func(u *graph.UpstreamTemplate) { u.Components[0].Text = "Somebody else's words, for another purpose." },
	)
	w.create(templateManifest)
	w.eventuallyTemplate(
		"order", "Approved",
		"Approved=False UpstreamChanged: The upstream has another template of this name and language; it differs in "+
			"body: change the spec to match it, or delete it there",
	)
	w.Expect(w.upstream.requests()).To(
		gomega.Equal([]string{"create order_ready in 102290129340398"}),
		"what is there must be neither made again nor overwritten",
	)
}

func TestRefusedTemplates(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(`
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: order}
spec: {accountName: other, name: order_ready, language: en_US, category: Utility, body: {text: "Hello, your order is ready and waits for you."}}
`)
	w.eventuallyTemplate(
		"order", "Accepted",
		`Accepted=False AccountNotFound: BusinessAccount "other" is not there: create it in this namespace`,
	)
	w.create(`
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: broken}
spec: {accountName: acme, name: broken, language: en_US, category: Utility, body: {text: "{{1}} begins with a variable."}}
`)
	w.Eventually(func(g gomega.Gomega) {
		broken := w.template("broken")
		g.Expect(conditionText(broken.Status.Conditions, "Ready")).To(
			gomega.HavePrefix("Ready=False LintFailed: spec.body.text: Begin the body with words"),
		)
		g.Expect(broken.Status.Findings).NotTo(gomega.BeEmpty())
	}).Should(gomega.Succeed())
	w.Expect(w.upstream.requests()).To(gomega.BeEmpty())

	w.upstream.change(func(f *fakeUpstream) {
		f.refuse = &graph.Error{
			HTTPStatus: http.StatusBadRequest, Code: 100, Message: "(#100) Invalid parameter",
			Details: "name must be shorter",
		}
	})
	w.create(`
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: refused}
spec: {accountName: acme, name: refused, language: en_US, category: Utility, body: {text: "Hello, your order is ready and waits for you."}}
`)
	w.Eventually(func() string { return conditionText(w.template("refused").Status.Conditions, "Approved") }).Should(
		gomega.Equal("Approved=False SubmissionFailed: The upstream refused the template: (#100) Invalid parameter: " +
			"name must be shorter"))
}

func TestTwinTemplateIsADuplicateUntilTheFirstIsDeleted(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Accepted", "Accepted=True Accepted: The template passed the lint")
	twin := manifestOf(t, templateManifest, "{metadata: {name: order-twin}}", w.namespace)
	w.Expect(w.client.Create(t.Context(), twin)).To(gomega.Succeed())
	w.eventuallyTemplate(
		"order-twin", "Accepted",
		`Accepted=False Duplicate: MessageTemplate "order" has the same name and language: delete one of the two`,
	)
	w.Expect(w.client.Delete(t.Context(), w.template("order"))).To(gomega.Succeed())
	w.Eventually(func() string { return conditionText(w.template("order-twin").Status.Conditions, "Accepted") }).Should(
		gomega.Equal("Accepted=True Accepted: The template passed the lint"),
	)
}

func TestTemplateWaitsForCredentialsAndHeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.create(templateManifest)
	w.Eventually(func() string { return conditionText(w.template("order").Status.Conditions, "Accepted") }).Should(
		gomega.Equal(`Accepted=False AccountNotFound: BusinessAccount "acme" is not there: ` +
			`create it in this namespace`))
	w.createAccount()
	w.Eventually(func() string { return conditionText(w.template("order").Status.Conditions, "Approved") }).Should(
		gomega.Equal(`Approved=Unknown AccountNotReady: BusinessAccount "acme" has no WhatsApp channel whose Secret ` +
			`holds an access token`))
	w.createCredentials()
	w.Eventually(func() string { return conditionText(w.template("order").Status.Conditions, "Approved") }).Should(
		gomega.Equal("Approved=Unknown InReview: The upstream reviews the template"))
}

func TestUnreachableUpstreamIsObservedAndWaitedFor(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	unreachable := "Approved=Unknown UpstreamUnreachable: The Graph API cannot be reached: " +
		"check the channel's baseURL and the network"
	w.upstream.change(func(f *fakeUpstream) { f.down = true })
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", unreachable)
	w.Expect(w.template("order").Status.ObservedGeneration).To(gomega.Equal(int64(1)))
	w.upstream.change(func(f *fakeUpstream) { f.down = false })
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	w.eventuallyTemplate("order", "Ready", "Ready=True Ready: Everything is in order")

	// What the upstream has approved is not what the spec now says.
	w.upstream.change(func(f *fakeUpstream) { f.down = true })
	template := w.template("order")
	template.Spec.Body.Text = "Hello, the order that you placed is ready."
	w.Expect(w.client.Update(t.Context(), template)).To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", unreachable)
	w.Expect(w.template("order").Status.ObservedGeneration).To(gomega.Equal(template.Generation))
	looks := w.upstream.looks()
	w.Eventually(func() int {
		w.templates.News(types.NamespacedName{Namespace: w.namespace, Name: "order"})
		return w.upstream.looks()
	}).WithPolling(100 * time.Millisecond).Should(gomega.BeNumerically(">", looks+3))
	w.Expect(conditionText(w.template("order").Status.Conditions, "Approved")).To(gomega.Equal(unreachable))
	w.upstream.change(func(f *fakeUpstream) { f.down = false })
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398", "edit 5001"}))
}

func TestDeletionPolicy(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	object := manifestOf(t, templateManifest, "{spec: {deletionPolicy: Delete}}", w.namespace)
	w.Expect(w.client.Create(t.Context(), object)).To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.template("order").Finalizers).To(gomega.Equal([]string{controllers.TemplateFinalizer}))

	// An upstream that does not answer holds the object for ten minutes, not for ever.
	w.upstream.change(func(f *fakeUpstream) { f.refuse = graph.NewError(2, "temporary outage") })
	w.Expect(w.client.Delete(t.Context(), w.template("order"))).To(gomega.Succeed())
	w.Eventually(w.upstream.requests).Should(gomega.ContainElement("delete order_ready 5001"))
	w.Expect(w.template("order").DeletionTimestamp.IsZero()).To(gomega.BeFalse())
	w.clock.SetTime(time.Now().Add(time.Hour))
	w.Eventually(func() bool { return apierrors.IsNotFound(w.get("order", &v1alpha1.MessageTemplate{})) }).Should(
		gomega.BeTrue(),
	)
}

func TestDeletedTemplateIsDeletedUpstream(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.Expect(
		w.client.Create(t.Context(), manifestOf(t, templateManifest, "{spec: {deletionPolicy: Delete}}", w.namespace)),
	).To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.client.Delete(t.Context(), w.template("order"))).To(gomega.Succeed())
	w.Eventually(func() bool { return apierrors.IsNotFound(w.get("order", &v1alpha1.MessageTemplate{})) }).Should(
		gomega.BeTrue(),
	)
	w.Expect(w.upstream.requests()).To(
		gomega.Equal([]string{"create order_ready in 102290129340398", "delete order_ready 5001"}),
	)
}

func TestTemplateDeletedWhileItIsMadeIsDeletedUpstream(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.upstream.change(func(f *fakeUpstream) {
		f.during = func() { w.Expect(w.client.Delete(t.Context(), w.template("order"))).To(gomega.Succeed()) }
	})
	w.Expect(
		w.client.Create(t.Context(), manifestOf(t, templateManifest, "{spec: {deletionPolicy: Delete}}", w.namespace)),
	).To(gomega.Succeed())
	w.Eventually(func() bool { return apierrors.IsNotFound(w.get("order", &v1alpha1.MessageTemplate{})) }).Should(
		gomega.BeTrue(),
	)
	w.Expect(w.upstream.requests()).To(
		gomega.Equal([]string{"create order_ready in 102290129340398", "delete order_ready 5001"}),
	)
}

func TestTemplateEditedWhileItIsMadeIsNotTakenForSomebodyElses(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.upstream.change(func(f *fakeUpstream) {
		f.during = func() {
			template := w.template("order")
			template.Spec.Body.Text = "Hello, the order that you placed is ready."
			w.Expect(w.client.Update(t.Context(), template)).To(gomega.Succeed())
		}
	})
	w.create(templateManifest)
	w.eventuallyTemplate(
		"order", "Approved",
		"Approved=Unknown InReview: The changed template is submitted when the upstream lets it be edited; its "+
			"status there is 'PENDING'",
	)
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398", "edit 5001"}))
}

func TestNewsThatComeDuringALookAreLookedAt(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.settleQuietly()
	// The upstream answers what was so when it was asked, and its news comes before the look ends.
	w.upstream.change(func(f *fakeUpstream) {
		f.asked = func() {
			w.templates.News(types.NamespacedName{Namespace: w.namespace, Name: "order"})
		}
	})
	before := w.upstream.looks()
	w.templates.News(types.NamespacedName{Namespace: w.namespace, Name: "order"})
	w.Eventually(w.upstream.looks, 5*time.Second).Should(gomega.BeNumerically(">=", before+2))
}

func TestP9TemplatesAreNotWrittenAtRest(t *testing.T) {
	t.Parallel()
	w := templateWorld(t)
	w.create(templateManifest)
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	w.eventuallyTemplate("order", "Ready", "Ready=True Ready: Everything is in order")
	w.settle()
	version := w.template("order").ResourceVersion
	before := w.upstream.looks()
	w.Eventually(func() int {
		w.templates.News(types.NamespacedName{Namespace: w.namespace, Name: "order"})
		return w.upstream.looks()
	}).WithPolling(100 * time.Millisecond).Should(gomega.BeNumerically(">", before+5))
	w.Expect(w.template("order").ResourceVersion).To(gomega.Equal(version))
}
