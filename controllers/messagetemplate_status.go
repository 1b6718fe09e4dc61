package controllers

import (
	"context"
	"fmt"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// maxFindings is how many findings a status lists; the schema has the same.
const maxFindings = 32

// writeStatus patches the status if it changed.
func (r *MessageTemplateReconciler) writeStatus(ctx context.Context, scope *templateScope) error {
	before, after := scope.template, scope.template.DeepCopy()
	after.Status = templateStatus(scope)
	writer := statusWriter{client: r.Client, recorder: r.Recorder}
	return writer.write(
		ctx, before, after, !sameStatus(before.Status, after.Status), before.Status.Conditions, after.Status.Conditions,
	)
}

// keepSubmitted records what this pass has submitted although the object has changed meanwhile:
// nobody else knows, and the upstream's copy would pass for somebody else's, or outlive an object
// that asks for its deletion.
func (r *MessageTemplateReconciler) keepSubmitted(ctx context.Context, scope *templateScope) error {
	before, after := scope.template, scope.template.DeepCopy()
	status := templateStatus(scope)
	if status.SubmittedDigest == before.Status.SubmittedDigest {
		return nil
	}
	after.Status.UpstreamID, after.Status.SubmittedDigest = status.UpstreamID, status.SubmittedDigest
	if err := r.Client.Status().Patch(ctx, after, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("record what was submitted of MessageTemplate %q: %w", after.Name, err)
	}
	return nil
}

// templateStatus is the status that a pass has come to.
//
// Ready asks whether the template can be sent. CategoryMatches is not a part of it: a template that
// is billed otherwise than expected is sent all the same.
func templateStatus(scope *templateScope) v1alpha1.MessageTemplateStatus {
	status := *scope.template.Status.DeepCopy()
	showFindings(scope, &status)
	showUpstream(scope, &status)
	j := judgement{conditions: &status.Conditions, generation: scope.template.Generation, now: scope.now}
	j.set(v1alpha1.ConditionAccepted, acceptedTemplate(scope))
	showRequest(scope, &status)
	showReview(scope, &status, j)
	if v, news := approval(scope, &status); news {
		j.set(v1alpha1.ConditionApproved, v)
	}
	if v, news := served(scope, &status); news {
		j.set(v1alpha1.ConditionServed, v)
	}
	j.set(v1alpha1.ConditionCategoryMatches, assessCategory(scope, &status))
	j.summarise(v1alpha1.ConditionAccepted, v1alpha1.ConditionApproved, v1alpha1.ConditionServed)
	status.ObservedGeneration = scope.template.Generation
	return status
}

// served says whether every ready replica of the account's gateway serves the template as it is
// now, so that it can be sent; false if this pass has nothing new to say of it: an operator that
// has just started has not asked them yet.
func served(scope *templateScope, status *v1alpha1.MessageTemplateStatus) (v assessment, news bool) {
	if !apimeta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionApproved) {
		return unknown(v1alpha1.ReasonPending, "The template must be approved first"), true
	}
	known := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionServed)
	now := *scope.template
	now.Status = *status
	switch {
	case scope.servedForms[now.UID] == formOf(&now):
		return isTrue(v1alpha1.ReasonServed, "Every ready replica of the gateway serves the template"), true
	case scope.servedForms == nil && known != nil && known.ObservedGeneration == now.Generation:
		return assessment{}, false
	}
	return unknown(
		v1alpha1.ReasonConfigPropagating, "Not every ready replica of the gateway serves the template yet",
	), true
}

func showFindings(scope *templateScope, status *v1alpha1.MessageTemplateStatus) {
	status.Findings = nil
	for _, finding := range scope.findings[:min(len(scope.findings), maxFindings)] {
		status.Findings = append(status.Findings, v1alpha1.TemplateFinding{
			Rule:     finding.Rule,
			Severity: v1alpha1.FindingSeverity(finding.Severity),
			Message:  bounded(finding.Path+": "+finding.Message, 512),
		})
	}
}

// bounded cuts a text to n characters.
func bounded(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// showUpstream shows the upstream's copy, as this pass has found or made it.
func showUpstream(scope *templateScope, status *v1alpha1.MessageTemplateStatus) {
	if !scope.looked || scope.failure != nil && scope.upstream == nil {
		return
	}
	digest := tenant.DefinitionDigest(scope.definition)
	switch {
	case scope.created.ID != "":
		status.UpstreamID, status.UpstreamStatus, status.Quality = scope.created.ID, orPending(scope.created.Status), ""
		status.Category, status.SubmittedDigest = categoryName(scope.created.Category), digest
		return
	case scope.upstream == nil:
		if scope.step == stepMissing {
			status.UpstreamStatus = graph.TemplateDeleted
		}
		return
	}
	status.UpstreamID, status.UpstreamStatus = scope.upstream.ID, scope.upstream.Status
	status.Category, status.Quality = categoryName(scope.upstream.Category), ""
	if scope.upstream.QualityScore != nil {
		status.Quality = scope.upstream.QualityScore.Score
	}
	switch {
	case scope.step == stepAdopt:
		status.SubmittedDigest = digest
	case scope.step == stepEdit && scope.failure == nil && !scope.delayed:
		status.SubmittedDigest, status.UpstreamStatus = digest, graph.TemplatePending
	}
}

func orPending(status string) string {
	if status == "" {
		return graph.TemplatePending
	}
	return status
}

// categoryName is the upstream's category as a spec writes it: "UTILITY" is "Utility".
func categoryName(upstream string) string {
	if upstream == "" {
		return ""
	}
	lower := strings.ToLower(upstream)
	return strings.ToUpper(lower[:1]) + lower[1:]
}

func acceptedTemplate(scope *templateScope) assessment {
	switch {
	case template.HasErrors(scope.findings):
		var sentences []string
		for _, finding := range scope.findings {
			if finding.Severity == template.Error {
				sentences = append(sentences, finding.Path+": "+finding.Message)
			}
		}
		return isFalse(v1alpha1.ReasonLintFailed, strings.Join(sentences, "; "))
	case scope.account == nil:
		return isFalse(v1alpha1.ReasonAccountNotFound, fmt.Sprintf(
			"BusinessAccount %q is not there: create it in this namespace", scope.template.Spec.AccountName,
		))
	case scope.lacksPage():
		return isFalse(v1alpha1.ReasonChannelNotFound, fmt.Sprintf(
			"BusinessAccount %q has no channel of type 'Messenger' with the name %q: correct one of the two",
			scope.template.Spec.AccountName, scope.template.Spec.ChannelName,
		))
	case scope.duplicate != nil:
		return isFalse(v1alpha1.ReasonDuplicate, fmt.Sprintf(
			"MessageTemplate %q has the same name and language: delete one of the two", scope.duplicate.Name,
		))
	case scope.hold.holds():
		return scope.hold.assessment
	}
	return isTrue(v1alpha1.ReasonAccepted, "The template passed the lint")
}

// approval is what the upstream says; false if this pass has nothing new to say of it.
func approval(scope *templateScope, status *v1alpha1.MessageTemplateStatus) (v assessment, news bool) {
	switch {
	case !scope.acceptable(), !scope.submittable() && scope.template.Status.UpstreamID == "":
		return unknown(v1alpha1.ReasonPending, "The template must be accepted first"), true
	case !scope.due:
		return assessment{}, false
	case scope.access == nil && scope.template.Spec.ChannelName != "":
		return unknown(v1alpha1.ReasonAccountNotReady, fmt.Sprintf(
			"The Secret of channel %q of BusinessAccount %q holds no access token",
			scope.template.Spec.ChannelName, scope.account.Name,
		)), true
	case scope.access == nil:
		return unknown(v1alpha1.ReasonAccountNotReady, fmt.Sprintf(
			"BusinessAccount %q has no WhatsApp channel whose Secret holds an access token", scope.account.Name,
		)), true
	case !scope.looked:
		return unknown(v1alpha1.ReasonPending, "The upstream was not asked yet"), scope.edited()
	case scope.failure != nil && refusedForGood(scope.failure):
		return isFalse(v1alpha1.ReasonSubmissionFailed, "The upstream refused the template: "+strings.TrimPrefix(
			unreachable(scope.failure), "The Graph API answered: ",
		)), true
	case scope.failure != nil:
		return keepApproval(scope, unknown(v1alpha1.ReasonUpstreamUnreachable, unreachable(scope.failure)))
	case scope.delayed:
		return unknown(
			v1alpha1.ReasonSubmissionDelayed,
			"The template waits for its turn: the upstream takes 100 submissions an hour",
		), true
	}
	return assessUpstream(scope, status), true
}

// keepApproval leaves what the upstream said last about an unchanged template: that it does not
// answer now does not take it back.
func keepApproval(scope *templateScope, otherwise assessment) (v assessment, news bool) {
	if scope.template.Status.UpstreamID != "" && !scope.edited() {
		return assessment{}, false
	}
	return otherwise, true
}

func assessUpstream(scope *templateScope, status *v1alpha1.MessageTemplateStatus) assessment {
	switch scope.step {
	case stepHeld:
		return unknown(
			v1alpha1.ReasonPending, "The changed template must be accepted first; the upstream has the one before",
		)
	case stepMissing:
		return isFalse(
			v1alpha1.ReasonUpstreamMissing,
			"The upstream no longer knows the template: delete this object and create it anew to submit it again; a "+
				"deleted name stays blocked for 30 days",
		)
	case stepDiffers:
		return isFalse(v1alpha1.ReasonUpstreamChanged, fmt.Sprintf("The upstream has another template of this name "+
			"and language; it differs in %s: change the spec to match it, or delete it there",
			strings.Join(tenant.Differences(scope.definition, scope.upstream.Definition), ", ")))
	case stepWait:
		return unknown(v1alpha1.ReasonInReview, fmt.Sprintf(
			"The changed template is submitted when the upstream lets it be edited; its status there is '%s'",
			status.UpstreamStatus,
		))
	}
	switch status.UpstreamStatus {
	case graph.TemplateApproved, graph.TemplateReinstated:
		return isTrue(v1alpha1.ReasonApproved, "The upstream approved the template")
	case graph.TemplatePending, graph.TemplateInAppeal:
		return unknown(v1alpha1.ReasonInReview, "The upstream reviews the template")
	case graph.TemplateRejected:
		return isFalse(
			v1alpha1.ReasonRejected,
			"The upstream rejected the template"+rejection(scope.upstream)+": change the spec to submit it again",
		)
	case graph.TemplateStatusPaused:
		return isFalse(
			v1alpha1.ReasonUpstreamPaused,
			"The upstream paused the template for its quality: it becomes sendable again by itself, or when it is "+
				"edited",
		)
	case graph.TemplateStatusDisabled:
		return isFalse(
			v1alpha1.ReasonDisabled, "The upstream disabled the template for good: make another one under another name",
		)
	}
	return isFalse(
		v1alpha1.ReasonDisabled,
		fmt.Sprintf("The upstream does not let the template be sent: its status there is '%s'", status.UpstreamStatus),
	)
}

func rejection(upstream *graph.UpstreamTemplate) string {
	if upstream == nil || upstream.RejectedReason == "" || upstream.RejectedReason == "NONE" {
		return ""
	}
	return " (" + upstream.RejectedReason + ")"
}

// assessCategory says whether the template is billed as its spec expects, and if not, what that
// costs.
func assessCategory(scope *templateScope, status *v1alpha1.MessageTemplateStatus) assessment {
	wanted := string(scope.template.Spec.Category)
	switch status.Category {
	case "":
		return unknown(v1alpha1.ReasonPending, "The upstream has not given the template a category yet")
	case wanted:
		return isTrue(v1alpha1.ReasonCategoryMatches, "The upstream bills the template under the category of the spec")
	}
	return isFalse(v1alpha1.ReasonCategoryChanged, fmt.Sprintf(
		"The upstream bills the template as '%s', not as '%s'%s", status.Category, wanted,
		priceDifference(scope, wanted, status.Category),
	))
}

// priceDifference says what the other category costs, over the markets of the account's plan.
func priceDifference(scope *templateScope, wanted, billed string) string {
	if scope.plan == nil || scope.account == nil {
		return ""
	}
	plan, err := tenant.Plan(&scope.plan.Spec)
	if err != nil {
		return ""
	}
	zone, err := time.LoadLocation(scope.account.Spec.TimeZone)
	if err != nil {
		return ""
	}
	before, known := tenant.PriceRange(plan, wanted, scope.now, zone)
	now, alsoKnown := tenant.PriceRange(plan, billed, scope.now, zone)
	if !known || !alsoKnown {
		return ""
	}
	return fmt.Sprintf(": by PricingPlan %q a message costs %s instead of %s, by market", scope.plan.Name, now, before)
}
