package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

// templatePage is a page of templates as clients read it.
type templatePage struct {
	Data []struct {
		ID, Name, Language, Status, Category string
		Components                           []struct{ Type, Text string }
	}
	Paging struct {
		Cursors        struct{ Before, After string }
		Next, Previous string
	}
}

func (w *world) templates(query string) (page templatePage) {
	w.t.Helper()
	got := w.do("GET", "/v26.0/"+waba+"/message_templates"+query, "")
	if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != http.StatusOK {
		w.t.Fatalf("%s got %d %s", query, got.status, got.body)
	}
	return page
}

func (p templatePage) names() (list []string) {
	for _, t := range p.Data {
		list = append(list, t.Name)
	}
	return list
}

func TestTemplatesAreListedFromTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *config.Document) {
		d.Templates = nil
		for i, name := range []string{"c", "a", "b", "e", "d"} {
			of := gatewaytest.Approved(gatewaytest.BodyTemplate(name, "UTILITY", "Hello {{1}}, it is "+name+"."))
			of.UpstreamID = "100" + string(rune('0'+i))
			d.Templates = append(d.Templates, of)
		}
		d.Templates[2].UpstreamStatus, d.Templates[3].BilledCategory = "PAUSED", "marketing"
		draft := gatewaytest.Approved(gatewaytest.BodyTemplate("draft", "UTILITY", "Hello {{1}}, it is one."))
		draft.UpstreamID = ""
		d.Templates = append(d.Templates, draft)
	})
	for query, want := range map[string][]string{
		"":               {"a", "b", "c", "d", "e"},
		"?limit=2":       {"a", "b"},
		"?status=PAUSED": {"b"},
		"?status=" + url.QueryEscape(`["APPROVED","PAUSED"]`): {"a", "b", "c", "d", "e"},
		"?category=MARKETING": {"e"},
		"?name=c":             {"c"},
		"?name_or_content=" + url.QueryEscape("it is d"): {"d"},
		"?language=fr":              nil,
		"?language=en_US&limit=500": {"a", "b", "c", "d", "e"},
		"?quality_score=GREEN":      nil,
	} {
		if got := w.templates(query).names(); !slices.Equal(got, want) {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	var all []string
	for query := "?limit=2&category=utility"; query != ""; {
		page := w.templates(query)
		all = append(all, page.names()...)
		query = strings.TrimPrefix(page.Paging.Next, w.api+"/v26.0/"+waba+"/message_templates")
	}
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(all, want) {
		t.Errorf("the pages have %q, want %q", all, want)
	}
	second := w.templates("?limit=2&after=" + w.templates("?limit=2").Paging.Cursors.After)
	first := w.templates("?limit=2&before=" + second.Paging.Cursors.Before)
	if got := first.names(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("before the second page are %q", got)
	}
	if got := w.do("GET", "/"+waba+"/message_templates?name=b&fields=name,status", ""); got.body !=
		`{"data":[{"id":"1002","name":"b","status":"PAUSED"}],"paging":{"cursors":{"after":"YgBlbl9VUw",`+
			`"before":"YgBlbl9VUw"}}}` {
		t.Errorf("some fields are %s", got.body)
	}
	for _, path := range []string{"/v26.0/1002", "/v26.0/" + waba + "/message_templates/1002"} {
		want := `{"category":"UTILITY","components":[{"type":"BODY","text":"Hello {{1}}, it is b.",` +
			`"example":{"body_text":[["Ana"]]}}],"id":"1002","language":"en_US","name":"b",` +
			`"parameter_format":"POSITIONAL","status":"PAUSED"}`
		if got := w.do("GET", path, ""); !sameJSON(t, got.body, want) {
			t.Errorf("%s got %s, want %s", path, got.body, want)
		}
	}
	for path, code := range map[string]int{
		"?after=nothing": 131059, "?limit=0": 100, "?limit=x": 100, "?fields=whatsapp_business_account": 100, "?status=[1]": 100,
	} {
		if got := w.do("GET", "/v26.0/"+waba+"/message_templates"+path, ""); got.status != 400 || got.code != code {
			t.Errorf("%s got %d %s, want 400 with %d", path, got.status, got.body, code)
		}
	}
}

func sameJSON(tb testing.TB, a, b string) bool {
	tb.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	first, err := json.Marshal(x)
	if err != nil {
		tb.Fatal(err)
	}
	second, err := json.Marshal(y)
	if err != nil {
		tb.Fatal(err)
	}
	return string(first) == string(second)
}
