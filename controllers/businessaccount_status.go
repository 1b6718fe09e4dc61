package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// writeStatus patches the status if it changed.
func (r *BusinessAccountReconciler) writeStatus(
	ctx context.Context, account *v1alpha1.BusinessAccount, status v1alpha1.BusinessAccountStatus,
) error {
	after := account.DeepCopy()
	after.Status = status
	writer := statusWriter{client: r.Client, recorder: r.Recorder}
	return writer.write(
		ctx, account, after, !sameStatus(account.Status, status), toldOf(&account.Status), toldOf(&status),
	)
}

// toldOf are the conditions of which an account's events tell: of each channel its own, and not
// their summary.
func toldOf(status *v1alpha1.BusinessAccountStatus) []metav1.Condition {
	told := slices.DeleteFunc(slices.Clone(status.Conditions), func(c metav1.Condition) bool {
		return isOfChannels(c.Type)
	})
	for i := range status.Channels {
		for _, condition := range status.Channels[i].Conditions {
			condition.Type = fmt.Sprintf("%s of channel %q", condition.Type, status.Channels[i].Name)
			told = append(told, condition)
		}
	}
	return told
}

// statusOf is the status that a pass has come to. What depends on something that could not be read
// stays as it was.
func statusOf(scope *accountScope) v1alpha1.BusinessAccountStatus {
	status := *scope.account.Status.DeepCopy()
	if !scope.lacks(partCluster) {
		showGateway(scope, &status)
		status.PricedRevisions = scope.pricedRevisions()
		if scope.ledgerObject != nil {
			status.LedgerID = scope.ledger.ID
		}
		status.HeldChannels = scope.held()
		status.IngressHost = scope.heldHost()
	}
	if !scope.lacks(partReports) {
		showUsage(scope, &status)
		showChannels(scope, &status)
		showQueue(scope, &status)
	}
	showPages(scope, &status)
	if scope.requests != nil {
		status.TemplateRequests = scope.requests
	}
	if scope.decision.planName != "" {
		status.PlanName = scope.decision.planName
	}
	j := judgement{conditions: &status.Conditions, generation: scope.account.Generation, now: scope.now}
	for _, c := range accountChecks() {
		c.judge(j, scope, &status)
	}
	j.summariseAs(assessWell(scope), accountSummary(scope)...)
	if scope.failure == nil || remedyOf(scope.failure) == stall {
		status.ObservedGeneration = scope.account.Generation
	}
	return status
}

// lacks tells whether one of the parts could not be read.
func (s *accountScope) lacks(needed parts) bool {
	return s.unread&needed != 0 || needed&partUpstream != 0 && s.inspection == nil
}

func showGateway(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	gateway := &v1alpha1.GatewayStatus{
		URL:                 tenant.URL(scope.account),
		WebhookURL:          tenant.WebhookURL(scope.account, scope.hostHolder != nil),
		APITokensSecretName: tenant.APITokensSecretName(scope.account),
		ConfigDigest:        scope.decision.digest,
	}
	before := status.Gateway
	switch {
	case before != nil && (gateway.ConfigDigest == "" || gateway.ConfigDigest == before.ConfigDigest):
		gateway.ConfigDigest, gateway.ConfigTime = before.ConfigDigest, before.ConfigTime
	case gateway.ConfigDigest != "":
		gateway.ConfigTime = metav1.NewTime(scope.now.UTC().Truncate(time.Second))
	}
	gateway.Replicas, _ = tenant.Replicas(scope.account)
	if deployment := scope.deployment(); deployment != nil {
		gateway.ReadyReplicas = deployment.Status.ReadyReplicas
		for _, container := range deployment.Spec.Template.Spec.Containers {
			if container.Name == kube.ContainerName {
				gateway.Image = container.Image
			}
		}
	}
	status.Gateway = gateway
}

// showUsage shows the newest figures. Their time moves only with them, or once when they have
// become stale.
func showUsage(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	known := scope.memory.report
	if known == nil || scope.ledgerRegressed() {
		return
	}
	usage := Usage(known, scope.budget(), scope.decision.currency)
	if before := status.Usage; before != nil {
		asOf := usage.AsOfTime
		usage.AsOfTime = before.AsOfTime
		if !sameStatus(before, usage) {
			usage.AsOfTime = asOf
		}
	}
	if scope.stale() && usage.AsOfTime.Time.Before(scope.memory.confirmed) {
		usage.AsOfTime = metav1.NewTime(scope.memory.confirmed.UTC().Truncate(time.Second))
	}
	status.Usage = usage
	status.History = History(known, scope.decision.currency)
}

// newTemplateEvents are the templates of which the upstream has said something since the last pass,
// and marks them as told.
func newTemplateEvents(scope *accountScope) []string {
	if scope.memory.report == nil {
		return nil
	}
	var names []string
	for _, news := range scope.memory.report.TemplateEvents {
		if !news.Time.After(scope.memory.templateEvents[news.UpstreamID]) {
			continue
		}
		scope.memory.templateEvents[news.UpstreamID] = news.Time
		for i := range scope.templates {
			if scope.templates[i].Status.UpstreamID == news.UpstreamID {
				names = append(names, scope.templates[i].Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
