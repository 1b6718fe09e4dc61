package clientapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/network"
)

const (
	urlencoded = "application/x-www-form-urlencoded"
	inParts    = "multipart/form-data; boundary=b"
)

// parts is a body in parts, each of which is its header and its content.
func parts(of ...string) string {
	var body strings.Builder
	for i := 0; i < len(of); i += 2 {
		body.WriteString("--b\r\n" + of[i] + "\r\n\r\n" + of[i+1] + "\r\n")
	}
	return body.String() + "--b--\r\n"
}

// writeTo makes a call of an account's, and returns what the upstream got beyond questions.
func writeTo(t *testing.T, path, kind, body string) ([]*http.Request, error) {
	t.Helper()
	w := &wire{}
	_, _, err := Answer(t.Context(), accountOn(t, w), &network.Request{
		Method: http.MethodPost, Path: strings.Split(path, "/"), ContentType: kind, Body: []byte(body),
		Base: "http://gateway", Version: "v26.0",
	})
	var written []*http.Request
	for _, sent := range w.sent {
		if sent.Method != http.MethodGet {
			written = append(written, sent)
		}
	}
	return written, err
}

// No field reaches the upstream under a name that another parser could read otherwise, and no flow
// of another's is copied.
func TestP3AmbiguousAndForeignBodiesAreRefused(t *testing.T) {
	const profile, flows = ownNumber + "/whatsapp_business_profile", ownAccount + "/flows"
	const field = "Content-Disposition: form-data; "
	for name, tc := range map[string]struct{ path, kind, body string }{
		"no name":       {profile, inParts, parts("Content-Type: text/plain", "x")},
		"an empty name": {profile, inParts, parts(field+`name=""`, "x")},
		"an attachment": {
			profile, inParts, parts(`Content-Disposition: attachment; name="method"`, "delete"),
		},
		"two names":                      {profile, inParts, parts(field+`name="about"; name="method"`, "delete")},
		"a name in quotes":               {profile, inParts, parts(field+`name="a\"; name=\"method"`, "delete")},
		"a name of two lines":            {profile, inParts, parts(field+"name*=utf-8''a%0D%0Ab", "x")},
		"a control in pieces":            {profile, inParts, parts(field+`name*0="met"; name*1="hod"`, "delete")},
		"a control in another alphabet":  {profile, inParts, parts(field+"name*=utf-8''%6dethod", "delete")},
		"a control behind a zero":        {profile, urlencoded, "about=x&method%00=delete"},
		"a control behind a zero, parts": {profile, inParts, parts(field+"name*=utf-8''method%00", "delete")},
		"a control behind a zero, JSON":  {profile, "application/json", `{"method\u0000":"delete"}`},
		"a bracket alone":                {profile, urlencoded, "]method=delete"},
		"a part twice": {
			profile, inParts, parts(field+`name="about"`, "x", field+`name="about"`, "y"),
		},
		"a field twice":                {profile, urlencoded, "about=x&about=y"},
		"another's flow":               {flows, "application/json", `{"name":"f","clone_flow_id":"88"}`},
		"another's flow as a number":   {flows, "application/json", `{"name":"f","clone_flow_id":88}`},
		"another's flow, escaped":      {flows, "application/json", `{"name":"f","clone_flow_id":"\u00388"}`},
		"another's flow in a list":     {flows, "application/json", `{"name":"f","clone_flow_id":["88"]}`},
		"another's flow in a form":     {flows, urlencoded, "name=f&clone_flow_id=88"},
		"another's flow behind an own": {flows, urlencoded, "name=f&clone_flow_id=77&clone_flow_id=88"},
		"another's flow in parts": {
			flows, inParts, parts(field+`name="name"`, "f", field+`name="clone_flow_id"`, "88"),
		},
		"another app":             {"77", "application/json", `{"application_id":"5512"}`},
		"another app as a number": {"77", "application/json", `{"application_id":5512}`},
		"another app in a form":   {"77", urlencoded, "name=f&application_id=5512"},
		"no app":                  {"77", "application/json", `{"application_id":""}`},
		"a path for a flow":       {flows, "application/json", `{"name":"f","clone_flow_id":"77/assets"}`},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := writeTo(t, tc.path, tc.kind, tc.body)
			if err == nil || len(sent) > 0 {
				t.Errorf("got %v, and the upstream %d requests", err, len(sent))
			}
		})
	}
}

// What is passed on of a form has the names and values that were checked, and nothing else.
func TestP3FormsAreWrittenAnew(t *testing.T) {
	const profile, flows = ownNumber + "/whatsapp_business_profile", ownAccount + "/flows"
	const field = "Content-Disposition: form-data; "
	for name, tc := range map[string]struct {
		path, kind, body string
		want             map[string][]string
	}{
		"a name that only some parsers read": {
			profile, inParts, parts(field+"name=\"method\"; name*=utf-8''about", "x"),
			map[string][]string{"about": {"x"}},
		},
		"a file whose name has quotes": {
			"77/assets", inParts, parts(field+`name="file"; filename="a\"; name=\"method"`, "{}"),
			map[string][]string{"file": {"{}"}},
		},
		"a token in pieces": {
			profile, inParts, parts(field+`name*0="access_"; name*1="token"`, "x", field+`name="about"`, "x"),
			map[string][]string{"about": {"x"}},
		},
		"a list": {
			profile, urlencoded, "websites[]=a&websites[]=b", map[string][]string{"websites[]": {"a", "b"}},
		},
		"an own app": {"77", urlencoded, "application_id=" + ownApp, map[string][]string{"application_id": {ownApp}}},
		"an own flow": {
			flows, inParts, parts(field+`name="name"`, "f", field+`name="clone_flow_id"`, "77"),
			map[string][]string{"name": {"f"}, "clone_flow_id": {"77"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := writeTo(t, tc.path, tc.kind, tc.body)
			if err != nil || len(sent) != 1 {
				t.Fatalf("got %v, and the upstream %d requests", err, len(sent))
			}
			content, err := io.ReadAll(sent[0].Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, fieldsOf(t, sent[0].Header.Get("Content-Type"), content)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPartKeepsItsType(t *testing.T) {
	sent, err := writeTo(t, "77/assets", inParts, parts(
		"Content-Disposition: form-data; name=\"file\"; filename=\"flow.json\"\r\n"+
			"Content-Type: application/json; charset=utf-8\r\nX-Other: y", "{}"))
	if err != nil || len(sent) != 1 {
		t.Fatalf("got %v, and the upstream %d requests", err, len(sent))
	}
	content, err := io.ReadAll(sent[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Content-Disposition: form-data; name=\"file\"; filename=\"flow.json\"\r\n" +
		"Content-Type: application/json; charset=utf-8\r\n\r\n{}\r\n"
	if !strings.Contains(string(content), want) || strings.Contains(string(content), "X-Other") {
		t.Errorf("the upstream got %q", content)
	}
}
