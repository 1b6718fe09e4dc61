package simulator

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

const ofPage = "108181820024680"

// Accounts and pages whose webhooks go to one gateway are one business; those without one are each
// their own.
func TestFeedTellsWhichAccountsAreOneBusiness(t *testing.T) {
	const gateway = "http://127.0.0.1:1/webhooks"
	config := testConfig()
	config.Accounts[0].CallbackURL = gateway
	config.Pages = []pages.Page{
		{ID: ofPage, CallbackURL: gateway},
		{ID: "17841400000000001", Object: pages.ObjectInstagram},
		{ID: "208181820024680"},
	}
	s, err := New(config, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, account := range s.Accounts() {
		got[account.ID+" "+account.Network] = account.Tenant
	}
	want := map[string]string{
		account1 + " whatsapp": account1, ofPage + " page": account1,
		"17841400000000001 instagram": "17841400000000001", "208181820024680 page": "208181820024680",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("businesses (-want +got):\n%s", diff)
	}
}

// A page's templates come with the feed, and again with each verdict.
func TestFeedTellsOfThePagesTemplates(t *testing.T) {
	config := testConfig()
	config.Review.Manual = true
	config.Pages = []pages.Page{{ID: ofPage}}
	w := newWorld(t, config, nil)
	lines := bufio.NewScanner(w.fetch("/control/feed").Body)
	lines.Buffer(nil, 1<<20)
	statuses := func(part FeedPart) string {
		for part.Accounts == nil {
			part = next(t, lines)
		}
		var told []string
		for _, account := range part.Accounts {
			if account.ID != ofPage {
				continue
			}
			for _, template := range account.Templates {
				told = append(told, template.Name+" "+template.Status+" "+template.Components[0].Text)
			}
		}
		return strings.Join(told, "; ")
	}
	if got := statuses(next(t, lines)); got != "" {
		t.Errorf("at first: %q, want no template", got)
	}
	created := w.post("/v26.0/"+ofPage+"/message_templates", `{"name":"parcel_waiting","language":"en_US",`+
		`"category":"UTILITY","components":[{"type":"BODY","text":"Your parcel waits."}]}`)
	if got, want := statuses(next(t, lines)), "parcel_waiting PENDING Your parcel waits."; got != want {
		t.Errorf("after the submission: %q, want %q", got, want)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(created, `{"category":"UTILITY","id":"`), `"`)
	w.control(http.MethodPut, "/control/templates/"+id, `{"status":"APPROVED"}`, http.StatusOK)
	if got, want := statuses(next(t, lines)), "parcel_waiting APPROVED Your parcel waits."; got != want {
		t.Errorf("after the verdict: %q, want %q", got, want)
	}
}

// post calls the Graph API with a body in JSON, as any client.
func (w *world) post(path, body string) string {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.api.URL+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer any")
	request.Header.Set("Content-Type", "application/json")
	response, err := w.api.Client().Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	answer := content(w.T, fetched{Body: response.Body})
	if response.StatusCode != http.StatusOK {
		w.Fatalf("POST %s: %d %s", path, response.StatusCode, answer)
	}
	return answer
}
