package controllers

import (
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// assessWebhooks says whether a channel's webhooks arrive. The replicas share what they have
// heard: the newest report speaks for all. A signature that any of them refuses explains a silence.
func assessWebhooks(scope *accountScope, channel *v1alpha1.Channel) assessment {
	var newest report.Report
	var said *report.Webhooks
	refused, older := false, false
	for _, read := range scope.reports {
		answer, known := scope.answer(read)
		if !known {
			continue
		}
		i := slices.IndexFunc(answer.Channels, func(c report.Channel) bool { return c.Name == channel.Name })
		if i < 0 || answer.Channels[i].Webhooks == nil {
			older = older || i >= 0 && answer.Period.Name != ""
			continue
		}
		refused = refused || answer.Channels[i].Webhooks.SignatureRefused
		if said == nil || answer.AsOf.After(newest.AsOf) {
			newest, said = answer, answer.Channels[i].Webhooks
		}
	}
	switch {
	case said == nil && older:
		return unknown(v1alpha1.ReasonWebhooksNotReported,
			"The gateway's image does not report whether webhooks arrive: use a newer one")
	case said == nil:
		return unknown(v1alpha1.ReasonReportUnavailable, "No replica of the gateway has said whether webhooks arrive")
	case said.SilentSince == nil:
		return isTrue(v1alpha1.ReasonWebhooksArrive, "No status is missing")
	}
	return assessSilence(scope, channel, refused)
}

// assessSilence says why nothing comes from a channel, as far as is known, and what to do.
func assessSilence(scope *accountScope, channel *v1alpha1.Channel, refused bool) assessment {
	const missing = "Messages were sent and nothing came back, so that nothing is billed: "
	register := fmt.Sprintf("register %s as the callback URL of the app at Meta, and subscribe its field 'messages'",
		tenant.WebhookURL(scope.account, scope.hostHolder != nil))
	if refused {
		return isFalse(v1alpha1.ReasonSignatureRefused, fmt.Sprintf(missing+
			"webhooks are refused because they are not signed with the channel's app secret: put the app's secret "+
			"into key %q of Secret %q; if they are somebody else's, %s",
			v1alpha1.SecretKeyAppSecret, channel.CredentialsSecretName, register))
	}
	return isFalse(v1alpha1.ReasonNothingArrives, missing+register)
}
