package controllers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/template"
)

// requestAt is a client's request for a template with a body.
func requestAt(id, target int64, name, text string) report.TemplateRequest {
	return report.TemplateRequest{
		ID: id, Target: target, By: "crm", Time: time.Date(2026, 11, 20, 11, 59, 0, 0, time.UTC),
		Name: name, Language: "en_US", Definition: &template.Definition{
			Name: name, Language: "en_US", Category: "UTILITY",
			Components: []template.Component{{Type: template.Body, Text: text}},
		},
	}
}

// asksFor has the gateway tell of requests for templates.
func (w *world) asksFor(requests ...report.TemplateRequest) {
	w.gateways.change(func(f *fakeGateways) { f.report.TemplateRequests = requests })
}

func (w *world) eventuallyTaken(id string) *v1alpha1.TemplateRequestsStatus {
	w.t.Helper()
	w.Eventually(func() string {
		if status := w.account().Status.TemplateRequests; status != nil {
			return status.LastID
		}
		return ""
	}).Should(gomega.Equal(id))
	return w.account().Status.TemplateRequests
}

// What a client asks for becomes a MessageTemplate that waits for an approver, and says who asked.
func TestTemplateIsMadeForAClientAndReviewed(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(a *v1alpha1.BusinessAccount) {
		a.Spec.Templates = &v1alpha1.AccountTemplates{FromAPI: v1alpha1.TemplatesFromAPIReview}
	})
	const name = "acme-api-5001"
	w.asksFor(requestAt(5001, 5001, "order_ready", "Your order is ready."))
	w.Expect(w.eventuallyTaken("5001").Refused).To(gomega.BeNil())
	const waits = `Unknown AwaitingApproval: The template waits for an approver: "crm" asked for it through the API`
	w.Eventually(func() string { return w.templateCondition(name, "Reviewed") }).Should(
		gomega.Equal("Reviewed=" + waits),
	)
	made := w.template(name)
	w.Expect(made.Spec.Body.Text).To(gomega.Equal("Your order is ready."))
	w.Expect(made.Spec.DeletionPolicy).To(gomega.Equal(v1alpha1.DeletionRetain))
	w.Expect(metav1.IsControlledBy(made, w.account())).To(gomega.BeTrue())
	w.Expect(made.Status.Request).NotTo(gomega.BeNil())
	w.Expect(made.Status.Request.ID + " " + made.Status.Request.By).To(gomega.Equal("5001 crm"))
	w.Expect(made.Status.Request.Time.UTC()).To(gomega.Equal(time.Date(2026, 11, 20, 11, 59, 0, 0, time.UTC)))
	w.Expect(w.upstream.looks()).To(gomega.BeZero())
	w.settle() // the same report asks for nothing more (P9)

	w.Expect(w.review(w.client, name, `{"decision": "Approved", "by": "jane", "digest": "`+w.digest(name)+`"}`)).
		To(gomega.Succeed())
	w.eventuallyTemplate(name, "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.upstreamSays(func(u *graph.UpstreamTemplate) { u.Status = graph.TemplateApproved })
	w.eventuallyTemplate(name, "Approved", "Approved=True Approved: The upstream approved the template")

	// A change is looked at again; the upstream has the one before meanwhile.
	w.asksFor(requestAt(5002, 5001, "order_ready", "Your order is ready, finally."))
	w.eventuallyTaken("5002")
	w.Eventually(func() string { return w.templateCondition(name, "Reviewed") }).Should(
		gomega.Equal("Reviewed=" + waits),
	)
	w.Expect(w.template(name).Status.Request.ID).To(gomega.Equal("5002"))
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 102290129340398"}))

	// What is asked to be deleted goes, at the upstream too.
	gone := requestAt(5003, 5001, "order_ready", "")
	gone.Definition = nil
	w.asksFor(gone)
	w.eventuallyTaken("5003")
	w.Eventually(func() error { return w.get(name, &v1alpha1.MessageTemplate{}) }).ShouldNot(gomega.Succeed())
	w.Eventually(w.upstream.requests).Should(
		gomega.Equal([]string{"create order_ready in 102290129340398", "delete order_ready 5001"}),
	)
}

// A client reaches no template that was not made for one, and what cannot be done is told.
func TestTemplateRequestsTouchNobodyElsesTemplate(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	mine := manifestOf(
		t, templateManifest, `{metadata: {name: acme-api-7, labels: {guichet.dev/template-request: "7"}}}`, w.namespace,
	)
	w.Expect(w.client.Create(t.Context(), mine)).To(gomega.Succeed())
	w.asksFor(requestAt(6, 6, "early", "Nobody takes this.")) // while the account takes none
	w.settle()
	w.Expect(w.account().Status.TemplateRequests).To(gomega.BeNil())

	gone := requestAt(8, 7, "order_ready", "")
	gone.Definition = nil
	w.asksFor(gone) // in place of the early one
	w.updateAccount(func(a *v1alpha1.BusinessAccount) {
		a.Spec.Templates = &v1alpha1.AccountTemplates{FromAPI: v1alpha1.TemplatesFromAPIReview}
	})
	w.Expect(w.eventuallyTaken("8").Refused.Message).To(
		gomega.Equal(`MessageTemplate "acme-api-7" exists and does not belong to this account`),
	)
	long := requestAt(9, 9, "long", "x")
	long.Definition.Components = append(long.Definition.Components, template.Component{
		Type: template.Footer, Text: fmt.Sprintf("%061d", 0),
	})
	after := requestAt(10, 10, "after", "This one is fine.")
	w.asksFor(long, after)
	refused := w.eventuallyTaken("10").Refused
	w.Expect(refused.ID).To(gomega.Equal("9"))
	w.Expect(refused.Message).To(gomega.ContainSubstring("spec.footer"))
	list := &v1alpha1.MessageTemplateList{}
	w.Expect(w.client.List(t.Context(), list, client.InNamespace(w.namespace))).To(gomega.Succeed())
	names := []string{}
	for _, t := range list.Items {
		names = append(names, t.Name)
	}
	w.Expect(names).To(gomega.ConsistOf("acme-api-7", "acme-api-10"))
}

// A call that fails is made again, and what was done is not done twice.
func TestTemplateRequestsAreTakenThroughFailures(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(a *v1alpha1.BusinessAccount) {
		a.Spec.Templates = &v1alpha1.AccountTemplates{FromAPI: v1alpha1.TemplatesFromAPIReview}
	})
	w.settle()
	for k := int64(1); k <= 6; k++ {
		w.calls.failNext(int(k))
		w.asksFor(requestAt(100+k, 100+k, fmt.Sprintf("order_%d", k), "Your order is ready."))
		w.eventuallyTaken(fmt.Sprint(100 + k))
		w.Expect(w.template(fmt.Sprintf("acme-api-%d", 100+k)).Spec.Name).To(gomega.Equal(fmt.Sprintf("order_%d", k)))
	}
	w.calls.failNext(0)
	w.Expect(w.account().Status.TemplateRequests.Refused).To(gomega.BeNil())
}

// P1: what has replaced a request before the operator saw it is made, also when the call fails
// and an earlier request is done meanwhile.
func TestP1TemplateOfAReplacedRequestIsMadeThroughAFailure(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(a *v1alpha1.BusinessAccount) {
		a.Spec.Templates = &v1alpha1.AccountTemplates{FromAPI: v1alpha1.TemplatesFromAPIReview}
	})
	w.calls.failNextCall("create acme-api-1")
	w.asksFor(
		requestAt(2, 2, "earlier", "Your order is ready."),
		requestAt(3, 1, "replaced", "Your order is ready, finally."),
	)
	w.eventuallyTaken("3")
	w.Expect(w.template("acme-api-1").Spec.Name).To(gomega.Equal("replaced"))
	w.Expect(w.calls.failNextCall("")).To(gomega.BeEmpty(), "the call has failed")
}

// P1: a request is done or is told, also where the MessageTemplate was never made, is gone or goes.
func TestP1RequestAboutATemplateThatIsGoneIsNotLost(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.updateAccount(func(a *v1alpha1.BusinessAccount) {
		a.Spec.Templates = &v1alpha1.AccountTemplates{FromAPI: v1alpha1.TemplatesFromAPIReview}
	})
	long := requestAt(101, 101, "long", "x")
	long.Definition.Components = append(long.Definition.Components, template.Component{
		Type: template.Footer, Text: fmt.Sprintf("%061d", 0),
	})
	w.asksFor(long)
	w.Expect(w.eventuallyTaken("101").Refused).NotTo(gomega.BeNil())
	w.asksFor(requestAt(102, 101, "long", "In fewer words."))
	w.eventuallyTaken("102")
	made := w.template("acme-api-101")
	w.Expect(made.Spec.Body.Text).To(gomega.Equal("In fewer words."))

	// Something holds it while it goes.
	made.Finalizers = append(made.Finalizers, "example.com/hold")
	w.Expect(w.client.Update(t.Context(), made)).To(gomega.Succeed())
	gone := requestAt(103, 101, "long", "")
	gone.Definition = nil
	w.asksFor(gone)
	w.eventuallyTaken("103")
	w.asksFor(requestAt(104, 101, "long", "In other words."))
	w.Expect(w.eventuallyTaken("104").Refused.Message).To(
		gomega.Equal(`MessageTemplate "acme-api-101" is being deleted`),
	)
	w.Expect(w.template("acme-api-101").Spec.Body.Text).To(gomega.Equal("In fewer words."))
	made = w.template("acme-api-101")
	made.Finalizers = nil
	w.Expect(w.client.Update(t.Context(), made)).To(gomega.Succeed())
	w.Eventually(func() error { return w.get("acme-api-101", made) }).ShouldNot(gomega.Succeed())
	w.asksFor(requestAt(105, 101, "long", "At last."))
	w.eventuallyTaken("105")
	w.Expect(w.template("acme-api-101").Spec.Body.Text).To(gomega.Equal("At last."))
}
