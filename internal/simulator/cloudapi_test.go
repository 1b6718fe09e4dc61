package simulator

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/cloudapitest"
	"github.com/guichet-dev/guichet/internal/graph"
)

// The simulator answers as the Cloud API does, whatever the gateway thinks.
func TestSimulatorAnswersAsTheCloudAPI(t *testing.T) {
	config := testConfig()
	config.Accounts[0].Templates = cloudapitest.Definitions()
	s, err := New(config, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(cloudapitest.Customer, Inbound{To: cloudapitest.PhoneNumberID, Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for _, c := range cloudapitest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			request, err := http.NewRequest(c.Method, server.URL+c.Path, strings.NewReader(c.Body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+token)
			request.Header.Set("Content-Type", c.ContentType)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			content, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			failure := &graph.Error{}
			if response.StatusCode >= 400 {
				failure = graph.ParseError(response.StatusCode, response.Header, content)
			}
			if response.StatusCode != c.Status || failure.Code != c.Code || !strings.Contains(
				failure.Details, c.Field,
			) {
				t.Fatalf("got %d, code %d, %q; want %d, code %d, a sentence that names %s",
					response.StatusCode, failure.Code, failure.Details, c.Status, c.Code, c.Field)
			}
		})
	}
}
