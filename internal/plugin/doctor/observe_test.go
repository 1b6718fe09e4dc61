package doctor

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// answering answers a request as a gateway does that has a verify token, or with an error.
type answering struct {
	token string
	err   error
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.err != nil {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: a.err}
	}
	query, status := r.URL.Query(), http.StatusForbidden
	if query.Get("hub.verify_token") == a.token && query.Get("hub.mode") == "subscribe" {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(query.Get("hub.challenge")))}, nil
}

func TestTheWebhookURLIsAskedAsMetaDoes(t *testing.T) {
	o := healthy()
	reach := (&Observer{Web: answering{token: "a word"}}).reach(t.Context(), o)
	if !reach.Echoed || !reach.Token || reach.URL != "https://acme.example.com/webhooks" {
		t.Errorf("got %+v", reach)
	}
	reach = (&Observer{Web: answering{token: "another"}}).reach(t.Context(), o)
	if reach.Echoed || reach.Status != http.StatusForbidden {
		t.Errorf("got %+v", reach)
	}
	o.Account.Status.Gateway.WebhookURL = "http://acme-gateway.acme.svc:8080/webhooks"
	if reach := (&Observer{Web: answering{}}).reach(t.Context(), o); reach != nil {
		t.Errorf("a URL inside the cluster was asked: %+v", reach)
	}
}

// P7: an error of the request has its URL, and that the verify token.
func TestP7TheVerifyTokenIsInNoError(t *testing.T) {
	reach := (&Observer{Web: answering{err: errors.New("no such host")}}).reach(t.Context(), healthy())
	if reach.Err == nil || reach.Err.Error() != "no such host" {
		t.Errorf("got %v", reach.Err)
	}
}
