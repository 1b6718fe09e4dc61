package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

const secretToken = "EAAG-canary-token"

// upstream answers every request with one status and body, and keeps the last
// request as "METHOD path?query body".
func upstream(t *testing.T, status int, body string) (*Client, *string) {
	t.Helper()
	last := new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+secretToken {
			t.Errorf("authorization: got %q", r.Header.Get("Authorization"))
		}
		in, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*last = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), in))
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	client, err := NewClient(ClientOptions{BaseURL: server.URL + "/", Token: secretToken})
	if err != nil {
		t.Fatal(err)
	}
	return client, last
}

func TestClientErrorIsTyped(t *testing.T) {
	client, _ := upstream(
		t, 400,
		`{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,"fbtrace_id":"x"}}`,
	)
	_, err := client.Call(t.Context(), http.MethodPost, "1066/messages", nil, []byte(`{}`))
	failure, ok := AsError(err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	if failure.Code != 130429 || failure.HTTPStatus != 400 || failure.RetryAfter != 3*time.Second ||
		failure.Class() != network.Backoff {
		t.Errorf("got %+v of class %s", failure, failure.Class())
	}
}

func TestClientTemplates(t *testing.T) {
	created, last := upstream(t, 200, `{"id":"572","status":"PENDING","category":"MARKETING"}`)
	got, err := created.CreateTemplate(t.Context(), "102", template.Definition{
		Name: "a", Language: "en", Category: "UTILITY", Components: []template.Component{{Type: "BODY", Text: "hi"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(CreatedTemplate{ID: "572", Status: "PENDING", Category: "MARKETING"}, got); diff != "" {
		t.Error(diff)
	}
	const request = `POST /v26.0/102/message_templates ` +
		`{"name":"a","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"hi"}]}`
	if *last != request {
		t.Errorf("create: got %s, want %s", *last, request)
	}

	listed, last := upstream(
		t, 200,
		`{"data":[{"id":"572","name":"a","language":"en","status":"APPROVED","category":"UTILITY","correct_category":"MARKETING","quality_score":{"score":"GREEN"},"components":[{"type":"BODY","text":"hi"}]}],"paging":{"cursors":{"before":"x","after":"y"},"next":"https://ex.test"}}`,
	)
	page, err := listed.ListTemplates(t.Context(), "102", TemplateQuery{Name: "a", Limit: 1000, After: "w"})
	if err != nil {
		t.Fatal(err)
	}
	want := TemplatePage{After: "y", Templates: []UpstreamTemplate{{
		Definition: template.Definition{
			Name: "a", Language: "en", Category: "UTILITY",
			Components: []template.Component{{Type: "BODY", Text: "hi"}},
		},
		ID: "572", Status: "APPROVED", CorrectCategory: "MARKETING", QualityScore: &QualityScore{
			Score: "GREEN",
		},
	}}}
	if diff := cmp.Diff(want, page); diff != "" {
		t.Error(diff)
	}
	const query = "GET /v26.0/102/message_templates?after=w&fields=id%2Cname%2Clanguage%2Cstatus%2Ccategory" +
		"%2Ccorrect_category%2Crejected_reason%2Cquality_score%2Cparameter_format%2Ccomponents&limit=250&name=a"
	if *last != query {
		t.Errorf("list: got %s, want %s", *last, query)
	}

	lastPage, _ := upstream(t, 200, `{"data":[],"paging":{"cursors":{"after":"y"}}}`)
	if page, err := lastPage.ListTemplates(t.Context(), "102", TemplateQuery{}); err != nil || page.After != "" {
		t.Errorf("last page: got %+v, %v, want no cursor", page, err)
	}

	deleted, last := upstream(t, 200, `{"success":true}`)
	if err := deleted.DeleteTemplate(t.Context(), "102", "a", "572"); err != nil {
		t.Fatal(err)
	}
	if want := "DELETE /v26.0/102/message_templates?hsm_id=572&name=a"; *last != want {
		t.Errorf("delete: got %s, want %s", *last, want)
	}
	if err := deleted.EditTemplate(t.Context(), "572", template.Edit{
		Definition: template.Definition{Components: []template.Component{{Type: "BODY", Text: "ho"}}},
	}); err != nil {
		t.Fatal(err)
	}
	if want := `POST /v26.0/572 {"components":[{"type":"BODY","text":"ho"}]}`; *last != want {
		t.Errorf("edit: got %s, want %s", *last, want)
	}
}

func TestClientOverridesTheCallback(t *testing.T) {
	client, last := upstream(t, 200, `{"success":true}`)
	if err := client.OverrideCallback(t.Context(), "102", "https://gw.test/webhooks", "v1"); err != nil {
		t.Fatal(err)
	}
	if want := `POST /v26.0/102/subscribed_apps {"override_callback_uri":"https://gw.test/webhooks","verify_token":"v1"}`; *last != want {
		t.Errorf("override: got %s, want %s", *last, want)
	}
}

func TestClientHonoursItsContext(t *testing.T) {
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer server.Close()
	defer close(released)
	client, err := NewClient(ClientOptions{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = client.Call(ctx, http.MethodPost, "1066/messages", nil, []byte(`{}`))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestP7ClientNeverShowsItsToken(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	client, err := NewClient(ClientOptions{BaseURL: redirecting.URL, Token: secretToken})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Call(t.Context(), http.MethodPost, "1066/messages", nil, []byte(`{}`))
	failure, ok := AsError(err)
	if !ok || failure.HTTPStatus != 307 {
		t.Fatalf("got %v, want an *Error of status 307", err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s", err, Token(secretToken), Token(secretToken), Token(secretToken).LogValue())
	if strings.Contains(printed, secretToken) {
		t.Errorf("the token is shown: %s", printed)
	}
}

func TestNewClientChecksItsOptions(t *testing.T) {
	for name, options := range map[string]ClientOptions{
		"no scheme":          {BaseURL: "graph.facebook.com"},
		"other scheme":       {BaseURL: "ftp://graph.facebook.com"},
		"credentials in URL": {BaseURL: "https://user:pass@graph.facebook.com"},
		"query in URL":       {BaseURL: "https://graph.facebook.com?x=1"},
		"odd version":        {Version: "v26.0/../../x"},
	} {
		if _, err := NewClient(options); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := NewClient(ClientOptions{}); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

// Meta adds kinds of components; a page that holds one is read all the same.
func TestListTemplatesWithComponentsOfTheFuture(t *testing.T) {
	client, _ := upstream(
		t, 200,
		`{"data":[{"id":"1","name":"a","language":"en","status":"APPROVED","category":"UTILITY","components":[{"type":"BODY","text":{"blocks":[]}}]},{"id":"2","name":"b","language":"en","status":"PENDING","category":"UTILITY","components":[{"type":"BODY","text":"hi","new":1}]},{"id":"3","name":"c"}]}`,
	)
	page, err := client.ListTemplates(t.Context(), "102", TemplateQuery{})
	if err != nil {
		t.Fatal(err)
	}
	want := []UpstreamTemplate{
		{Definition: template.Definition{Name: "a", Language: "en", Category: "UTILITY", Components: []template.Component{
			{Type: "BODY", Extra: map[string]json.RawMessage{"text": json.RawMessage(`{"blocks":[]}`)}},
		}}, ID: "1", Status: "APPROVED"},
		{Definition: template.Definition{Name: "b", Language: "en", Category: "UTILITY", Components: []template.Component{
			{Type: "BODY", Text: "hi", Extra: map[string]json.RawMessage{"new": json.RawMessage("1")}},
		}}, ID: "2", Status: "PENDING"},
		{Definition: template.Definition{Name: "c"}, ID: "3"},
	}
	if diff := cmp.Diff(want, page.Templates); diff != "" {
		t.Error(diff)
	}
}

// A definition survives the way to Meta and back.
func TestUpstreamTemplateRoundTrip(t *testing.T) {
	in := `{"name":"order_ready","language":"pt_BR","category":"UTILITY","components":[{"type":"BODY","text":"Hi {{1}}.","example":{"body_text":[["Ana"]]}},{"type":"BUTTONS","buttons":[{"type":"COPY_CODE","example":["X1"]}]}],"id":"1","status":"APPROVED"}`
	var got UpstreamTemplate
	if err := json.Unmarshal([]byte(in), &got); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, string(out)); diff != "" {
		t.Error(diff)
	}
}
