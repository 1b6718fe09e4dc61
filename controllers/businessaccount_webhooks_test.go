package controllers

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

func TestSilenceOfAChannelBecomesACondition(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	since := noon.Add(-time.Hour)
	says := func(second int, said *report.Webhooks) report.Report {
		return report.Report{
			AsOf: noon.Add(time.Duration(second) * time.Second), Period: report.Period{Name: "2026-11"},
			Channels: []report.Channel{{Name: "main", Checked: true, Webhooks: said}},
		}
	}
	arrive, silent := &report.Webhooks{}, &report.Webhooks{SilentSince: &since}
	refused := &report.Webhooks{SilentSince: &since, SignatureRefused: true}
	const register = "register http://acme-gateway.acme.svc:8080/webhooks as the callback URL of the app at Meta, " +
		"and subscribe its field 'messages'"
	nothing := assessment{
		"False", "NothingArrives", "Messages were sent and nothing came back, so that nothing is billed: " + register,
	}
	signature := assessment{
		"False", "SignatureRefused", "Messages were sent and nothing came back, so that nothing is billed: webhooks " +
			"are refused because they are not signed with the channel's app secret: put the app's secret into key " +
			`"appSecret" of Secret "acme-whatsapp"; if they are somebody else's, ` + register,
	}
	well := assessment{"True", "WebhooksArrive", "No status is missing"}
	noFigures := says(0, nil)
	noFigures.Period = report.Period{}
	for name, tc := range map[string]struct {
		reports []report.Report
		want    assessment
	}{
		"no replica": {nil, assessment{
			"Unknown", "ReportUnavailable", "No replica of the gateway has said whether webhooks arrive",
		}},
		"no figures": {[]report.Report{noFigures}, assessment{
			"Unknown", "ReportUnavailable", "No replica of the gateway has said whether webhooks arrive",
		}},
		"an older release": {[]report.Report{says(0, nil)}, assessment{
			"Unknown", "WebhooksNotReported",
			"The gateway's image does not report whether webhooks arrive: use a newer one",
		}},
		"nothing is missing":               {[]report.Report{says(0, arrive)}, well},
		"nothing comes":                    {[]report.Report{says(0, silent)}, nothing},
		"a signature is refused":           {[]report.Report{says(0, refused)}, signature},
		"another replica refuses it":       {[]report.Report{says(0, refused), says(1, silent)}, signature},
		"the newest replica has heard":     {[]report.Report{says(1, arrive), says(0, refused)}, well},
		"the newest replica misses it":     {[]report.Report{says(0, arrive), says(1, silent)}, nothing},
		"a replica of an older release":    {[]report.Report{says(0, silent), says(1, nil)}, nothing},
		"a replica whose store is away":    {[]report.Report{noFigures, says(0, silent)}, nothing},
		"a replica without an own channel": {[]report.Report{{AsOf: noon.Add(time.Hour)}, says(0, silent)}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			scope := scopeOf(tc.reports...)
			if got := assessWebhooks(scope, &scope.account.Spec.Channels[0]); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
			status := v1alpha1.BusinessAccountStatus{}
			showChannels(scope, &status)
			got := assessChannels(status.Channels, v1alpha1.ConditionWebhooksArrive)
			if got.status != tc.want.status {
				t.Errorf("the account: got %v, want it to be %s", got, tc.want.status)
			}
		})
	}
}
