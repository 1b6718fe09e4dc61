package controllers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/report"
)

// maxWaiting bounds the lines of status.queue.waiting; the schema has the same.
const maxWaiting = 64

// isOfChannels tells whether a condition of the account sums up one of its channels.
func isOfChannels(condition string) bool {
	return condition == v1alpha1.ConditionUpstreamAccepts || condition == v1alpha1.ConditionWebhooksArrive ||
		condition == v1alpha1.ConditionPageSubscribed
}

// showChannels says of each channel whether messages leave through it, and webhooks arrive. A
// channel that another account holds is not served, and has no condition.
func showChannels(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	before := status.Channels
	status.Channels = nil
	for i := range scope.account.Spec.Channels {
		channel := &scope.account.Spec.Channels[i]
		if scope.taken(channel.Identity()) {
			continue
		}
		shown := v1alpha1.ChannelStatus{Name: channel.Name, Conditions: conditionsOfChannel(before, channel.Name)}
		j := judgement{conditions: &shown.Conditions, generation: scope.account.Generation, now: scope.now}
		j.set(v1alpha1.ConditionUpstreamAccepts, assessChannel(scope, channel))
		j.setHeard(v1alpha1.ConditionWebhooksArrive, assessWebhooks(scope, channel), scope)
		status.Channels = append(status.Channels, shown)
	}
}

// setHeard is set for what only a report with figures tells: one that lacks them is no news yet.
func (j judgement) setHeard(conditionType string, v assessment, scope *accountScope) {
	known := apimeta.FindStatusCondition(*j.conditions, conditionType) != nil
	if v.reason == v1alpha1.ReasonReportUnavailable && known && !scope.stale() {
		return
	}
	j.set(conditionType, v)
}

func conditionsOfChannel(channels []v1alpha1.ChannelStatus, name string) []metav1.Condition {
	for i := range channels {
		if channels[i].Name == name {
			return channels[i].Conditions
		}
	}
	return nil
}

// assessChannel says whether the upstream takes a channel's messages, by what the replicas say: if
// one of them meets an obstacle, messages wait there.
func assessChannel(scope *accountScope, channel *v1alpha1.Channel) assessment {
	heard, checked, silent := false, true, false
	for _, read := range scope.reports {
		answer, known := scope.answer(read)
		if !known {
			continue
		}
		silent = silent || len(answer.Channels) == 0
		i := slices.IndexFunc(answer.Channels, func(c report.Channel) bool { return c.Name == channel.Name })
		if i < 0 {
			continue
		}
		if found := answer.Channels[i].Obstacle; found != nil {
			return assessObstacle(scope, channel, found)
		}
		heard, checked = true, checked && answer.Channels[i].Checked
	}
	switch {
	case !heard && silent:
		return unknown(
			v1alpha1.ReasonUpstreamNotReported,
			"The gateway's image does not report whether the upstream takes messages: use a newer one",
		)
	case !heard:
		return unknown(
			v1alpha1.ReasonReportUnavailable, "No replica of the gateway has said whether the upstream takes messages",
		)
	case !checked:
		return unknown(
			v1alpha1.ReasonUpstreamNotChecked, "The upstream was not asked yet whether it accepts the credentials",
		)
	}
	return isTrue(v1alpha1.ReasonUpstreamAccepts, "The upstream accepts the channel's credentials")
}

// assessObstacle says what keeps a channel's messages from leaving, and what to do.
func assessObstacle(scope *accountScope, channel *v1alpha1.Channel, found *report.Obstacle) assessment {
	if found.Cause == report.Refused {
		reason, advice := "", ""
		if isPage(channel) {
			reason, advice = pageRefusalAdvice(scope, channel, found.Code)
		}
		if reason == "" {
			reason, advice = refusalAdvice(channel, found.Code)
		}
		return isFalse(
			reason,
			fmt.Sprintf("The upstream refuses with code %d (%s): %s", found.Code, codeTitle(found.Code), advice),
		)
	}
	switch found.Cause {
	case report.Outage:
		return isFalse(v1alpha1.ReasonUpstreamFailing,
			"The upstream answers that it cannot work now: messages wait, and are tried again until it can")
	case report.NameNotResolved:
		return assessUnreachable(channel, "its host name cannot be resolved", "correct it, or the cluster's DNS")
	case report.AddressNotAllowed:
		return assessUnreachable(
			channel, "its address is inside the cluster or this network",
			"the platform must allow it with the operator's flag --allow-egress",
		)
	case report.CertificateInvalid:
		return assessUnreachable(
			channel, "the TLS handshake fails",
			"its certificate must be valid, and baseURL must say http or https as the server does",
		)
	case report.NotGraphAPI:
		return assessUnreachable(channel, "what answers is not the Graph API", "correct it")
	case report.NoAnswer:
		return assessUnreachable(
			channel, "it takes connections and does not answer", "see what stands between the gateway and it",
		)
	}
	return assessUnreachable(channel, "no connection can be made", "correct it, or let the gateway's pods reach it")
}

func assessUnreachable(channel *v1alpha1.Channel, what, advice string) assessment {
	return isFalse(v1alpha1.ReasonUpstreamUnreachable,
		fmt.Sprintf("The upstream at baseURL %q cannot be reached: %s; %s", channel.BaseURL, what, advice))
}

// refusalAdvice is the reason of a code that holds up a channel, and what to do. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func refusalAdvice(channel *v1alpha1.Channel, code int) (reason, advice string) {
	switch {
	case code == graph.CodeInvalidToken, code == graph.CodeAuthentication:
		return v1alpha1.ReasonAccessTokenRefused,
			fmt.Sprintf(
				"put a valid access token into key %q of Secret %q", v1alpha1.SecretKeyAccessToken,
				channel.CredentialsSecretName,
			)
	case code == graph.CodeInvalidParameter, code == graph.CodeUnknownPhoneNumberID:
		return v1alpha1.ReasonPhoneNumberUnknown,
			fmt.Sprintf(
				"correct phoneNumberID %q, or give the system user of the access token the right to this number",
				channel.PhoneNumberID,
			)
	case code == graph.CodePermission, code >= 200 && code <= 299:
		return v1alpha1.ReasonPermissionMissing,
			fmt.Sprintf(
				"give the access token in Secret %q the permission whatsapp_business_messaging",
				channel.CredentialsSecretName,
			)
	case code == graph.CodePayment:
		return v1alpha1.ReasonPaymentMissing,
			"add a means of payment to the WhatsApp Business account at Meta; messages that cost nothing are sent " +
				"meanwhile"
	case graph.IsAdPayment(code):
		return v1alpha1.ReasonPaymentMissing,
			"add a means of payment to the page's ad account at Meta, or raise its spending limit; messages that " +
				"cost " +
				"nothing are sent meanwhile"
	case code == graph.CodeAccountLocked, code == graph.CodePolicyBlock:
		return v1alpha1.ReasonAccountRestricted, "see the account quality page of Meta's Business Manager"
	case code == graph.CodeNotRegistered:
		return v1alpha1.ReasonPhoneNumberNotRegistered, "register the number for the Cloud API at Meta"
	}
	return v1alpha1.ReasonUpstreamRefuses, "see Meta's documentation of the code"
}

func codeTitle(code int) string {
	if info, known := graph.LookupCode(code); known {
		return info.Title
	}
	return "unknown"
}

// assessChannels says whether a condition is True of all channels, in the order of the spec.
func assessChannels(channels []v1alpha1.ChannelStatus, condition string) assessment {
	var refused, open []string
	var reason, openReason string
	for i := range channels {
		found := apimeta.FindStatusCondition(channels[i].Conditions, condition)
		if found == nil {
			continue // it was not looked at since the operator was upgraded
		}
		sentence := fmt.Sprintf("channel %q: %s", channels[i].Name, found.Message)
		switch found.Status {
		case metav1.ConditionFalse:
			refused, reason = append(refused, sentence), cmp.Or(reason, found.Reason)
		case metav1.ConditionUnknown:
			open, openReason = append(open, sentence), cmp.Or(openReason, found.Reason)
		}
	}
	switch {
	case len(refused) > 0:
		return isFalse(reason, strings.Join(refused, "; "))
	case len(open) > 0:
		return unknown(openReason, strings.Join(open, "; "))
	}
	switch condition {
	case v1alpha1.ConditionWebhooksArrive:
		return isTrue(v1alpha1.ReasonWebhooksArrive, "No status of any channel is missing")
	case v1alpha1.ConditionPageSubscribed:
		return isTrue(v1alpha1.ReasonPageSubscribed, "The app is told of what happens on every page")
	}
	return isTrue(v1alpha1.ReasonUpstreamAccepts, "The upstream accepts the credentials of every channel")
}

// showQueue shows what waits for the upstream, as the newest report says. Figures are rounded, so
// that a queue that grows does not make the status change with every message.
func showQueue(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	latest := scope.latest()
	if latest == nil {
		return
	}
	status.Queue = nil
	if len(latest.Waiting) == 0 {
		return
	}
	queue := &v1alpha1.QueueStatus{}
	var sum int64
	var oldest time.Time
	for _, w := range latest.Waiting[:min(len(latest.Waiting), maxWaiting)] {
		queue.Waiting = append(queue.Waiting, v1alpha1.WaitingMessages{
			Channel: w.Channel, Reason: string(w.Reason), Messages: rounded(w.Messages), OldestTime: minuteOf(w.Oldest),
		})
		sum += w.Messages
		if oldest.IsZero() || w.Oldest.Before(oldest) {
			oldest = w.Oldest
		}
	}
	queue.Messages, queue.OldestTime = rounded(sum), minuteOf(oldest)
	status.Queue = queue
}

// rounded is a count, rounded down to two digits.
func rounded(n int64) *int64 {
	unit := int64(1)
	for n/unit > 99 {
		unit *= 10
	}
	n -= n % unit
	return &n
}

func minuteOf(at time.Time) metav1.Time { return metav1.NewTime(at.UTC().Truncate(time.Minute)) }
