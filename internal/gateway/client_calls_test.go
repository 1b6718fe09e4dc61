package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

// probedFields are those that a probe of the gateway's own reads.
const probedFields = "id,display_phone_number,verified_name,quality_rating,status,throughput"

// spied is an upstream that keeps what it is asked, and answers every request in the same way.
func spied(t *testing.T, answer string) (w *world, asked func() []string) {
	t.Helper()
	requests := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if token := r.Header.Get("Authorization"); token != "Bearer "+accessToken {
			t.Errorf("the upstream is asked with %q", token)
		}
		if r.URL.Query().Get("fields") != probedFields {
			requests <- r.Method + " " + r.URL.RequestURI() + " " + string(body)
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(answer, "HOST", r.Host))
	}))
	t.Cleanup(server.Close)
	w = newWorld(t, func(d *config.Document) {
		for i := range d.Channels {
			d.Channels[i].BaseURL = server.URL
		}
	})
	return w, func() (list []string) {
		for {
			select {
			case request := <-requests:
				list = append(list, request)
			default:
				return list
			}
		}
	}
}

// What is passed on arrives as it was asked, and its answer comes back byte for byte.
func TestCallsArePassedOnAsTheyAre(t *testing.T) {
	t.Parallel()
	const answer = `{ "data":[{"about":"caf\u00e9","future":{"a":[1,2.50]}}] , "paging":{"cursors":{"after":"x"}}}`
	w, asked := spied(t, answer)
	const number, account = "/v26.0/" + phoneID, "/v26.0/" + waba
	tests := map[string]struct{ method, path, body, want string }{
		"a number": {"GET", number, "", "GET " + number + " "},
		"some of its fields": {
			"GET", number + "?fields=health_status,%20throughput,throughput&x=1", "",
			"GET " + number + "?fields=health_status%2Cthroughput ",
		},
		"without a version": {
			"GET", "/" + phoneID + "?fields=quality_rating", "", "GET " + number + "?fields=quality_rating ",
		},
		"of another version": {
			"GET", "/v19.0/" + phoneID + "/whatsapp_business_profile?fields=about,email", "",
			"GET " + number + "/whatsapp_business_profile?fields=about%2Cemail ",
		},
		"a profile is written": {
			"POST", number + "/whatsapp_business_profile", `{ "messaging_product":"whatsapp","about":"caf\u00e9"}`,
			"POST " + number + `/whatsapp_business_profile { "messaging_product":"whatsapp","about":"caf\u00e9"}`,
		},
		"blocked customers": {
			"GET", number + "/block_users?limit=2&after=c", "", "GET " + number + "/block_users?after=c&limit=2 ",
		},
		"a PIN": {"POST", number, `{"pin":"123456"}`, "POST " + number + ` {"pin":"123456"}`},
		"a display name": {
			"POST", number + "?new_display_name=Acme", "", "POST " + number + "?new_display_name=Acme ",
		},
		"registration": {
			"POST", number + "/register", `{"messaging_product":"whatsapp","pin":"123456"}`,
			"POST " + number + `/register {"messaging_product":"whatsapp","pin":"123456"}`,
		},
		"deregistration": {"POST", number + "/deregister", "", "POST " + number + "/deregister "},
		"a code by voice": {
			"POST", number + "/request_code?code_method=VOICE&language=en", "",
			"POST " + number + "/request_code?code_method=VOICE&language=en ",
		},
		"a QR code": {
			"POST", number + "/message_qrdls?generate_qr_image=SVG&prefilled_message=Hi", "",
			"POST " + number + "/message_qrdls?generate_qr_image=SVG&prefilled_message=Hi ",
		},
		"QR codes with a slash": {"GET", number + "/message_qrdls/", "", "GET " + number + "/message_qrdls "},
		"groups":                {"GET", number + "/groups?limit=5", "", "GET " + number + "/groups?limit=5 "},
		"a new group": {
			"POST", number + "/groups", `{"messaging_product":"whatsapp","subject":"Bikes"}`,
			"POST " + number + `/groups {"messaging_product":"whatsapp","subject":"Bikes"}`,
		},
		"one QR code": {
			"DELETE", number + "/message_qrdls/4O4YGZEG3RIVE1", "",
			"DELETE " + number + "/message_qrdls/4O4YGZEG3RIVE1 ",
		},
		"a shop": {
			"POST", number + "/whatsapp_commerce_settings?is_cart_enabled=true", "",
			"POST " + number + "/whatsapp_commerce_settings?is_cart_enabled=true ",
		},
		"automation": {
			"POST", number + "/conversational_automation", `{"enable_welcome_message":true}`,
			"POST " + number + `/conversational_automation {"enable_welcome_message":true}`,
		},
		"a business account": {
			"GET", account + "?fields=id,name,currency", "", "GET " + account + "?fields=id%2Cname%2Ccurrency ",
		},
		"its apps":  {"GET", account + "/subscribed_apps", "", "GET " + account + "/subscribed_apps "},
		"its flows": {"GET", account + "/flows", "", "GET " + account + "/flows "},
		"a new flow": {
			"POST", account + "/flows", `{"name":"f","categories":["OTHER"]}`,
			"POST " + account + `/flows {"name":"f","categories":["OTHER"]}`,
		},
		"an upload begins": {
			"POST", "/v26.0/4711/uploads?file_name=a.png&file_length=5&file_type=image/png", "",
			"POST /v26.0/app/uploads?file_length=5&file_name=a.png&file_type=image%2Fpng ",
		},
		"a token in the query": {
			"GET", number + "?access_token=" + apiKey + "&fields=status", "", "GET " + number + "?fields=status ",
		},
		"a token in the body": {
			"POST", number + "/register", `{"access_token":"` + apiKey + `","pin":"123456"}`,
			"POST " + number + `/register {"pin":"123456"}`,
		},
		"its proof is made anew": {"GET", number + "?fields=status&appsecret_proof=00", "", "GET " + number +
			"?appsecret_proof=43fa29fd56452faa17977feb19929df12b089ef4da8688880dba312772018238&fields=status "},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := w.do(tc.method, tc.path, tc.body)
			if got.status != http.StatusOK || got.body != answer {
				t.Errorf("got %d %s", got.status, got.body)
			}
			if sent := asked(); !slices.Equal(sent, []string{tc.want}) {
				t.Errorf("the upstream got %q, want %q", sent, tc.want)
			}
		})
	}
	form := w.do(
		"POST", number+"/whatsapp_business_profile", "about=x&access_token="+apiKey,
		"Content-Type", "application/x-www-form-urlencoded",
	)
	if sent := asked(); form.status != http.StatusOK || len(sent) != 1 || !strings.HasSuffix(sent[0], " about=x") {
		t.Errorf("a form got %d, and the upstream %q", form.status, sent)
	}
	if n := w.metric(`guichet_gateway_requests_total{call="business_profile_write",result="passed"}`); n != "2" {
		t.Errorf("%q written profiles are counted", n)
	}
}

// Nothing reaches the upstream that costs money, leads webhooks past the gateway, belongs to
// somebody else, or is read there as another request than it looks like.
func TestP3NothingThatCostsPassesTheGatewayUnseen(t *testing.T) {
	t.Parallel()
	w, asked := spied(t, `{"success":true}`)
	const number, account = "/v26.0/" + phoneID, "/v26.0/" + waba
	message := textTo(ana, "unmetered")
	template := gatewaytest.TemplateTo(ana, "parcel_ready")
	tests := map[string]struct {
		method, path, body string
		header             []string
	}{
		"a call": {
			method: "POST", path: number + "/calls", body: `{"to":"33612345678","action":"connect"}`,
		},
		"another edge":                     {method: "POST", path: number + "/Messages", body: message},
		"an edge of the future":            {method: "POST", path: number + "/broadcasts", body: message},
		"messages of the business account": {method: "POST", path: account + "/messages", body: message},
		"messages below an edge": {
			method: "POST", path: number + "/message_qrdls/messages/x", body: message,
		},
		"a path in the id": {method: "POST", path: "/v26.0/" + phoneID + "%2Fmessages", body: message},
		"a path in the code": {
			method: "POST", path: number + "/message_qrdls/..%2Fmessages", body: message,
		},
		"a double escape":               {method: "POST", path: number + "%252Fmessages", body: message},
		"dots":                          {method: "POST", path: number + "/x/%2e%2e/messages/x", body: message},
		"a query in the id":             {method: "POST", path: "/v26.0/" + phoneID + "%3Fx=", body: message},
		"a fragment in the edge":        {method: "GET", path: number + "/settings%23/messages"},
		"a message to a number itself":  {method: "POST", path: number, body: message},
		"a template to a number itself": {method: "POST", path: number, body: template},
		"several in one": {
			method: "POST", path: "/", body: `batch=[{"method":"POST","relative_url":"` + phoneID + `/messages"}]`,
		},
		"several in one, with a version": {method: "POST", path: "/v26.0/", body: `{"batch":[]}`},
		"several in one on an object": {
			method: "POST", path: number + "/register", body: `{"batch":[{"method":"POST","relative_url":"x"}]}`,
		},
		"several in one in the query":       {method: "GET", path: number + "?batch=[]"},
		"several objects":                   {method: "GET", path: "/v26.0/?ids=" + phoneID + ",1"},
		"several objects of one":            {method: "GET", path: number + "?ids=1,2"},
		"another method in the query":       {method: "GET", path: number + "/block_users?method=POST"},
		"another method, spelled otherwise": {method: "GET", path: number + "/block_users?Method%5B%5D=POST"},
		"another method in the body": {
			method: "POST", path: number + "/register", body: `{"method":"delete","pin":"1"}`,
		},
		"another method in a form": {
			method: "POST", path: number + "/whatsapp_business_profile", body: "about=x&method=delete",
			header: []string{"Content-Type", "application/x-www-form-urlencoded"},
		},
		"fields of other objects": {method: "GET", path: number + "?fields=messages%7Bid%7D"},
		"an edge as a field":      {method: "GET", path: account + "?fields=id,message_templates"},
		"fields behind a dot": {
			method: "GET", path: account + "?fields=conversation_analytics.start(1).end(2)",
		},
		"fields read after a write": {
			method: "POST", path: number + "/whatsapp_business_profile", body: `{"fields":"messages{id}"}`,
		},
		"the number's own webhook": {
			method: "POST", path: number,
			body: `{"webhook_configuration":{"override_callback_uri":"https://x.example"}}`,
		},
		"the account's webhook": {
			method: "POST", path: account + "/subscribed_apps",
			body: `{"override_callback_uri":"https://x.example","verify_token":"x"}`,
		},
		"no more webhooks": {method: "DELETE", path: account + "/subscribed_apps"},
		"settings of calls": {
			method: "POST", path: number + "/settings", body: `{"calling":{"status":"ENABLED"}}`,
		},
		"a new template": {
			method: "POST", path: account + "/message_templates", body: `{"name":"x"}`,
		},
		"many new templates": {method: "POST", path: account + "/upsert_message_templates", body: `{}`},
		"no template":        {method: "DELETE", path: account + "/message_templates?name=parcel_ready"},
		"another template": {
			method: "POST", path: "/v26.0/1689556908129832", body: `{"category":"UTILITY"}`,
		},
		"a number of the business account": {method: "POST", path: account + "/phone_numbers", body: `{"cc":"33"}`},
		"who pays":                         {method: "POST", path: account + "/assigned_users", body: `{}`},
		"a change of the business account": {method: "POST", path: account, body: `{"is_enabled_for_insights":true}`},
		"an app":                           {method: "GET", path: "/v26.0/app"},
		"the token's accounts":             {method: "GET", path: "/v26.0/me/accounts"},
		"another token": {
			method: "GET", path: "/v26.0/oauth/access_token?grant_type=fb_exchange_token",
		},
		"a search": {method: "GET", path: "/v26.0/search?q=x"},
		"a field twice": {
			method: "POST", path: number + "/whatsapp_business_profile", body: `{"about":"x","About":"y"}`,
		},
		"no JSON": {
			method: "POST", path: number + "/whatsapp_business_profile", body: `about`,
		},
		"a value twice":            {method: "GET", path: number + "/block_users?limit=1&limit=2"},
		"a phone number of nobody": {method: "POST", path: "/v26.0/1/register", body: `{}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := w.do(tc.method, tc.path, tc.body, tc.header...)
			if got.status < 400 || got.code == 0 || got.details == "" {
				t.Errorf("got %d %s", got.status, got.body)
			}
			if sent := asked(); len(sent) > 0 {
				t.Errorf("the upstream got %q", sent)
			}
		})
	}
	if got := w.do("GET", number, "", "Authorization", "Bearer nobody"); got.status != http.StatusUnauthorized {
		t.Errorf("without a token it got %d", got.status)
	}
}

// An id that is none of the account's is answered as Meta answers; so is what is read by its id
// only, such as a flow of another business account.
func TestForeignObjectsAreUnknown(t *testing.T) {
	t.Parallel()
	w, asked := spied(t, `{"id":"77","whatsapp_business_account":{"id":"999"},"name":"x"}`)
	for _, request := range []struct{ method, path string }{
		{"GET", "/v26.0/77"},
		{"DELETE", "/v26.0/77"},
		{"POST", "/v26.0/77"},
		{"POST", "/v26.0/77/publish"},
		{"GET", "/v26.0/77?fields=id,name"},
		{"GET", "/77/assets"},
		{"GET", "/v26.0/77/phone_numbers"},
	} {
		got := w.do(request.method, request.path, "")
		if got.status != http.StatusBadRequest || got.code != 100 ||
			!strings.Contains(got.body, `"error_subcode":33`) || !strings.Contains(got.body, `"type":"GraphMethodException"`) {
			t.Errorf("%s %s got %d %s", request.method, request.path, got.status, got.body)
		}
		for _, sent := range asked() {
			if !strings.HasPrefix(sent, "GET ") {
				t.Errorf("%s %s made the upstream get %q", request.method, request.path, sent)
			}
		}
	}
}

// The upstream's addresses of further pages hold its token: the client gets the gateway's.
func TestPagesAreTheGateways(t *testing.T) {
	t.Parallel()
	w, _ := spied(t, `{"data":[{"id":"`+phoneID+`","x":1},{"id":"777"}],"paging":{"cursors":{"after":"c"},`+
		`"next":"http:\/\/HOST\/v26.0\/`+
		waba+`\/phone_numbers?access_token=`+accessToken+`&limit=1&after=c&appsecret_proof=00"},`+
		`"token":"`+accessToken+`"}`)
	got := w.do("GET", "/v26.0/"+waba+"/phone_numbers?limit=1", "")
	want := `{"data":[{"id":"` + phoneID + `","x":1}],"paging":{"cursors":{"after":"c"},"next":"` + w.api + `/v26.0/` + waba +
		`/phone_numbers?after=c\u0026limit=1"},"token":""}`
	if strings.ReplaceAll(got.body, "&", `\u0026`) != want {
		t.Errorf("got %s, want %s", got.body, want)
	}
}

func TestGatewayAnswersWhatIsAboutItself(t *testing.T) {
	t.Parallel()
	w, asked := spied(t, `{}`)
	for path, want := range map[string]string{
		"/me": `{"id":"8a0e6f1c-62bb-4b5f-9d4b-3a1f5f9f0001","name":"Acme"}`,
		"/v26.0/debug_token?input_token=" + apiKey: `{"data":{"is_valid":true,"type":"SYSTEM_USER","expires_at":0,` +
			`"scopes":["whatsapp_business_management","whatsapp_business_messaging"]}}`,
		"/debug_token?input_token=nobody": `{"data":{"is_valid":false,"expires_at":0,"scopes":[]}}`,
	} {
		if got := w.do("GET", path, ""); got.status != http.StatusOK || got.body != want {
			t.Errorf("%s got %d %s, want %s", path, got.status, got.body, want)
		}
	}
	if got := w.do("POST", "/v26.0/"+waba+"/subscribed_apps", ""); got.body != `{"success":true}` {
		t.Errorf("a subscription got %d %s", got.status, got.body)
	}
	if sent := asked(); len(sent) > 0 {
		t.Errorf("the upstream got %q", sent)
	}
}

// A sample of a template's header goes up in several parts.
func TestUploadInSeveralParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun := w.do("POST", "/v26.0/app/uploads?file_name=a.png&file_length=10&file_type=image/png", "")
	var session struct{ ID string }
	if err := json.Unmarshal([]byte(begun.body), &session); err != nil || !strings.HasPrefix(session.ID, "upload:") {
		t.Fatalf("it began with %d %s", begun.status, begun.body)
	}
	path := "/v26.0/" + session.ID
	token := "OAuth " + apiKey
	if got := w.do("POST", path, "01234", "Authorization", token, "file_offset", "0"); got.status != http.StatusOK {
		t.Errorf("the first part got %d %s", got.status, got.body)
	}
	if got := w.do("GET", path, "", "Authorization", token); got.body != `{"file_offset":5,"id":"`+session.ID+`"}` {
		t.Errorf("it stands at %d %s", got.status, got.body)
	}
	if got := w.do("POST", "/"+session.ID, "56789", "file_offset", "5"); !strings.HasPrefix(got.body, `{"h":"4::`) {
		t.Errorf("the last part got %d %s", got.status, got.body)
	}
	for _, foreign := range []string{"/v26.0/upload:nobody", "/v26.0/upload:..%2Fx"} {
		if got := w.do("POST", foreign, "x"); got.status != http.StatusBadRequest || got.code != 100 {
			t.Errorf("%s got %d %s", foreign, got.status, got.body)
		}
	}
}

// A flow is the account's if the upstream says so, and can then be read, changed and deleted.
func TestFlowsOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do("POST", "/v26.0/"+waba+"/flows", `{"name":"booking","categories":["OTHER"]}`)
	var flow struct{ ID string }
	if err := json.Unmarshal([]byte(made.body), &flow); err != nil || flow.ID == "" {
		t.Fatalf("it was made with %d %s", made.status, made.body)
	}
	got := w.do("GET", "/v26.0/"+flow.ID, "")
	if got.status != http.StatusOK || !strings.Contains(got.body, `"booking"`) {
		t.Errorf("it is %d %s", got.status, got.body)
	}
	if got := w.do("POST", "/v26.0/"+flow.ID+"/publish", ""); got.body != `{"success":true}` {
		t.Errorf("publishing it got %d %s", got.status, got.body)
	}
	published := `{"id":"` + flow.ID + `","status":"PUBLISHED"}`
	if got := w.do("GET", "/v26.0/"+flow.ID+"?fields=id,status", ""); got.body != published {
		t.Errorf("it is %d %s", got.status, got.body)
	}
	if got := w.do("DELETE", "/v26.0/"+flow.ID, ""); got.body != `{"success":true}` {
		t.Errorf("deleting it got %d %s", got.status, got.body)
	}
	if got := w.do("GET", "/v26.0/"+flow.ID, ""); got.code != 100 {
		t.Errorf("afterwards it is %d %s", got.status, got.body)
	}
}
