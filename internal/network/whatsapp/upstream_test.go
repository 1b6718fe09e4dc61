package whatsapp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
)

const secretToken = "EAAG-canary-token"

// answering is the upstream of number 1066 where every request gets one answer. It keeps the last
// request as "METHOD path?query body".
func answering(t *testing.T, status int, body string) (*upstream, *string) {
	t.Helper()
	last := new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*last = strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), in))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return connected(t, server.URL), last
}

func connected(t *testing.T, baseURL string) *upstream {
	t.Helper()
	connected, err := Network{}.Connect(network.Access{
		Channel: "1066", BaseURL: baseURL, Token: secretToken, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return connected.(*upstream)
}

func TestSend(t *testing.T) {
	number, last := answering(
		t, 200,
		`{"messaging_product":"whatsapp","contacts":[{"input":"+33612345678","wa_id":"33612345678"}],"messages":[{"id":"wamid.9","message_status":"accepted"}]}`,
	)
	got, err := number.Send(t.Context(), "", []byte(`{"messaging_product":"whatsapp","future":1}`))
	if err != nil {
		t.Fatal(err)
	}
	want := network.Sent{ID: "wamid.9", Recipient: network.Known{
		Input: "33612345678", Addresses: []identity.Address{"33612345678"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := `POST /v26.0/1066/messages {"messaging_product":"whatsapp","future":1}`; *last != want {
		t.Errorf("request: got %s, want %s", *last, want)
	}
	if _, err := number.Send(t.Context(), endpointMarketing, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if want := `POST /v26.0/1066/marketing_messages {}`; *last != want {
		t.Errorf("request: got %s, want %s", *last, want)
	}
}

func TestBlock(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		want   BlockResult
	}{
		"all": {
			200, `{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"+15550001111","wa_id":"15550001111"}]}}`,
			BlockResult{Done: []BlockedUser{{"+15550001111", "15550001111"}}},
		},
		"some": {
			400, `{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"1","wa_id":"1"}],"failed_users":[{"input":"2","wa_id":"2","errors":[{"message":"Re-engagement required","code":131047}]}]},"error":{"message":"x","type":"OAuthException","code":139100}}`,
			BlockResult{Done: []BlockedUser{{"1", "1"}}, Failed: []BlockFailure{
				{BlockedUser{"2", "2"}, []byte(`[{"message":"Re-engagement required","code":131047}]`)},
			}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			number, last := answering(t, tc.status, tc.body)
			got, err := number.Block(t.Context(), []string{"+15550001111"}, true)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(blockedOf(tc.want), got); diff != "" {
				t.Error(diff)
			}
			const request = `POST /v26.0/1066/block_users ` +
				`{"messaging_product":"whatsapp","block_users":[{"user":"+15550001111"}]}`
			if *last != request {
				t.Errorf("got %s, want %s", *last, request)
			}
		})
	}
	number, _ := answering(t, 400, `{"error":{"message":"x","code":139101}}`)
	if _, err := number.Block(t.Context(), []string{"1"}, false); err == nil {
		t.Error("139101 was taken for a success")
	}
}

// The upstream may find somebody else for a number without its plus sign.
func TestBlockWritesNumbersAsTheyAreDialled(t *testing.T) {
	number, last := answering(t, 200, `{"block_users":{`+
		`"added_users":[{"input":"+447911123456","wa_id":"447911123456"},{"input":"US.123"}],`+
		`"failed_users":[{"input":"+15550001111","wa_id":"15550001111"}]}}`)
	got, err := number.Block(t.Context(), []string{"+44 (0)7911 123456", "US.123", "1 555 000 1111"}, true)
	if err != nil {
		t.Fatal(err)
	}
	const request = `POST /v26.0/1066/block_users {"messaging_product":"whatsapp",` +
		`"block_users":[{"user":"+447911123456"},{"user":"US.123"},{"user":"+15550001111"}]}`
	if *last != request {
		t.Errorf("got %s, want %s", *last, request)
	}
	// The answer names them as the client does.
	want := blockedOf(BlockResult{
		Done:   []BlockedUser{{"+44 (0)7911 123456", "447911123456"}, {"US.123", ""}},
		Failed: []BlockFailure{{BlockedUser: BlockedUser{"1 555 000 1111", "15550001111"}}},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A request that was never written is certain not to have been sent; every other
// failure leaves a doubt.
func TestP12TransportErrorTellsWhetherItMayHaveBeenSent(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	refusing.Close()
	hanging := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
	)
	defer hanging.Close()
	nonsense := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }),
	)
	defer nonsense.Close()
	tests := map[string]struct {
		url     string
		notSent bool
	}{
		"connection refused":           {refusing.URL, true},
		"connection cut, no answer":    {hanging.URL, false},
		"a success without message id": {nonsense.URL, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := connected(t, tc.url).Send(t.Context(), "", []byte(`{}`))
			var failure *network.TransportError
			if !errors.As(err, &failure) {
				t.Fatalf("got %v, want a *TransportError", err)
			}
			if failure.NotSent != tc.notSent {
				t.Errorf("not sent: got %t, want %t (%v)", failure.NotSent, tc.notSent, err)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	number, last := answering(t, 200,
		`{"id":"1066","display_phone_number":"+1 555-078-3881","verified_name":"Shop","quality_rating":"GREEN","throughput":{"level":"HIGH"},"future":1}`)
	got, err := number.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1066","display_phone_number":"+1 555-078-3881","verified_name":"Shop","quality_rating":"GREEN","throughput":{"level":"HIGH"}}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	const request = "GET /v26.0/1066?fields=id%2Cdisplay_phone_number%2Cverified_name%2Cquality_rating%2C" +
		"status%2Cthroughput"
	if *last != request {
		t.Errorf("request: got %s, want %s", *last, request)
	}
}
