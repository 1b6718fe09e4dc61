package requests

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
)

// asked is what a client of an account whose clients may ask for templates is answered while the
// store cannot be read.
func asked(t *testing.T, upstream, method string, path ...string) error {
	t.Helper()
	tenant, err := served.Parse(gatewaytest.Encoded(t, func(d *config.Document) {
		d.TemplatesFromAPI = config.TemplatesReviewed
		for i := range d.Channels {
			d.Channels[i].BaseURL = upstream
		}
	}), http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	unopened := durable.New(durable.Options{Clock: clock.New(nil)})
	room := New(unopened, telemetry.NewMetrics(), func(call func() error) error { return call() })
	return room.Answer(t.Context(), httptest.NewRecorder(), tenant, "client", &network.Request{
		Method: method, Path: path, Query: url.Values{},
	})
}

// Where clients may ask for templates, the store is read for calls about templates, and for no
// other.
func TestOnlyCallsAboutTemplatesReadTheStore(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":"990011","whatsapp_business_account":{"id":"` + gatewaytest.BusinessAccount + `"}}`))
	}))
	defer upstream.Close()
	const account = gatewaytest.BusinessAccount
	for _, path := range [][]string{
		{gatewaytest.PhoneID},
		{gatewaytest.PhoneID, "whatsapp_business_profile"},
		{account},
		{account, "flows"},
		{account, "message_template_previews"},
		{"me"},
		{"990011"},
		{"990011", "assets"},
		{"1479537139650973"},
	} {
		if err := asked(t, upstream.URL, http.MethodGet, path...); errors.Is(err, durable.ErrStarting) {
			t.Errorf("%q reads the store", path)
		}
	}
	for _, path := range [][]string{
		{account, "message_templates"}, {account, "message_templates", "4711"}, {idNow(t)},
	} {
		if err := asked(t, upstream.URL, http.MethodGet, path...); !errors.Is(err, durable.ErrStarting) {
			t.Errorf("%q got %v; want what clients have asked for", path, err)
		}
	}
}

// idNow is an id as a client's request gets one now.
func idNow(t *testing.T) string {
	t.Helper()
	id, err := newID(time.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(id, 10)
}
