package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// gatewayStandIn answers as the gateway of account acme does, and keeps the requests.
func gatewayStandIn(t *testing.T, answers map[string]string) (around Surroundings, requests *[]string) {
	t.Helper()
	requests = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Header.Get("Authorization") != "Bearer canary-api-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		*requests = append(*requests, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		answer, known := answers[r.Method+" "+r.URL.Path]
		if !known {
			t.Errorf("unexpected: %s %s", r.Method, r.URL)
		}
		if strings.Contains(answer, `"error"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	around.forward = func(namespace string, port int) (string, <-chan error, error) {
		if namespace != "acme" || port != 8080 {
			t.Errorf("port %d of namespace %q was forwarded", port, namespace)
		}
		return server.URL, nil, nil
	}
	return around, requests
}

const number106 = "/v26.0/106540352242922/"

func TestLedgerShowsTheLatestRecords(t *testing.T) {
	around, _ := gatewayStandIn(t, map[string]string{"GET " + number106 + "books": `{"as_of":"2026-11-20T12:00:00Z",
		"sequence":2,"hash":"sha256:ab","records":[
		{
			"sequence":2, "kind":"settlement", "settled_at":"2026-11-20T11:59:00Z", "market":"Brazil",
			"category":"utility", "currency":"USD", "charge":"0.0068", "hash":"sha256:ab"
		},
		{
			"sequence":1, "kind":"settlement", "settled_at":"2026-11-20T11:58:00Z", "market":"Brazil",
			"category":"service", "currency":"USD", "charge":"0", "free_reason":"serviceWindow", "hash":"sha256:cd"
		}]}`})
	got, err := runIn(t, around, "ledger", "acme", "--records", "2")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ledger", got)
}

func TestCallbacksAreListedReplayedAndDropped(t *testing.T) {
	const path = number106 + "refused_callbacks"
	around, requests := gatewayStandIn(t, map[string]string{
		"GET " + path: `{"data":[
			{
				"id":"12", "queued_at":"2026-11-20T10:00:00Z", "set_aside_at":"2026-11-20T10:17:00Z", "status":400,
				"bytes":512
			},
			{
				"id":"13", "queued_at":"2026-11-20T11:00:00Z", "set_aside_at":"2026-11-20T11:17:00Z", "status":0,
				"bytes":90
			}]}`,
		"POST " + path: `{"callbacks":1}`, "DELETE " + path: `{"callbacks":2}`,
	})
	got, err := runIn(t, around, "callbacks", "list", "acme")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "callbacks", got)
	for arguments, want := range map[string]string{
		"callbacks replay acme --since 1h": "Replayed 1 callback\n",
		"callbacks drop acme --all":        "Dropped 2 callbacks\n",
	} {
		if got, err := runIn(t, around, strings.Fields(arguments)...); err != nil || got != want {
			t.Errorf("%s: got %q, %v", arguments, got, err)
		}
	}
	asked := strings.Join(*requests, "\n")
	for _, want := range []string{"POST " + path + ` {"ids":["13"]}`, "DELETE " + path + ` {"ids":["12","13"]}`} {
		if !strings.Contains(asked, want) {
			t.Errorf("got %s\nwant %s", asked, want)
		}
	}
}

func TestSendAsksForWhatItWasTold(t *testing.T) {
	around, requests := gatewayStandIn(t, map[string]string{
		"POST " + number106 + "messages": `{"messaging_product":"whatsapp","messages":[{"id":"wamid.one"}]}`,
	})
	got, err := runIn(t, around, "send", "acme", "--to", "+5511999990000", "--template", "parcel_delivery",
		"--parameter", "Ana", "--parameter", "881, today")
	if err != nil || got != "wamid.one\n" {
		t.Errorf("got %q, %v", got, err)
	}
	_, asked, _ := strings.Cut((*requests)[0], "messages ")
	var body, want any
	const expected = `{"messaging_product":"whatsapp","to":"+5511999990000","type":"template","template":{
		"name":"parcel_delivery","language":{"code":"en_US"},"components":[{"type":"body","parameters":[
		{"type":"text","text":"Ana"},{"type":"text","text":"881, today"}]}]}}`
	if json.Unmarshal([]byte(asked), &body) != nil || json.Unmarshal([]byte(expected), &want) != nil ||
		fmt.Sprint(body) != fmt.Sprint(want) {
		t.Errorf("got %s", asked)
	}
}

func TestAWindowIsAskedForWithoutSending(t *testing.T) {
	const path = "POST " + number106 + "messages"
	around, requests := gatewayStandIn(t, map[string]string{
		path: `{"dry_run":true,"sentence":"free: the service window is ` +
			`open.","window_closes":"2026-11-21T09:00:00-03:00"}`,
	})
	got, err := runIn(t, around, "windows", "acme", "--to", "+5511999990000")
	const want = "A text may go out now, until 2026-11-21T09:00:00-03:00.\n  free: the service window is open.\n"
	if err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	if len(*requests) != 1 || !strings.Contains((*requests)[0], `"dry_run":true`) {
		t.Errorf("got %s", *requests)
	}

	around, _ = gatewayStandIn(t, map[string]string{
		path: `{"error":{"code":131047,"message":"Re-engagement message","error_data":{"details":"The customer ` +
			`never wrote."}}}`,
	})
	got, err = runIn(t, around, "windows", "acme", "--to", "+5511999990000")
	if err != nil || got != "No text may go out now.\n  The customer never wrote.\n" {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = runIn(t, around, "send", "acme", "--to", "+5511999990000", "--text", "Hello")
	if err == nil || err.Error() != "it is refused with code 131047: The customer never wrote." {
		t.Errorf("got %q, %v", got, err)
	}
}
