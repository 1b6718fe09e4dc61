package gateway

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/simulator"
)

// withoutHeader makes a request without the header that holds the token.
func (w *world) withoutHeader(method, path, kind, body string) answer {
	w.t.Helper()
	return w.do(method, path, body, "Authorization", "", "Content-Type", kind)
}

// parts is a form in parts, with its type.
func parts(t *testing.T, fields ...string) (kind, body string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), out.String()
}

// The token may stand in the body alone, as the Graph API takes it. It goes no further, and is in
// no log (P7). Source: https://developers.facebook.com/docs/graph-api/guides/secure-requests
func TestP7ATokenMayStandInTheBodyAlone(t *testing.T) {
	t.Parallel()
	const (
		asJSON = "application/json"
		asForm = "application/x-www-form-urlencoded"
		member = `"access_token":"` + apiKey + `"`
	)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		form := url.Values{
			"messaging_product": {"whatsapp"}, "to": {ana}, "text": {`{"body":"hi"}`}, "access_token": {apiKey},
		}
		partsKind, inParts := parts(t,
			"access_token", apiKey, "messaging_product", "whatsapp", "to", ana, "text", `{"body":"hi"}`)
		tests := map[string]struct{ method, path, kind, body string }{
			"message in JSON": {
				http.MethodPost, phoneID + "/messages", asJSON,
				strings.Replace(textTo(ana, "hi"), "{", `{`+member+`,`, 1),
			},
			"message without a type": {
				http.MethodPost, phoneID + "/messages", "",
				strings.Replace(textTo(ana, "hi"), "{", `{`+member+`,`, 1),
			},
			"message in a form": {http.MethodPost, phoneID + "/messages", asForm, form.Encode()},
			"message in parts":  {http.MethodPost, phoneID + "/messages", partsKind, inParts},
			"people in JSON": {
				http.MethodDelete, phoneID + "/block_users", asJSON,
				`{"messaging_product":"whatsapp","block_users":[{"user":"` + ana + `"}],` + member + `}`,
			},
			"people in a form": {
				http.MethodDelete, phoneID + "/block_users", asForm,
				url.Values{"block_users": {`[{"user":"` + ana + `"}]`}, "access_token": {apiKey}}.Encode(),
			},
			"profile in JSON": {
				http.MethodPost, phoneID + "/whatsapp_business_profile", asJSON,
				`{"messaging_product":"whatsapp","about":"a",` + member + `}`,
			},
			"profile in a form": {
				http.MethodPost, phoneID + "/whatsapp_business_profile", asForm,
				url.Values{"messaging_product": {"whatsapp"}, "about": {"b"}, "access_token": {apiKey}}.Encode(),
			},
			"an object's change": {
				http.MethodPost, phoneID, asJSON,
				`{"messaging_product":"whatsapp","pin":"123456",` + member + `}`,
			},
		}
		for name, tc := range tests {
			got := w.withoutHeader(tc.method, "/v26.0/"+tc.path, tc.kind, tc.body)
			if got.status != http.StatusOK {
				t.Errorf("%s: got %d %s", name, got.status, got.body)
			}
			wrong := strings.NewReplacer(apiKey, "another", url.QueryEscape(apiKey), "another").Replace(tc.body)
			if got := w.withoutHeader(tc.method, "/v26.0/"+tc.path, tc.kind, wrong); got.code != 190 {
				t.Errorf("%s with another token: got %d %s, want code 190", name, got.status, got.body)
			}
		}
		if logs := w.logs.String(); strings.Contains(logs, apiKey) {
			t.Error("the token is in the logs")
		}
		for _, m := range w.sim.Messages(simulator.MessageFilter{}) {
			if bytes.Contains(m.Body, []byte(apiKey)) {
				t.Error("the token went to the upstream")
			}
		}
	})
}

// A token in a part before the file lets an upload in, and the file arrives whole.
func TestATokenMayStandBeforeAFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		content := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // 1 MiB
		upload := func(token string) answer {
			var out bytes.Buffer
			form := multipart.NewWriter(&out)
			for name, value := range map[string]string{
				"access_token": token, "messaging_product": "whatsapp", "type": "application/pdf",
			} {
				if err := form.WriteField(name, value); err != nil {
					t.Fatal(err)
				}
			}
			file, err := form.CreateFormFile("file", "bill.pdf")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.Write(content); err != nil {
				t.Fatal(err)
			}
			if err := form.Close(); err != nil {
				t.Fatal(err)
			}
			return w.withoutHeader(http.MethodPost, "/"+phoneID+"/media/", form.FormDataContentType(), out.String())
		}
		if got := upload("another"); got.code != 190 {
			t.Errorf("with another token: got %d %s, want code 190", got.status, got.body)
		}
		got := upload(apiKey)
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(got.body), `{"id":"`), `"}`)
		about := w.do(http.MethodGet, "/v26.0/"+id+"/", "")
		if !strings.Contains(about.body, `"file_size":1048576`) {
			t.Errorf("the file is %s, want 1,048,576 bytes", about.body)
		}
	})
}

// A path is the same however it is joined, for the calls that the gateway owns as for the others.
func TestOwnedCallsAreServedHoweverTheirPathIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		encoded := "%" + strings.ToUpper(hexOf(phoneID[0])) + phoneID[1:]
		users := `{"messaging_product":"whatsapp","block_users":[{"user":"` + ana + `"}]}`
		for _, call := range []struct{ method, edge, body string }{
			{http.MethodPost, "/messages", textTo(ana, "hi")},
			{http.MethodPost, "/marketing_messages", templateTo(ana, "summer_sale")},
			{http.MethodPost, "/block_users", users},
			{http.MethodDelete, "/block_users", users},
			{http.MethodPost, "/consents", `{"consents":[{"user":"` + ana + `","state":"granted"}]}`},
			{http.MethodGet, "/books", ""},
			{http.MethodGet, "/refused_callbacks", ""},
			{http.MethodGet, "", ""},
			{http.MethodGet, "/whatsapp_business_profile", ""},
		} {
			want := w.do(call.method, "/v26.0/"+phoneID+call.edge, call.body).status
			if want != http.StatusOK {
				t.Fatalf("%s %s: got %d", call.method, call.edge, want)
			}
			for _, path := range []string{
				"/v26.0/" + phoneID + call.edge + "/", "/v26.0//" + phoneID + call.edge,
				"/" + phoneID + call.edge, "/" + phoneID + call.edge + "/", "//" + phoneID + call.edge + "//",
				"/v26.0/" + encoded + call.edge, "/" + encoded + call.edge + "/", "/v19.0/" + phoneID + call.edge + "?",
			} {
				if got := w.do(call.method, path, call.body); got.status != want {
					t.Errorf("%s %s: got %d %s, want %d", call.method, path, got.status, got.body, want)
				}
			}
		}
	})
}

func hexOf(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}
