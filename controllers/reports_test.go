package controllers_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/report"
)

// reportServer serves a report as a gateway does, and counts its answers by status.
type reportServer struct {
	*httptest.Server
	full, unchanged, refused atomic.Int32
	etag                     atomic.Value
}

func newReportServer(t *testing.T) *reportServer {
	t.Helper()
	s := &reportServer{}
	s.etag.Store(`"1"`)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != report.Path || r.Header.Get("Authorization") != "Bearer right":
			s.refused.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
		case r.Header.Get("If-None-Match") == s.etag.Load():
			s.unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
		default:
			s.full.Add(1)
			w.Header().Set("ETag", s.etag.Load().(string))
			_ = json.NewEncoder(w).Encode(report.Report{Replica: "acme-gateway-1", OpenWindows: 7})
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *reportServer) pod(uid, token string) controllers.ReportingPod {
	return controllers.ReportingPod{
		Account: types.NamespacedName{
			Namespace: "shops", Name: "acme",
		}, Name: "acme-gateway-1", UID: types.UID(uid), Address: s.Listener.Addr().String(),
		Access: controllers.ReportAccess{
			Version: token, ServerName: "example.com", Token: token,
			Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
		},
	}
}

func TestUnchangedReportCostsA304(t *testing.T) {
	server, reports := newReportServer(t), controllers.NewHTTPReports()
	for i := range 3 {
		got, err := reports.Read(t.Context(), server.pod("a", "right"))
		if err != nil || got.OpenWindows != 7 {
			t.Fatalf("reading %d: got %+v, %v", i, got, err)
		}
	}
	if server.full.Load() != 1 || server.unchanged.Load() != 2 {
		t.Errorf("got %d full answers and %d 304s, want 1 and 2", server.full.Load(), server.unchanged.Load())
	}
	server.etag.Store(`"2"`)
	if _, err := reports.Read(t.Context(), server.pod("a", "right")); err != nil || server.full.Load() != 2 {
		t.Errorf("a changed report was not read: %v", err)
	}
	if _, err := reports.Read(t.Context(), server.pod("b", "right")); err != nil || server.full.Load() != 3 {
		t.Errorf("another pod's report was taken for this one's: %v", err)
	}
	reports.Forget(types.NamespacedName{Namespace: "shops", Name: "acme"})
	if _, err := reports.Read(t.Context(), server.pod("b", "right")); err != nil || server.full.Load() != 4 {
		t.Errorf("a forgotten account is still known: %v", err)
	}
}

// The gateway is asked each time whether what was published is still on its chain. A 304 says that
// it is.
func TestP5ReportIsAskedForWhatWasPublished(t *testing.T) {
	const published = "sha256:1f"
	hash := published
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := report.Report{Ledger: report.Ledger{Sequence: 9, Hash: "sha256:9f"}}
		if r.URL.Query().Get(report.QueryPublishedSequence) == "5" {
			answer.Ledger.Published = &report.LedgerRecord{Sequence: 5, Hash: hash}
		}
		if r.Header.Get("If-None-Match") == `"1"` && r.URL.Query().Get(report.QueryPublishedHash) == hash {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"1"`)
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	reports, asking := controllers.NewHTTPReports(), &reportServer{Server: server}
	pod := asking.pod("a", "right")
	read := func() report.Ledger {
		t.Helper()
		got, err := reports.Read(t.Context(), pod)
		if err != nil {
			t.Fatal(err)
		}
		return got.Ledger
	}
	if got := read(); got.Published != nil {
		t.Errorf("before anything was published the answer names %+v", got.Published)
	}
	pod.Published = report.LedgerRecord{Sequence: 5, Hash: published}
	for range 2 { // a whole answer, then a 304
		if got := read(); got.Published == nil || *got.Published != pod.Published {
			t.Errorf("the answer names %+v; want what was published", got.Published)
		}
	}
	hash = "sha256:2f"
	if got := read(); got.Published == nil || got.Published.Hash != "sha256:2f" {
		t.Errorf("of another ledger the answer names %+v; want its own record", got.Published)
	}
}

func TestP7ReportIsReadOnlyFromThePinnedCertificate(t *testing.T) {
	server, reports := newReportServer(t), controllers.NewHTTPReports()
	pod := server.pod("a", "right")
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.Config.ErrorLog = log.New(io.Discard, "", 0) // it will complain that it is not trusted
	other.StartTLS()
	t.Cleanup(other.Close)
	pod.Address = other.Listener.Addr().String()
	pod.Access.ServerName = "gateway.shops.svc"
	if _, err := reports.Read(t.Context(), pod); err == nil || strings.Contains(err.Error(), "right") {
		t.Errorf("got %v, want a refusal that does not hold the token", err)
	}
	if _, err := reports.Read(
		t.Context(), server.pod("a", "wrong"),
	); err == nil || err.Error() != `read the report of pod "acme-gateway-1": the gateway answered 401 Unauthorized` {
		t.Errorf("got %v for a wrong token", err)
	}
	if server.refused.Load() != 1 {
		t.Errorf("the server refused %d readings, want 1", server.refused.Load())
	}
}
