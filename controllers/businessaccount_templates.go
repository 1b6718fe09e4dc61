package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// maxRequestedTemplates is how many MessageTemplates are made for an account's clients: as many as
// an unverified business may have at the upstream.
const maxRequestedTemplates = 250

// reasonTemplateRequestRefused is the reason of the event that says that what a client asked for
// could not be done.
const reasonTemplateRequestRefused = "TemplateRequestRefused"

// takeTemplateRequests makes MessageTemplates of what clients have asked for, in the order in which
// they did. What cannot be done for what it says is passed over and told; a call that fails is made
// again in the next pass, and changes nothing then if it had succeeded.
func (r *BusinessAccountReconciler) takeTemplateRequests(ctx context.Context, scope *accountScope) error {
	latest := scope.latest()
	if latest == nil || !tenant.TakesTemplateRequests(scope.account) || !scope.account.DeletionTimestamp.IsZero() {
		return nil
	}
	before := scope.account.Status.TemplateRequests
	for i := range latest.TemplateRequests {
		request := &latest.TemplateRequests[i]
		if request.ID <= max(tenant.TakenRequest(before), tenant.TakenRequest(scope.requests)) {
			continue
		}
		refusal, err := r.takeTemplateRequest(ctx, scope, request)
		if err != nil {
			return err
		}
		taken := &v1alpha1.TemplateRequestsStatus{LastID: strconv.FormatInt(request.ID, 10)}
		switch {
		case refusal != "":
			taken.Refused = r.refuseTemplateRequest(scope, request, refusal)
		case scope.requests != nil:
			taken.Refused = scope.requests.Refused
		case before != nil:
			taken.Refused = before.Refused
		}
		scope.requests = taken
	}
	return nil
}

// refuseTemplateRequest tells of a request that could not be done.
func (r *BusinessAccountReconciler) refuseTemplateRequest(
	scope *accountScope, request *report.TemplateRequest, refusal string,
) *v1alpha1.RefusedTemplateRequest {
	refusal = truncated(refusal)
	r.Recorder.Eventf(scope.account, nil, corev1.EventTypeWarning, reasonTemplateRequestRefused, "TakeTemplateRequest",
		"Template %q in %q, which %q asked for, was not made: %s", request.Name, request.Language, request.By, refusal)
	return &v1alpha1.RefusedTemplateRequest{
		ID: strconv.FormatInt(request.ID, 10), Name: request.Name, Language: request.Language, Message: refusal,
	}
}

// takeTemplateRequest does what one request asks for. The refusal says why that cannot be done.
func (r *BusinessAccountReconciler) takeTemplateRequest(
	ctx context.Context, scope *accountScope, request *report.TemplateRequest,
) (refusal string, err error) {
	name := types.NamespacedName{
		Namespace: scope.account.Namespace, Name: tenant.RequestedName(scope.account.Name, request.Target),
	}
	known := &v1alpha1.MessageTemplate{}
	err = r.Live.Get(ctx, name, known)
	switch {
	case apierrors.IsNotFound(err):
		return r.makeTemplate(ctx, scope, request)
	case err != nil:
		return "", reading(err, "MessageTemplate %q", name.Name)
	case tenant.RequestID(scope.account, known) == "":
		return fmt.Sprintf("MessageTemplate %q exists and does not belong to this account", name.Name), nil
	case request.Definition == nil:
		return r.deleteTemplate(ctx, known)
	}
	return r.changeTemplate(ctx, scope, known, request)
}

// apiAnswer is what the API server said of a call. What it refuses is passed over.
func apiAnswer(verb, name string, err error) (refusal string, failure error) {
	switch {
	case err == nil:
		return "", nil
	case refused(err):
		return err.Error(), nil
	}
	return "", writing(verb, "MessageTemplate", name, err)
}

// requestedBy is what a request asks a MessageTemplate to be. The refusal says why none can be so.
func requestedBy(
	scope *accountScope, request *report.TemplateRequest,
) (wanted *v1alpha1.MessageTemplate, refusal string) {
	wanted, err := tenant.Requested(scope.account, request)
	if err != nil {
		return nil, err.Error()
	}
	return wanted, ""
}

// makeTemplate makes the MessageTemplate that a request is about. It may not have been the first
// request for it: one that was replaced or refused made none, and somebody may have deleted it.
func (r *BusinessAccountReconciler) makeTemplate(
	ctx context.Context, scope *accountScope, request *report.TemplateRequest,
) (refusal string, err error) {
	if request.Definition == nil {
		return "", nil
	}
	made := 0
	for i := range scope.templates {
		if tenant.RequestID(scope.account, &scope.templates[i]) != "" {
			made++
		}
	}
	if made >= maxRequestedTemplates {
		return fmt.Sprintf("%d templates were made for clients, and more are not: delete some", made), nil
	}
	wanted, refusal := requestedBy(scope, request)
	if refusal != "" {
		return refusal, nil
	}
	err = r.Client.Create(ctx, wanted, client.FieldOwner(FieldManager))
	if err == nil {
		scope.templates = append(slices.Clip(scope.templates), *wanted)
	}
	return apiAnswer("create", wanted.Name, err)
}

// changeTemplate has a MessageTemplate say what a request says. What it says already needs no call.
func (r *BusinessAccountReconciler) changeTemplate(
	ctx context.Context, scope *accountScope, known *v1alpha1.MessageTemplate, request *report.TemplateRequest,
) (refusal string, err error) {
	if done, err := strconv.ParseInt(known.Annotations[tenant.AnnotationRequest], 10, 64); err == nil &&
		done >= request.ID {
		return "", nil
	}
	if !known.DeletionTimestamp.IsZero() {
		return fmt.Sprintf("MessageTemplate %q is being deleted", known.Name), nil
	}
	wanted, refusal := requestedBy(scope, request)
	if refusal != "" {
		return refusal, nil
	}
	changed := known.DeepCopy()
	changed.Spec = wanted.Spec
	changed.Spec.DeletionPolicy = known.Spec.DeletionPolicy
	if changed.Annotations == nil {
		changed.Annotations = map[string]string{}
	}
	maps.Copy(changed.Annotations, tenant.RequestAnnotations(request))
	err = r.Client.Patch(
		ctx, changed, client.MergeFromWithOptions(known, client.MergeFromWithOptimisticLock{}),
		client.FieldOwner(FieldManager),
	)
	return apiAnswer("patch", known.Name, err)
}

// deleteTemplate deletes a MessageTemplate and the upstream's copy, as a client has asked for.
func (r *BusinessAccountReconciler) deleteTemplate(
	ctx context.Context, known *v1alpha1.MessageTemplate,
) (refusal string, err error) {
	if !controllerutil.ContainsFinalizer(known, TemplateFinalizer) ||
		known.Spec.DeletionPolicy != v1alpha1.DeletionDelete {
		changed := known.DeepCopy()
		changed.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		controllerutil.AddFinalizer(changed, TemplateFinalizer) // else it is gone before the upstream's copy is
		if err := r.Client.Patch(
			ctx, changed, client.MergeFromWithOptions(known, client.MergeFromWithOptimisticLock{}),
			client.FieldOwner(FieldManager),
		); err != nil {
			return apiAnswer("patch", known.Name, err)
		}
		known = changed
	}
	err = r.Client.Delete(ctx, known, client.Preconditions{UID: &known.UID, ResourceVersion: &known.ResourceVersion})
	return apiAnswer("delete", known.Name, client.IgnoreNotFound(err))
}
