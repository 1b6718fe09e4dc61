package controllers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// TestGraphUpstreamAgainstTheSimulator takes a template through its life with the calls that the
// operator makes, over HTTP.
func TestGraphUpstreamAgainstTheSimulator(t *testing.T) {
	simulated, err := simulator.New(simulator.Config{
		Accounts: []simulator.Account{{ID: "7", Tokens: []string{"right"}, Numbers: []simulator.Number{
			{ID: "71", DisplayPhoneNumber: "+1 555 0100"},
		}}},
		Review: simulator.Review{Manual: true},
	}, simulator.Options{Clock: clock.New(func() time.Time {
		return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	})})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(simulated.Handler())
	t.Cleanup(server.Close)
	upstream := controllers.NewGraphUpstream(http.DefaultTransport)
	access := controllers.UpstreamAccess{
		BaseURL: server.URL, APIVersion: "v26.0", BusinessAccountID: "7", Token: "right",
	}
	definition := tenant.Definition(&v1alpha1.MessageTemplateSpec{
		Name: "order_ready", Language: "en_US", Category: v1alpha1.TemplateUtility,
		Body: v1alpha1.TemplateBody{Text: "Hello, your order is ready and waits for you."},
	})

	if found, err := upstream.Find(t.Context(), access, "order_ready", "en_US"); found != nil || err != nil {
		t.Fatalf("got %v, %v before anything was submitted", found, err)
	}
	created, err := upstream.Create(t.Context(), access, definition)
	if err != nil || created.ID == "" || created.Status != graph.TemplatePending {
		t.Fatalf("got %+v, %v for a submission", created, err)
	}
	longer := definition
	longer.Name = "order_ready_again"
	if _, err := upstream.Create(t.Context(), access, longer); err != nil {
		t.Fatal(err)
	}
	found, err := upstream.Find(t.Context(), access, "order_ready", "en_US")
	if err != nil || found == nil || found.ID != created.ID || len(tenant.Differences(
		definition, found.Definition,
	)) != 0 {
		t.Fatalf("got %+v, %v; want the template that was submitted", found, err)
	}
	judge(t, server.URL, created.ID, `{"status":"REJECTED","reason":"INVALID_FORMAT"}`)
	found, err = upstream.Find(t.Context(), access, "order_ready", "en_US")
	if err != nil || found == nil || found.Status != graph.TemplateRejected ||
		found.RejectedReason != "INVALID_FORMAT" {
		t.Fatalf("got %+v, %v; want the rejection and its reason", found, err)
	}
	edited := template.Edit{Category: "UTILITY", Definition: template.Definition{Components: []template.Component{
		{Type: template.Body, Text: "Hello, the order that you placed is ready."},
	}}}
	if err := upstream.Edit(t.Context(), access, created.ID, edited); err != nil {
		t.Fatal(err)
	}
	found, err = upstream.Find(t.Context(), access, "order_ready", "en_US")
	if err != nil || found == nil || found.Status != graph.TemplatePending {
		t.Fatalf("got %+v, %v; want the edited template in review", found, err)
	}
	if diff := cmp.Diff([]string{"body"}, tenant.Differences(definition, found.Definition)); diff != "" {
		t.Error(diff)
	}
	if err := upstream.Delete(t.Context(), access, "order_ready", created.ID); err != nil {
		t.Fatal(err)
	}
	if found, err := upstream.Find(
		t.Context(), access, "order_ready", "en_US",
	); err != nil || found != nil && found.Status == graph.TemplatePending {
		t.Errorf("got %v, %v after the deletion", found, err)
	}
	access.Token = "wrong"
	if _, err := upstream.Find(
		t.Context(), access, "order_ready", "en_US",
	); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("got %v for a wrong token, want a refusal that does not hold it", err)
	}
}

// judge decides, as the simulator, on a template.
func judge(t *testing.T, address, id, assessment string) {
	t.Helper()
	request, err := http.NewRequestWithContext(
		t.Context(), http.MethodPut, address+"/control/templates/"+id, strings.NewReader(assessment),
	)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the simulator answered %s to an assessment", answer.Status)
	}
}
