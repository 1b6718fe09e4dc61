package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// What clients of pages call beside messages: the page's own is passed on with the page's token,
// anything else is refused with a sentence.
func TestCallsOfPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello", Name: "Ana Lima"})
		bearer := []string{"Authorization", "Bearer " + gatewaytest.PageKey}
		for name, tc := range map[string]struct {
			method, path, body string
			status             int
			says               string
		}{
			"me":       {http.MethodGet, "/v26.0/me", "", 200, pageID},
			"the page": {http.MethodGet, "/v26.0/" + pageID + "?fields=id,name", "", 200, pageID},
			"a person": {
				http.MethodGet, "/v26.0/" + person + "?fields=first_name,last_name", "", 200, "Ana",
			},
			"nobody": {http.MethodGet, "/v26.0/999?fields=first_name", "", 400, "GraphMethodException"},
			"fields of fields": {
				http.MethodGet, "/v26.0/" + pageID + "?fields=accounts{access_token}", "", 400, "cannot be read",
			},
			"profile": {
				http.MethodPost, "/v26.0/me/messenger_profile", `{"get_started":{"payload":"GO"}}`, 200, "success",
			},
			"a persona": {
				http.MethodPost, "/v26.0/me/personas", `{"name":"Ana","profile_picture_url":"https://a.example/p.png"}`,
				200, "id",
			},
			"subscriptions": {http.MethodGet, "/v26.0/" + pageID + "/subscribed_apps", "", 200, "data"},
			"to unsubscribe": {
				http.MethodDelete, "/v26.0/" + pageID + "/subscribed_apps", "", 403, "The operator subscribes the page",
			},
			"to make a template": {
				http.MethodPost, "/v26.0/me/message_templates", `{"name":"n"}`, 403, "write a MessageTemplate",
			},
			"another way": {
				http.MethodPost, "/v26.0/me/messenger_profile?method=delete", `{}`, 400, "are not taken",
			},
			"posts of the page":     {http.MethodPost, "/v26.0/me/feed", `{"message":"x"}`, 400, "docs/clients.md"},
			"a token of nobody's":   {http.MethodGet, "/v26.0/me?access_token=x", "", 200, pageID},
			"an object of another":  {http.MethodPost, "/v26.0/4711/messenger_profile", `{}`, 400, ""},
			"an ad account's":       {http.MethodPost, "/v26.0/act_1/message_campaign", `{}`, 400, ""},
			"a debugger of tokens":  {http.MethodGet, "/v26.0/debug_token?input_token=x", "", 0, ""},
			"several requests once": {http.MethodPost, "/v26.0/", `{"batch":[]}`, 404, "are not taken"},
		} {
			got := w.do(tc.method, tc.path, tc.body, bearer...)
			if tc.status != 0 && got.status != tc.status || !strings.Contains(got.body, tc.says) {
				t.Errorf("%s: got %d %s; want %d and %q", name, got.status, got.body, tc.status, tc.says)
			}
			if strings.Contains(got.body, "page-token-of-meta") {
				t.Errorf("%s: the answer has the page's token", name)
			}
		}
	})
}

// A file is uploaded by its address or as it is, and sent by its id.
func TestAttachmentsAreUploadedAndSentByID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		message := `{"attachment":{"type":"image","payload":{"is_reusable":true}}}`
		form := "--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n" + message + "\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nx\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"a.png\"\r\nContent-Type: " +
			"image/png\r\n\r\n" +
			"\x89PNG\r\n--b--\r\n"
		for name, request := range map[string][2]string{
			"by address": {
				"application/json",
				`{"message":{"attachment":{"type":"image","payload":{"url":"https://a.example/i.png",` +
					`"is_reusable":true}}}}`,
			},
			"as it is": {"multipart/form-data; boundary=b", form},
		} {
			got := w.do(http.MethodPost, "/v26.0/me/message_attachments", request[1],
				"Authorization", "Bearer "+gatewaytest.PageKey, "Content-Type", request[0])
			answer, err := rawjson.ParseObject([]byte(got.body))
			id := answer.Text("attachment_id")
			if err != nil || got.status != http.StatusOK || id == "" {
				t.Fatalf("%s: the upload got %d %s", name, got.status, got.body)
			}
			sent := w.sendFrom(
				pageID,
				`{"recipient":{"id":"`+person+`"},"message":{"attachment":{"type":"image",`+
					`"payload":{"attachment_id":"`+id+`"}}}}`,
			)
			if sent.status != http.StatusOK {
				t.Errorf("%s: the message got %d %s", name, sent.status, sent.body)
			}
		}
		if r := w.settled(2); r.Period.Billed != usd("0.02") {
			t.Errorf("%s is billed; want 0.02 USD for two", r.Period.Billed)
		}
	})
}

// In an account that has a page beside its phone numbers, its token reads what belongs to the
// numbers too, not only who has written to the page.
func TestObjectsOfNumbersAreReadBesideAPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t), func(d *config.Document) {
			d.Channels = slices.DeleteFunc(d.Channels, func(c config.Channel) bool {
				return c.Type == config.Instagram
			})
		})
		flow := w.do("POST", "/v26.0/"+waba+"/flows", `{"name":"booking","categories":["OTHER"]}`)
		created, err := rawjson.ParseObject([]byte(flow.body))
		if err != nil {
			t.Fatalf("the flow got %d %s", flow.status, flow.body)
		}
		for path, want := range map[string]string{
			phoneID:                           `"display_phone_number":"+1 555-078-3881"`,
			phoneID + "?fields=id":            `{"id":"` + phoneID + `"}`,
			waba + "?fields=id":               `{"id":"` + waba + `"}`,
			"1689556908129832?fields=name":    `"parcel_ready"`,
			created.Text("id"):                `"booking"`,
			gatewaytest.PageID + "?fields=id": `"` + gatewaytest.PageID + `"`,
		} {
			got := w.do("GET", "/v26.0/"+path, "")
			if got.status != http.StatusOK || !strings.Contains(got.body, want) {
				t.Errorf("%s got %d %s, want %s", path, got.status, got.body, want)
			}
		}
	})
}
