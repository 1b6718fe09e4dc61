package controllers

import (
	"fmt"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// hold is what keeps a template that breaks no rule from being submitted. The zero value holds
// nothing.
type hold struct {
	// assessment says why, where something holds.
	assessment assessment
	// reviewed says that an approver must decide. review is the decision on the template as it is
	// now, or nil.
	reviewed bool
	review   *v1alpha1.TemplateReview
}

func (h hold) holds() bool { return h.assessment.reason != "" }

// decideHold says whether a template may be submitted, from the rules of the account's plans, the
// template's content, and an approver's decision.
func decideHold(scope *templateScope) hold {
	spec := &scope.template.Spec
	refusedBy := tenant.PromotionRefusedBy(scope.account, scope.now, scope.rules)
	marketing := spec.Category == v1alpha1.TemplateMarketing
	signs := tenant.PromotionIn(spec)
	switch {
	case spec.ChannelName != "":
		return holdForReview(scope, reviewedByNobody(refusedBy, signs))
	case tenant.RequestID(scope.account, scope.template) != "" && (refusedBy == "" || !marketing):
		return holdForReview(scope, reviewedForClient(scope.template, refusedBy, signs))
	case !marketing && signs == "":
		return hold{}
	case refusedBy == "" && !scope.priced:
		return hold{assessment: unknown(v1alpha1.ReasonAccountNotReady, fmt.Sprintf(
			"No PricingPlan prices BusinessAccount %q yet: whether it may send promotion is not known",
			scope.account.Name,
		))}
	case refusedBy == "":
		return hold{}
	case marketing:
		return hold{assessment: isFalse(v1alpha1.ReasonPromotionRefused, fmt.Sprintf(
			"%s refuses promotion, so no template of category 'Marketing' is submitted: use another category for what "+
				"is not promotional", refusedBy,
		))}
	}
	return holdForReview(scope, fmt.Sprintf("%s refuses promotion, and the template reads as it: %s", refusedBy, signs))
}

// reviewedByNobody is why every template of a page waits for an approver, with what an approver
// should look at.
func reviewedByNobody(refusedBy, signs string) string {
	because := "Meta checks templates of pages by machine only, within seconds"
	switch {
	case signs != "" && refusedBy != "":
		return fmt.Sprintf("%s; %s refuses promotion, and the template reads as it: %s", because, refusedBy, signs)
	case signs != "":
		return because + "; the template reads as promotion, which a utility message must not be: " + signs
	}
	return because
}

// reviewedForClient is why a template waits that a client has asked for through the API, with what
// an approver should look at.
func reviewedForClient(template *v1alpha1.MessageTemplate, refusedBy, signs string) string {
	because := fmt.Sprintf("%q asked for it through the API", template.Annotations[tenant.AnnotationRequestedBy])
	switch {
	case signs != "" && refusedBy != "":
		return fmt.Sprintf("%s; %s refuses promotion, and the template reads as it: %s", because, refusedBy, signs)
	case signs != "":
		return because + "; the template reads as promotion: " + signs
	}
	return because
}

// showRequest shows who has asked for a template through the API.
func showRequest(scope *templateScope, status *v1alpha1.MessageTemplateStatus) {
	if scope.account == nil {
		return
	}
	annotations := scope.template.Annotations
	at, err := time.Parse(time.RFC3339, annotations[tenant.AnnotationRequestedAt])
	if tenant.RequestID(scope.account, scope.template) == "" || err != nil ||
		annotations[tenant.AnnotationRequest] == "" || annotations[tenant.AnnotationRequestedBy] == "" {
		status.Request = nil
		return
	}
	status.Request = &v1alpha1.TemplateRequest{
		ID: annotations[tenant.AnnotationRequest], By: annotations[tenant.AnnotationRequestedBy],
		Time: metav1.NewTime(at.UTC()),
	}
}

// holdForReview holds a template until an approver approves it. because says why that is needed.
func holdForReview(scope *templateScope, because string) hold {
	review := scope.template.Status.Review
	if review == nil || review.Digest != tenant.DefinitionDigest(scope.definition) {
		return hold{reviewed: true, assessment: unknown(
			v1alpha1.ReasonAwaitingApproval, "The template waits for an approver: "+because,
		)}
	}
	if review.Decision == v1alpha1.DecisionApproved {
		return hold{reviewed: true, review: review}
	}
	return hold{reviewed: true, review: review, assessment: isFalse(
		v1alpha1.ReasonReviewRejected, reviewSentence(review)+": change the template, and it is looked at again",
	)}
}

// reviewSentence says who decided, and why.
func reviewSentence(review *v1alpha1.TemplateReview) string {
	did := "approved"
	if review.Decision == v1alpha1.DecisionRejected {
		did = "rejected"
	}
	sentence := fmt.Sprintf("%q %s the template", review.By, did)
	if review.Reason != "" {
		sentence += " (" + review.Reason + ")"
	}
	return sentence
}

// showReview shows what an approver has to decide on, and the decision.
func showReview(scope *templateScope, status *v1alpha1.MessageTemplateStatus, j judgement) {
	if !scope.hold.reviewed {
		status.ContentDigest = ""
		apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReviewed)
		return
	}
	status.ContentDigest = tenant.DefinitionDigest(scope.definition)
	switch review := scope.hold.review; {
	case review == nil:
		j.set(v1alpha1.ConditionReviewed, scope.hold.assessment)
	case review.Decision == v1alpha1.DecisionApproved:
		j.set(v1alpha1.ConditionReviewed, isTrue(v1alpha1.ReasonReviewApproved, reviewSentence(review)))
	default:
		j.set(v1alpha1.ConditionReviewed, isFalse(v1alpha1.ReasonReviewRejected, reviewSentence(review)))
	}
}
