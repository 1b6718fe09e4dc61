package whatsapp

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// fateOf says in one word what a caller knows of a send: taken, refused (with its code and class),
// unsent, or unknown.
func fateOf(err error) string {
	if err == nil {
		return "taken"
	}
	if transport, ok := errors.AsType[*network.TransportError](err); ok {
		if transport.NotSent {
			return "unsent"
		}
		return "unknown"
	}
	failure, ok := graph.AsError(err)
	switch {
	case !ok:
		return "no error of this package"
	case failure.HidesOutcome():
		return "unknown"
	}
	return "refused " + strconv.Itoa(failure.Code) + " " + string(failure.Class())
}

// What is between the gateway and the Graph API answers in its own words: Envoy with 503 after it
// has lost the connection on which it had passed the message on. Only an error object of the Graph
// API, or a refusal that comes before anything is done with a request, says that the message was
// not taken (P12).
func TestP12OnlyTheUpstreamsOwnErrorSaysThatAMessageWasNotTaken(t *testing.T) {
	const (
		taken   = `{"messaging_product":"whatsapp","contacts":[{"input":"+33612345678","wa_id":"33612345678"}],"messages":[{"id":"wamid.9"}]}`
		html    = `<html><head><title>503 Service Temporarily Unavailable</title></head></html>`
		envoy   = `upstream connect error or disconnect/reset before headers. reset reason: connection termination`
		busy    = `{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,"fbtrace_id":"A1"}}`
		broken  = `{"error":{"message":"(#131000) Something went wrong","type":"OAuthException","code":131000,"fbtrace_id":"A1"}}`
		outage  = `{"error":{"message":"Service temporarily unavailable","type":"OAuthException","is_transient":true,"code":2,"fbtrace_id":"A1"}}`
		novel   = `{"error":{"message":"(#139999) New","type":"OAuthException","code":139999,"fbtrace_id":"A1"}}`
		google  = `{"error":{"code":503,"message":"The service is currently unavailable.","status":"UNAVAILABLE"}}`
		plain   = `{"error":{"code":2,"message":"deadline exceeded"}}`
		typed   = `{"error":{"code":503,"type":"upstream_error","message":"reset before headers"}}`
		worded  = `{"error":{"code":"503","type":"Service Unavailable","message":"no healthy upstream"}}`
		method  = `{"error":{"message":"Unsupported post request","type":"GraphMethodException","code":100}}`
		traced  = `{"error":{"message":"An unknown error occurred","code":1,"fbtrace_id":"A1"}}`
		apigee  = `{"fault":{"faultstring":"Unexpected EOF at target","detail":{"errorcode":"messaging.adaptors.http.flow.UnexpectedEOFAtTarget"}}}`
		wording = `{"error":"upstream request timeout"}`
		noCode  = `{"error":{"message":"timeout","type":"OAuthException"}}`
		textual = `{"error":{"message":"timeout","type":"OAuthException","code":"gateway_timeout"}}`
	)
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"200 with an id":                    {200, taken, "taken"},
		"201 with an id":                    {201, taken, "taken"},
		"202 with an id":                    {202, taken, "taken"},
		"200 empty":                         {200, "", "unknown"},
		"200 in HTML":                       {200, html, "unknown"},
		"200 without an id":                 {200, `{"messaging_product":"whatsapp","messages":[]}`, "unknown"},
		"200 cut":                           {200, taken[:60], "unknown"},
		"200 with the upstream's own error": {200, busy, "refused 130429 Backoff"},
		"202 empty":                         {202, "", "unknown"},
		"204":                               {204, "", "unknown"},
		"301":                               {301, html, "unknown"},
		"302 empty":                         {302, "", "unknown"},
		"303 empty":                         {303, "", "unknown"},
		"307 empty":                         {307, "", "unknown"},
		"400 with the upstream's own error": {400, busy, "refused 130429 Backoff"},
		"400 in HTML":                       {400, html, "refused 1 Backoff"},
		"401 empty":                         {401, "", "refused 0 StopTenant"},
		"403 in HTML, as firewalls answer":  {403, html, "refused 1 Backoff"},
		"404 in HTML, as a wrong address answers": {404, html, "refused 1 Backoff"},
		"408 empty":                         {408, "", "unknown"},
		"408 with the upstream's own error": {408, broken, "refused 131000 Backoff"},
		"413 in HTML":                       {413, html, "refused 1 Backoff"},
		"429 in HTML":                       {429, html, "refused 1 Backoff"},
		"500 in HTML":                       {500, html, "unknown"},
		"500 with the upstream's own error": {500, broken, "refused 131000 Backoff"},
		"500 with an error of the upstream's future": {500, novel, "refused 139999 Backoff"},
		"500 with an error without a code":           {500, noCode, "unknown"},
		"500 with an error whose code is a word":     {500, textual, "unknown"},
		"501 empty":                                  {501, "", "unknown"},
		"502 in HTML":                                {502, html, "unknown"},
		"502 with an error that is a sentence":       {502, wording, "unknown"},
		"502 of another gateway's shape":             {502, apigee, "unknown"},
		"503 of Envoy":                               {503, envoy, "unknown"},
		"503 empty":                                  {503, "", "unknown"},
		"503 in HTML":                                {503, html, "unknown"},
		"503 with the upstream's own error":          {503, outage, "refused 2 Backoff"},
		"503 with the error object of another API":   {503, google, "unknown"},
		"503 with another API's error type":          {503, typed, "unknown"},
		"503 with another API's error in words":      {503, worded, "unknown"},
		"503 with a code that Meta has too":          {503, plain, "unknown"},
		"408 with a code that Meta has too":          {408, plain, "unknown"},
		"200 with a code that Meta has too":          {200, plain, "unknown"},
		"400 with a code that Meta has too":          {400, plain, "refused 2 Backoff"},
		"500 with another exception of Meta's":       {500, method, "refused 100 Never"},
		"500 with nothing but Meta's trace id":       {500, traced, "refused 1 Backoff"},
		"503 with half of the upstream's own error":  {503, outage[:50], "unknown"},
		"504 empty":                {504, "", "unknown"},
		"505 empty":                {505, "", "unknown"},
		"520 of a content network": {520, html, "unknown"},
		"599 empty":                {599, "", "unknown"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			number, _ := answering(t, tc.status, tc.body)
			_, err := number.Send(t.Context(), "", []byte(`{}`))
			if got := fateOf(err); got != tc.want {
				t.Errorf("got %q, want %q (%v)", got, tc.want, err)
			}
		})
	}
}

// A connection that ends within the exchange leaves the same doubt, wherever it ends.
func TestP12CutConnectionLeavesADoubt(t *testing.T) {
	for name, answer := range map[string]string{
		"before the answer":     "",
		"within the head":       "HTTP/1.1 200 OK\r\nContent-Ty",
		"within the body":       "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"messages\":[{\"id\":\"wamid.9\"}",
		"within a chunk":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"messages\":",
		"within an error":       "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 500\r\n\r\n{\"error\":{\"code\":2,",
		"with words of no HTTP": "SSH-2.0-OpenSSH_9.9\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				connection, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(connection, answer)
				if tcp, ok := connection.(*net.TCPConn); ok && answer == "" {
					_ = tcp.SetLinger(0) // a reset
				}
				_ = connection.Close()
			}))
			defer server.Close()
			_, err := connected(t, server.URL).Send(t.Context(), "", []byte(`{}`))
			if got := fateOf(err); got != "unknown" {
				t.Errorf("got %q, want unknown (%v)", got, err)
			}
		})
	}
}
