//go:build release

package release

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/gateway/reporting"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
)

// rule is an alert, or a sum with a name.
type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (groups []byte, all []rule) {
	t.Helper()
	var object struct {
		Spec struct {
			Groups []struct{ Rules []rule }
		}
	}
	text := read(t, root, "config/monitoring/rules.yaml")
	if err := yaml.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	for _, group := range object.Spec.Groups {
		all = append(all, group.Rules...)
	}
	var whole map[string]any
	if err := yaml.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	groups, err := yaml.Marshal(whole["spec"])
	if err != nil {
		t.Fatal(err)
	}
	return groups, all
}

func TestAlertsFireForWhatTheySay(t *testing.T) {
	folder := t.TempDir()
	groups, _ := rules(t)
	for name, content := range map[string][]byte{
		"rules.yaml": groups, "rules_test.yaml": read(t, "rules_test.yaml"),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output(t, "promtool", "check", "rules", filepath.Join(folder, "rules.yaml"))
	output(t, "promtool", "test", "rules", filepath.Join(folder, "rules_test.yaml"))
}

func TestEachAlertHasASeverityAndARunbook(t *testing.T) {
	const pages = "https://github.com/guichet-dev/guichet/blob/main/"
	index := string(read(t, root, "docs/runbooks/README.md"))
	_, all := rules(t)
	for _, r := range all {
		if r.Alert == "" {
			continue
		}
		switch r.Labels["severity"] {
		case "critical", "warning", "info":
		default:
			t.Errorf("%s has the severity %q", r.Alert, r.Labels["severity"])
		}
		page, ours := strings.CutPrefix(r.Annotations["runbook_url"], pages)
		if !ours || !strings.Contains(string(read(t, root, page)), "# "+r.Alert+"\n") {
			t.Errorf("%s has the runbook %q", r.Alert, r.Annotations["runbook_url"])
		}
		if !strings.Contains(index, "["+r.Alert+"]("+r.Alert+".md) | "+r.Labels["severity"]+" |") {
			t.Errorf("docs/runbooks/README.md lacks %s", r.Alert)
		}
	}
}

// measured are the names of all series that there are.
func measured(t *testing.T, all []rule) map[string]bool {
	t.Helper()
	descriptions := make(chan *prometheus.Desc, 1000)
	telemetry.NewMetrics().Registry.Describe(descriptions)
	new(reporting.Reporter).Describe(descriptions)
	close(descriptions)
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	// Of the operator's, which are controller-runtime's, and of Prometheus itself: those in use.
	names := map[string]bool{
		"up": true, "workqueue_depth": true, "rest_client_requests_total": true,
		"controller_runtime_reconcile_total": true, "controller_runtime_reconcile_errors_total": true,
	}
	for description := range descriptions {
		found := name.FindStringSubmatch(description.String())[1]
		names[found] = true
		names[found+"_bucket"] = true
	}
	for _, r := range all {
		names[r.Record] = true
	}
	return names
}

func TestDashboardsAndAlertsAskForWhatIsMeasured(t *testing.T) {
	series := regexp.MustCompile(
		`\b(?:guichet[a-z_:0-9]+|controller_runtime_[a-z_]+|workqueue_[a-z_]+|rest_client_[a-z_]+)`,
	)
	_, all := rules(t)
	names := measured(t, all)
	check := func(where, expr string) {
		t.Helper()
		for _, name := range series.FindAllString(expr, -1) {
			if !names[name] && !strings.HasPrefix(name, "guichet-") {
				t.Errorf("%s asks for %s, which nobody measures", where, name)
			}
		}
	}
	for _, r := range all {
		check(r.Alert+r.Record, r.Expr)
	}
	for _, name := range []string{"fleet.json", "account.json"} {
		var board struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(read(t, root, "config/monitoring/dashboards", name), &board); err != nil {
			t.Fatal(err)
		}
		asked := 0
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				check(name+": "+panel.Title, target.Expr)
				asked++
			}
		}
		if asked < 10 {
			t.Errorf("%s asks %d questions", name, asked)
		}
	}
}
