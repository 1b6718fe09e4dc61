package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// analytics writes a file of Meta's counts for the days of the sample ledger.
func analytics(t *testing.T, points ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "analytics.json")
	body := `{"pricing_analytics":{"data":[{"data_points":[` + strings.Join(points, ",") + `]}]},"id":"102290129340398"}`
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The days of the sample's messages, in UTC.
const (
	november10 = `{"start":1794268800,"end":1794355200,"country":"FR","pricing_type":"REGULAR",
		"pricing_category":"UTILITY","volume":1,"cost":0.03}`
	november20 = `{"start":1795132800,"end":1795219200,"country":"FR","pricing_type":"FREE_CUSTOMER_SERVICE",
		"pricing_category":"SERVICE","volume":1,"cost":0}`
)

func TestReconcileOfWhatAgrees(t *testing.T) {
	path, counts := ledgerFile(t, sample()...), analytics(t, november10, november20)
	const want = "2 delivered messages by the ledger, 2 by the upstream\n"
	got, err := run(t, "ledger", "reconcile", "--store", path, "--pricing-analytics", counts)
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestReconcileNamesWhatDiffers(t *testing.T) {
	path := ledgerFile(t, sample()...)
	counts := analytics(
		t, strings.Replace(november10, "0.03", "0.0288", 1), strings.Replace(november20, ":1,", ":3,", 1),
	)
	const want = `FROM                  MARKET  CATEGORY  TYPE         CAUSE           MESSAGES  WHICH
2026-11-10T00:00:00Z  France  utility   regular      rate            1         m1
2026-11-20T00:00:00Z  France  service   freeService  unknownMessage  2         not known here
2026-11-10, France, utility: 1 message cost 0.03 by the ledger and 0.0288 by the upstream
2026-11-20, France, service: the ledger has no delivery of them: sent past the gateway, or no status arrived
2 delivered messages by the ledger, 4 by the upstream
`
	got, err := run(t, "ledger", "reconcile", "--store", path, "--pricing-analytics", counts)
	if err == nil || err.Error() != "the ledger and the upstream differ in 2 places" || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	got, err = run(t, "ledger", "reconcile", "--store", path, "--pricing-analytics", counts, "-o", "json")
	if err == nil || !strings.Contains(got, `"cause":"rate","count":1,"exact":true,"messages":["m1"]`) ||
		!strings.HasSuffix(got, "{\"ledger\":2,\"upstream\":4}\n") {
		t.Errorf("got %v\n%s", err, got)
	}
	got, err = run(t, "ledger", "reconcile", "--store", path, "--pricing-analytics", analytics(t, november10),
		"--channel", "1")
	if err == nil || !strings.HasSuffix(got, "0 delivered messages by the ledger, 1 by the upstream\n") {
		t.Errorf("of another channel: got %v\n%s", err, got)
	}
}

func TestReconcileRefuses(t *testing.T) {
	path := ledgerFile(t, sample()...)
	for name, tc := range map[string]struct{ body, want string }{
		"no JSON":      {"<html>", "no JSON object"},
		"no analytics": {`{"id":"1"}`, "no pricing_analytics"},
		"no counts":    {`{"data":[]}`, "no count"},
	} {
		file := filepath.Join(t.TempDir(), "analytics.json")
		if err := os.WriteFile(file, []byte(tc.body), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := run(t, "ledger", "reconcile", "--store", path, "--pricing-analytics", file)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}
