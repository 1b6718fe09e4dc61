package controllers

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// metaDouble answers as Meta does, and notes what it is asked.
type metaDouble struct {
	server     *httptest.Server
	calls      []string
	subscribed bool
	override   string
	fields     string
	funding    string
	token      string
	// refuse answers a call, such as "POST /102/subscribed_apps", with a code.
	refuse map[string]int
	// down answers everything with a proxy's 502.
	down bool
}

func newMetaDouble(t *testing.T) *metaDouble {
	m := &metaDouble{
		fields: `{"name":"messages"},{"name":"user_preferences"},{"name":"message_template_status_update"},` +
			`{"name":"message_template_quality_update"},{"name":"template_category_update"}`,
		funding: `,"primary_funding_id":"5678"`, token: `"is_valid":true,"expires_at":0`, refuse: map[string]int{},
	}
	m.server = httptest.NewServer(http.HandlerFunc(m.serve))
	t.Cleanup(m.server.Close)
	return m
}

func (m *metaDouble) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/v26.0")
	call := strings.TrimSpace(r.Method + " " + path + " " + r.Header.Get("Authorization") + " " + string(body))
	m.calls = append(m.calls, strings.Replace(call, "Bearer ", "", 1))
	if m.down {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if code := m.refuse[r.Method+" "+path]; code != 0 {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(
			w, `{"error":{"message":"(#%d) no","type":"OAuthException","code":%d,"fbtrace_id":"x"}}`, code, code,
		)
		return
	}
	answer := `{"success":true}`
	switch {
	case path == "/debug_token":
		answer = `{"data":{"app_id":"77","scopes":["whatsapp_business_management","whatsapp_business_messaging"],` +
			m.token + `}}`
	case path == "/102":
		answer = `{"id":"102"` + m.funding + `}`
	case path == "/77/subscriptions":
		answer = `{"data":[{"object":"page","active":true,"fields":[{"name":"feed"}]},` +
			`{"object":"whatsapp_business_account","active":true,"fields":[` + m.fields + `]}]}`
	case r.Method == http.MethodPost && len(body) == 0:
		m.subscribed, m.override = true, ""
	case r.Method == http.MethodPost:
		m.override = strings.Split(string(body), `"`)[3]
	default:
		answer = `{"data":[` + m.apps() + `]}`
	}
	_, _ = io.WriteString(w, answer)
}

// apps are another one and, if it is subscribed, the token's.
func (m *metaDouble) apps() string {
	apps := `{"whatsapp_business_api_data":{"id":"66","name":"Other"},"override_callback_uri":"https://other.test/"}`
	if m.subscribed {
		apps += `,{"whatsapp_business_api_data":{"id":"77","name":"Acme"}`
		if m.override != "" {
			apps += `,"override_callback_uri":"` + m.override + `"`
		}
		apps += `}`
	}
	return apps
}

// P8: an account's editor chooses the upstream, and may not be one who knows the app secret.
func TestP8AppSecretGoesToTrustedUpstreamsOnly(t *testing.T) {
	d := newLookDesk(t, v1alpha1.RegistrationRegister)
	d.Options.TrustedUpstreams = []string{"https://graph.facebook.com"}
	d.ready(callback, metav1.ConditionTrue)
	calls, _ := d.pass()
	if len(calls) == 0 || slices.ContainsFunc(calls, func(call string) bool {
		return strings.Contains(call, "/subscriptions")
	}) {
		t.Errorf("got %q, want calls with the account's own token only", calls)
	}
}
