package clientapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

const (
	ownNumber  = "106540352242922"
	ownAccount = "102290129340398"
	ownToken   = "token-of-meta"
	theirs     = "token-of-the-business"
)

// foreignFlow is the one flow that is another's, ownApp the app of the token.
const (
	foreignFlow = "88"
	ownApp      = "5511"
)

// wire is an upstream that keeps its requests, and says of every flow but one that it is the
// account's.
type wire struct{ sent []*http.Request }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body) // it is in memory
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.sent = append(w.sent, r)
	id, owner := strings.TrimPrefix(r.URL.Path, "/v26.0/"), ownAccount
	switch id {
	case foreignFlow:
		owner = "999"
	case wordApp:
		id = ownApp
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(
			`{"id":"` + id + `","whatsapp_business_account":{"id":"` + owner + `"},"t":"` + ownToken + `"}`)),
	}, nil
}

func accountOn(tb testing.TB, w *wire) *Account {
	tb.Helper()
	client, err := graph.NewClient(graph.ClientOptions{
		BaseURL: "https://graph.example", Token: ownToken, AppSecret: "secret", Transport: w,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &Account{
		Account: &network.Account{
			ID: "1", Name: "Acme", KnowsToken: func(token string) bool { return token == theirs },
			Templates: []network.AccountTemplate{
				{
					ID: "4711", Status: "APPROVED",
					Definition: template.Definition{Name: "a", Language: "en", Category: "UTILITY"},
				},
			},
		},
		Numbers: []Number{{ID: ownNumber, BusinessAccount: ownAccount, API: client}},
	}
}

// Whatever a client asks, the upstream gets only calls that a rule names, on the account's own
// objects, without anything that the Graph API would read as another call (P3).
func FuzzP3WhatIsPassedOn(f *testing.F) {
	for _, seed := range []struct{ method, path, query, kind, body string }{
		{"GET", ownNumber, "fields=status", "", ""},
		{"POST", ownNumber, "", "application/json", `{"pin":"123456"}`},
		{"POST", ownNumber + "/whatsapp_business_profile", "", "", `{"about":"x","access_token":"` + theirs + `"}`},
		{"POST", ownNumber + "/message_qrdls/AB", "prefilled_message=x&method=delete", "", ""},
		{
			"POST", ownAccount + "/flows", "", "multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n--b--\r\n",
		},
		{
			"POST", ownNumber + "/whatsapp_business_profile", "", "multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=\"method\"; name*=utf-8''about\r\n\r\ndelete\r\n--b--\r\n",
		},
		{"POST", "77/assets", "", "application/x-www-form-urlencoded", "name=flow.json&me.thod[]=x"},
		{"GET", ownAccount + "/message_templates", "limit=1&after=YQBlbg&status=[\"APPROVED\"]", "", ""},
		{"POST", "app/uploads", "file_name=a&file_length=1&file_type=image/png", "", ""},
		{"POST", "", "", "", "batch=[]"},
		{"GET", "debug_token", "input_token=x", "", ""},
		{"POST", ownNumber + "/messages", "", "", `{"to":"1"}`},
		{"POST", ownNumber + "/calls", "", "", `{}`},
		{"DELETE", "77", "", "", ""},
		{"POST", ownAccount + "/subscribed_apps", "override_callback_uri=x", "", ""},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.kind, seed.body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, kind, body string) {
		w := &wire{}
		values, _ := url.ParseQuery(query) // what cannot be read is left out, as a server does
		_, answer, err := Answer(context.Background(), accountOn(t, w), &network.Request{
			Method: method, Path: strings.Split(path, "/"), Query: values, ContentType: kind, Body: []byte(body),
			Base: "http://gateway", Version: "v26.0",
		})
		if err == nil && bytes.Contains(answer.Body, []byte(ownToken)) {
			t.Errorf("the answer holds the token: %s", answer.Body)
		}
		for _, sent := range w.sent {
			checkSent(t, sent)
		}
	})
}

// checkSent checks a request that the upstream has got.
func checkSent(t *testing.T, r *http.Request) {
	t.Helper()
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/v26.0/"), "/")
	if len(parts) > maxParts {
		t.Errorf("the path %s has too many parts", r.URL)
	}
	for _, p := range parts {
		if !part.MatchString(p) {
			t.Errorf("the path is %s", r.URL)
		}
	}
	if len(parts) > 1 {
		switch parts[1] {
		case "messages", "marketing_messages", "calls", "message_templates", "upsert_message_templates",
			"phone_numbers":
			if r.Method != http.MethodGet || parts[1] != "phone_numbers" {
				t.Errorf("%s %s was passed on", r.Method, r.URL)
			}
		case "subscribed_apps", "settings":
			if r.Method != http.MethodGet {
				t.Errorf("%s %s was passed on", r.Method, r.URL)
			}
		}
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name := range r.URL.Query() {
		if checkName(name) != nil || parameter.IsCredential(name) && name != parameter.Proof {
			t.Errorf("the query has %s", name)
		}
	}
	if strings.Contains(r.URL.Query().Get("fields"), "{") {
		t.Errorf("the fields are %s", r.URL.Query().Get("fields"))
	}
	for name := range fieldsOf(t, r.Header.Get("Content-Type"), content) {
		if checkName(name) != nil || parameter.IsCredential(name) {
			t.Errorf("the form has %s", name)
		}
	}
	if r.Header.Get("Authorization") != "Bearer "+ownToken {
		t.Errorf("the token is %q", r.Header.Get("Authorization"))
	}
}

// plainPart is how a part of a form must begin, so that all parsers read the same name.
var plainPart = regexp.MustCompile(`^form-data; name="([A-Za-z0-9_\[\]]+)"(; filename="[^"\\[:cntrl:]]*")?$`)

// fieldsOf are the fields of a form; none of a body of another kind.
func fieldsOf(t *testing.T, kind string, content []byte) map[string][]string {
	t.Helper()
	kind, parameters, _ := mime.ParseMediaType(kind)
	switch kind {
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(content))
		if err != nil {
			t.Errorf("the form is %q", content)
		}
		return values
	case "multipart/form-data":
		fields := map[string][]string{}
		for parts := multipart.NewReader(bytes.NewReader(content), parameters["boundary"]); ; {
			part, err := parts.NextRawPart()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("the form is %q: %v", content, err)
				}
				return fields
			}
			header := part.Header.Values("Content-Disposition")
			if len(header) != 1 || !plainPart.MatchString(header[0]) {
				t.Fatalf("a part begins with %q", header)
			}
			value, err := io.ReadAll(part)
			if err != nil {
				t.Error(err)
			}
			name := plainPart.FindStringSubmatch(header[0])[1]
			fields[name] = append(fields[name], string(value))
		}
	}
	return nil
}

// Every rule can be reached: none is hidden by one before it, and each has a name for the metric.
func TestEveryRuleIsTheOnlyOneForItsCall(t *testing.T) {
	type key struct {
		on         object
		word, edge string
		item       bool
		method     string
	}
	seen := map[key]string{}
	for on := onNothing; on <= onWord; on++ {
		for _, r := range rulesOf(on) {
			k := key{on: on, word: r.word, edge: r.edge, item: r.item, method: r.method}
			if r.name == "" || r.do == nil {
				t.Errorf("the rule %+v does nothing", k)
			}
			if other, again := seen[k]; again {
				t.Errorf("%s and %s are for the same call", other, r.name)
			}
			seen[k] = r.name
		}
	}
}

// A path that begins with a word of a rule is also served without a version.
func TestEveryWordIsServedWithoutAVersion(t *testing.T) {
	for _, r := range wordRules() {
		var got string
		next := http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) { got = request.URL.Path })
		request := httptest.NewRequest(http.MethodGet, "/"+r.word+"/x", http.NoBody)
		graph.WithVersion(next).ServeHTTP(httptest.NewRecorder(), request)
		if want := "/unversioned/" + r.word + "/x"; got != want {
			t.Errorf("/%s/x is served as %s, want %s", r.word, got, want)
		}
	}
}

func TestNamesAreReadAsTheGraphAPIReadsThem(t *testing.T) {
	for name, refused := range map[string]bool{
		"method": true, "METHOD": true, "\tmethod": true, "method[]": true, "batch[0]": true, "include.headers": true,
		"ids": true, "methods": false, "about": false, "override_callback_uri": true,
	} {
		if got := checkName(name) != nil; got != refused {
			t.Errorf("%q is refused: %t, want %t", name, got, refused)
		}
	}
	for name, credential := range map[string]bool{
		"access_token": true, "access.token": true, "access token[x]": true, "appsecret_proof": true, "token": false,
	} {
		if got := parameter.IsCredential(name); got != credential {
			t.Errorf("%q is a credential: %t, want %t", name, got, credential)
		}
	}
}
