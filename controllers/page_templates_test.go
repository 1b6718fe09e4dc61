package controllers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/internal/tenant"
)

const pageChannel = `{spec: {channels: [
  {name: main, phoneNumberID: "106540352242922", credentialsSecretName: acme-credentials},
  {name: page, type: Messenger, pageID: "108181820024680", credentialsSecretName: acme-credentials},
]}}`

// Nobody at Meta reads a page's template: the platform's approver does.
func TestATemplateOfAPageWaitsForAnApprover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.createPlan()
	w.createCredentials()
	create := func(manifest, patch string) {
		w.Expect(w.client.Create(t.Context(), manifestOf(t, manifest, patch, w.namespace))).To(gomega.Succeed())
	}
	create(fmt.Sprintf(accountManifest, w.planName()), pageChannel)
	create(templateManifest, `{spec: {channelName: page}}`)
	const waits = "Unknown AwaitingApproval: The template waits for an approver: Meta checks templates of pages by " +
		"machine only, within seconds"
	w.Eventually(func() string { return w.templateCondition("order", "Accepted") }).Should(
		gomega.Equal("Accepted=" + waits))
	w.Expect(w.upstream.requests()).To(gomega.BeEmpty(), "nothing is submitted before")

	digest := w.digest("order")
	w.Expect(w.review(
		w.client, "order", `{"decision": "Rejected", "by": "jane", "digest": "`+digest+`", "reason": "not a service"}`,
	)).To(gomega.Succeed())
	w.Eventually(func() string { return w.templateCondition("order", "Reviewed") }).Should(
		gomega.Equal(`Reviewed=False ReviewRejected: "jane" rejected the template (not a service)`))
	w.Expect(w.review(
		w.client, "order", `{"decision": "Approved", "by": "jane", "digest": "`+digest+`"}`,
	)).To(gomega.Succeed())
	w.eventuallyTemplate("order", "Approved", "Approved=Unknown InReview: The upstream reviews the template")
	w.Expect(w.upstream.requests()).To(gomega.Equal([]string{"create order_ready in 108181820024680"}))

	create(templateManifest, `{metadata: {name: other}, spec: {channelName: elsewhere}}`)
	w.Eventually(func() string { return w.templateCondition("other", "Accepted") }).Should(gomega.Equal(
		`Accepted=False ChannelNotFound: BusinessAccount "acme" has no channel of type 'Messenger' with the name ` +
			`"elsewhere": correct one of the two`))
}

// TestGraphUpstreamForAPage takes a template of a page through the calls that the operator makes.
func TestGraphUpstreamForAPage(t *testing.T) {
	simulated, err := simulator.New(simulator.Config{
		Pages:  []pages.Page{{ID: "108", Tokens: []string{"right"}}},
		Review: simulator.Review{Manual: true},
	}, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(simulated.Handler())
	t.Cleanup(server.Close)
	upstream := controllers.NewGraphUpstream(http.DefaultTransport)
	access := controllers.UpstreamAccess{
		BaseURL: server.URL, APIVersion: "v26.0", BusinessAccountID: "108", Page: true, Token: "right",
	}
	definition := tenant.Definition(&v1alpha1.MessageTemplateSpec{
		ChannelName: "page", Name: "order_ready", Language: "en_US", Category: v1alpha1.TemplateUtility,
		Body: v1alpha1.TemplateBody{
			Text: "Hello {{1}}, your order is ready.", Examples: []v1alpha1.TemplateExample{{Value: "Ana"}},
		},
		Buttons: []v1alpha1.TemplateButton{
			{Type: v1alpha1.ButtonQuickReply, Text: "Thanks"}, {
				Type: v1alpha1.ButtonURL, Text: "Track", URL: "https://x.example",
			},
		},
	})
	created, err := upstream.Create(t.Context(), access, definition)
	if err != nil || created.ID == "" || created.Status != graph.TemplatePending {
		t.Fatalf("got %+v, %v for a submission", created, err)
	}
	judge(t, server.URL, created.ID, `{"status":"APPROVED"}`)
	found, err := upstream.Find(t.Context(), access, "order_ready", "en_US")
	if err != nil || found == nil || found.ID != created.ID || found.Status != graph.TemplateApproved {
		t.Fatalf("got %+v, %v; want the template that was submitted", found, err)
	}
	if diff := cmp.Diff([]string(nil), tenant.Differences(definition, found.Definition)); diff != "" {
		t.Error(diff)
	}
	if err := upstream.Delete(t.Context(), access, "order_ready", created.ID); err != nil {
		t.Fatal(err)
	}
	if found, err := upstream.Find(t.Context(), access, "order_ready", "en_US"); found != nil || err != nil {
		t.Errorf("got %+v, %v after the deletion", found, err)
	}
}
