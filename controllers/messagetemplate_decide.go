package controllers

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// statusApproved is the upstream's word for a template that can be sent.
const statusApproved = graph.TemplateApproved

// step is what a pass does with the upstream's copy of a template.
type step string

const (
	// stepObserve only looks: the upstream has what was submitted.
	stepObserve step = "Observe"
	// stepCreate submits a template that the upstream does not know.
	stepCreate step = "Create"
	// stepAdopt takes over a copy that says what the spec says.
	stepAdopt step = "Adopt"
	// stepEdit submits a changed spec.
	stepEdit step = "Edit"
	// stepWait leaves a changed spec until the upstream lets its copy be edited.
	stepWait step = "Wait"
	// stepHeld leaves everything as it is: the template may not be submitted yet.
	stepHeld step = "Held"
	// stepDiffers leaves a copy alone that somebody else has made and that says something else.
	stepDiffers step = "Differs"
	// stepMissing leaves a template alone that was submitted and is no longer there: submitting it
	// again could go on for ever.
	stepMissing step = "Missing"
)

// decideStep is what to do, from what was submitted last, what is wanted now and what the upstream
// has. Submitting twice what the upstream has already is not possible, whatever was forgotten in
// between.
func decideStep(t *v1alpha1.MessageTemplate, wanted template.Definition, upstream *graph.UpstreamTemplate) step {
	submitted, digest := t.Status.SubmittedDigest, tenant.DefinitionDigest(wanted)
	switch {
	case upstream == nil && t.Status.UpstreamID == "":
		return stepCreate
	case upstream == nil:
		return stepMissing
	case submitted == digest:
		return stepObserve
	case len(tenant.Differences(wanted, upstream.Definition)) == 0 && !categoryEditable(submitted, wanted, upstream) &&
		!changedUnseen(submitted, wanted):
		return stepAdopt
	case submitted == "":
		return stepDiffers
	case editable(upstream.Status):
		return stepEdit
	}
	return stepWait
}

// categoryEditable tells whether a template that was submitted has another category than the spec
// now asks for, and the upstream would take the change: never of an approved one, whose category is
// the upstream's own decision.
func categoryEditable(submitted string, wanted template.Definition, upstream *graph.UpstreamTemplate) bool {
	return submitted != "" && upstream.Category != wanted.Category && upstream.Status != statusApproved
}

// changedUnseen tells whether a template that was submitted otherwise may have changed in what its
// copy does not show, so that it is submitted again, once.
func changedUnseen(submitted string, wanted template.Definition) bool {
	return submitted != "" && tenant.HasUnseen(wanted)
}

// editable tells whether the upstream lets a template of a status be edited. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func editable(status string) bool {
	return status == graph.TemplateApproved || status == graph.TemplateRejected || status == graph.TemplateStatusPaused
}

// edit is how the upstream's copy becomes what is wanted. The category of an approved one is the
// upstream's own decision.
func (s *templateScope) edit() template.Edit {
	edit := template.Edit{Definition: s.definition}
	if s.upstream.Status != statusApproved {
		edit.Category = s.definition.Category
	}
	return edit
}

// nextLook is the time until the upstream is asked again: soon after a submission and less and less
// often while it reviews, rarely once it has decided.
func (s *templateScope) nextLook() time.Duration {
	const soonest, latest = 2 * time.Second, time.Minute
	switch {
	case s.delayed:
		return latest
	case s.failure != nil && refusedForGood(s.failure):
		return refusedInterval
	case s.failure != nil, s.step == stepCreate, s.step == stepEdit:
		return soonest
	case s.step == stepWait:
		return latest
	case s.upstream != nil &&
		(s.upstream.Status == graph.TemplatePending || s.upstream.Status == graph.TemplateInAppeal):
		waiting := time.Duration(0)
		if approved := apimeta.FindStatusCondition(
			s.template.Status.Conditions, v1alpha1.ConditionApproved,
		); approved != nil {
			waiting = s.now.Sub(approved.LastTransitionTime.Time)
		}
		return min(max(waiting/4, soonest), latest)
	}
	return settledInterval
}
