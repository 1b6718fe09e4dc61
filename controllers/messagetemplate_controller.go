package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// TemplateFinalizer keeps a deleted MessageTemplate until the upstream's copy is deleted too. Only
// templates that ask for that carry it.
const TemplateFinalizer = "guichet.dev/upstream-template"

const (
	// settledInterval is the mean time between two looks at a template that the upstream has
	// decided on; its webhooks bring news sooner.
	settledInterval = 10 * time.Minute
	// refusedInterval is the mean time before something that the upstream has refused is tried
	// again as it is.
	refusedInterval = time.Hour
	// deletionPatience is for how long the deletion of the upstream's copy is tried.
	deletionPatience = 10 * time.Minute
)

// MessageTemplateReconciler submits each MessageTemplate to the upstream once and follows what
// becomes of it.
type MessageTemplateReconciler struct {
	Dependencies
	upstream Upstream
	limits   *upstreamLimits
	served   *servedTemplates
	due      *dueTimes
	news     chan event.GenericEvent
}

// NewMessageTemplateReconciler returns a reconciler that manages templates through upstream.
func NewMessageTemplateReconciler(d Dependencies, upstream Upstream) *MessageTemplateReconciler {
	return &MessageTemplateReconciler{
		Dependencies: d,
		upstream:     upstream,
		limits:       newUpstreamLimits(),
		served:       newServedTemplates(),
		due:          newDueTimes(),
		news:         make(chan event.GenericEvent, 1024),
	}
}

// +kubebuilder:rbac:groups=guichet.dev,resources=messagetemplates,verbs=get;list;patch;watch
// The verb "report" is what the admission policy of config/admission asks of who writes the status.
// +kubebuilder:rbac:groups=guichet.dev,resources=messagetemplates/status,verbs=get;patch;report

// Reconcile brings one template's upstream copy and its status to what is wanted and what is.
func (r *MessageTemplateReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	template := &v1alpha1.MessageTemplate{}
	if err := r.Client.Get(ctx, request.NamespacedName, template); err != nil {
		if apierrors.IsNotFound(err) {
			r.due.forget(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	leaves, err := r.leaves(ctx, template)
	if err != nil || leaves && template.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, err
	}
	scope, err := r.gather(ctx, template)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !template.DeletionTimestamp.IsZero() {
		return r.finalize(ctx, scope)
	}
	// The finalizer must be there before the upstream's copy is.
	deletes := template.Spec.DeletionPolicy == v1alpha1.DeletionDelete
	if err := r.setFinalizer(ctx, template, TemplateFinalizer, deletes); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.follow(ctx, scope); err != nil {
		return ctrl.Result{}, err
	}
	return r.finish(ctx, scope)
}

// finish writes the status, and says when the template is looked at again.
func (r *MessageTemplateReconciler) finish(ctx context.Context, scope *templateScope) (ctrl.Result, error) {
	name := client.ObjectKeyFromObject(scope.template)
	scope.servedForms = r.served.of(accountNameOf(scope.template))
	err := r.writeStatus(ctx, scope)
	if apierrors.IsConflict(err) { // the cache is behind: look again when it has caught up
		r.due.now(name)
		if err := r.keepSubmitted(ctx, scope); err != nil {
			return ctrl.Result{}, err
		}
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: r.due.until(name, scope.now)}, nil
}

// follow looks at the upstream when it is time to, and takes the one step that is due.
func (r *MessageTemplateReconciler) follow(ctx context.Context, scope *templateScope) (err error) {
	name := client.ObjectKeyFromObject(scope.template)
	if scope.due = scope.edited() || scope.released() || r.due.reached(name, scope.now); !scope.due {
		return nil
	}
	r.due.take(name, scope.now)
	if scope.submittable() || scope.acceptable() && scope.template.Status.UpstreamID != "" {
		if scope.access, err = r.upstreamAccess(ctx, scope.account, scope.template); err != nil {
			return err
		}
	}
	if scope.access == nil {
		r.due.set(name, scope.now.Add(jittered(settledInterval)))
		return nil
	}
	limit := r.limits.of(name.Namespace, scope.access.BusinessAccountID)
	if !limit.calls.AllowN(scope.now, 1) {
		r.due.set(name, scope.now.Add(jittered(10*time.Second)))
		return nil
	}
	scope.looked = true
	scope.upstream, scope.failure = r.upstream.Find(
		ctx, *scope.access, scope.template.Spec.Name, scope.template.Spec.Language,
	)
	if scope.failure == nil {
		r.step(ctx, scope, limit)
	}
	if scope.failure != nil {
		log.FromContext(ctx).Info(
			"The upstream did not do what a template needs", "step", scope.step, "error", scope.failure.Error(),
		)
	}
	r.due.set(name, scope.now.Add(jittered(scope.nextLook())))
	return nil
}

// step takes the step that the upstream's copy and the spec ask for.
func (r *MessageTemplateReconciler) step(ctx context.Context, scope *templateScope, limit *upstreamLimit) {
	scope.step = decideStep(scope.template, scope.definition, scope.upstream)
	if !scope.submittable() && scope.step != stepObserve && scope.step != stepMissing {
		scope.step = stepHeld
	}
	if scope.step != stepCreate && scope.step != stepEdit {
		return
	}
	if !limit.submissions.AllowN(scope.now, 1) {
		scope.delayed = true
		return
	}
	if scope.step == stepEdit {
		scope.failure = r.upstream.Edit(ctx, *scope.access, scope.upstream.ID, scope.edit())
		return
	}
	scope.created, scope.failure = r.upstream.Create(ctx, *scope.access, scope.definition)
}

// finalize deletes the upstream's copy, if that is asked for, and lets the object go. It never
// holds it for longer than deletionPatience.
func (r *MessageTemplateReconciler) finalize(ctx context.Context, scope *templateScope) (ctrl.Result, error) {
	template := scope.template
	if !controllerutil.ContainsFinalizer(template, TemplateFinalizer) {
		return ctrl.Result{}, nil
	}
	failure := r.deleteUpstream(ctx, scope)
	if failure != nil && !refusedForGood(failure) && scope.now.Sub(template.DeletionTimestamp.Time) < deletionPatience {
		return ctrl.Result{}, fmt.Errorf("delete the upstream's copy of template %q: %w", template.Spec.Name, failure)
	}
	if failure != nil {
		r.Recorder.Eventf(template, nil, corev1.EventTypeWarning, reasonLeftUpstream, "Delete",
			"The upstream's copy of template %q in %q was not deleted: %s",
			template.Spec.Name, template.Spec.Language, unreachable(failure))
	}
	return ctrl.Result{}, r.setFinalizer(ctx, template, TemplateFinalizer, false)
}

// reasonLeftUpstream is the reason of the event that says that the upstream's copy of a deleted
// template is still there.
const reasonLeftUpstream = "LeftUpstream"

// deleteUpstream deletes the upstream's copy. Without an account or its credentials there is
// nothing that could be done, and nothing to wait for.
func (r *MessageTemplateReconciler) deleteUpstream(ctx context.Context, scope *templateScope) error {
	template := scope.template
	if template.Status.UpstreamID == "" {
		return nil
	}
	var access *UpstreamAccess
	if scope.account != nil {
		var err error
		if access, err = r.upstreamAccess(ctx, scope.account, scope.template); err != nil {
			return err
		}
	}
	if access == nil {
		r.Recorder.Eventf(template, nil, corev1.EventTypeWarning, reasonLeftUpstream, "Delete",
			"The account of template %q or its credentials are gone: the upstream's copy was not deleted",
			template.Spec.Name)
		return nil
	}
	found, err := r.upstream.Find(ctx, *access, template.Spec.Name, template.Spec.Language)
	if err == nil && found != nil && found.ID == template.Status.UpstreamID {
		err = r.upstream.Delete(ctx, *access, template.Spec.Name, found.ID)
	}
	return err
}

// News makes the next pass over a template look at the upstream at once.
func (r *MessageTemplateReconciler) News(name types.NamespacedName) {
	r.due.now(name)
	r.wake(name)
}

// Served takes note of the templates that every ready replica of an account's gateway serves, and
// looks at those of which that is news.
func (r *MessageTemplateReconciler) Served(account types.NamespacedName, templates []v1alpha1.MessageTemplate) {
	for _, name := range r.served.publish(account, templates) {
		r.wake(name)
	}
}

// Forget drops what is known of an account that is gone.
func (r *MessageTemplateReconciler) Forget(account types.NamespacedName) { r.served.forget(account) }

func (r *MessageTemplateReconciler) wake(name types.NamespacedName) {
	template := &v1alpha1.MessageTemplate{}
	template.SetName(name.Name)
	template.SetNamespace(name.Namespace)
	select {
	case r.news <- event.GenericEvent{Object: template}:
	default: // too much news at once: each template is looked at when its time comes
	}
}
