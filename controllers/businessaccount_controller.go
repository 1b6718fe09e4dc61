package controllers

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// progressInterval is the mean time between two looks at a gateway that is on its way to what is
// wanted.
const progressInterval = 2 * time.Second

// Dependencies are what the reconcilers work with.
type Dependencies struct {
	// Client reads from the caches and writes to the API server.
	Client client.Client
	// Live reads from the API server: the data of Secrets, which is never cached, and whatever must
	// not be taken from a cache that may be behind.
	Live     client.Reader
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
	Options  Options
}

// BusinessAccountReconciler runs one gateway for each BusinessAccount and reports what was billed.
type BusinessAccountReconciler struct {
	Dependencies
	reports   PodReports
	templates TemplateListener
	applier   applier
	history   priceHistory
	memory    *accountMemories
}

// TemplateListener is told what gateways report of templates.
type TemplateListener interface {
	// News says that the upstream has said something new of a template.
	News(template types.NamespacedName)
	// Served says which templates every ready replica of an account's gateway serves.
	Served(account types.NamespacedName, templates []v1alpha1.MessageTemplate)
	// Forget says that an account is gone.
	Forget(account types.NamespacedName)
}

// NewBusinessAccountReconciler returns a reconciler that reads gateways through reports and tells
// templates what they say.
func NewBusinessAccountReconciler(
	d Dependencies, reports PodReports, templates TemplateListener,
) *BusinessAccountReconciler {
	return &BusinessAccountReconciler{
		Dependencies: d,
		reports:      reports,
		templates:    templates,
		applier:      applier{client: d.Client, live: d.Live, memory: newApplyMemory()},
		history:      priceHistory{client: d.Client, live: d.Live, namespace: d.Options.OperatorNamespace},
		memory:       newAccountMemories(),
	}
}

// +kubebuilder:rbac:groups="",resources=configmaps,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;patch;watch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups="",resources=services,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=guichet.dev,resources=businessaccounts,verbs=get;list;watch
// +kubebuilder:rbac:groups=guichet.dev,resources=businessaccounts/finalizers,verbs=update
// +kubebuilder:rbac:groups=guichet.dev,resources=businessaccounts/status,verbs=get;patch
// +kubebuilder:rbac:groups=guichet.dev,resources=messagetemplates,verbs=get;list;watch
// +kubebuilder:rbac:groups=guichet.dev,resources=pricingplans,verbs=get;list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=create;delete;get;list;patch;watch

// Reconcile brings one account's gateway to what is wanted and its status to what is.
//
// Deleting an account needs nothing of the operator: its objects go with it through their owner
// references.
func (r *BusinessAccountReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	account := &v1alpha1.BusinessAccount{}
	if err := r.Client.Get(ctx, request.NamespacedName, account); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request.NamespacedName)
			return ctrl.Result{}, r.history.forget(ctx, request.NamespacedName, "")
		}
		return ctrl.Result{}, err
	}
	if leave, err := r.leaves(ctx, account); leave || err != nil {
		return ctrl.Result{}, err
	}
	scope, err := r.gather(ctx, account)
	if err != nil {
		return ctrl.Result{}, err
	}
	return r.finish(ctx, scope, r.act(ctx, scope))
}

// finish writes the status, tells of what the pass has learned, and says when the account is looked
// at again. A failure that trying again may mend makes the pass fail; one that it may not is in the
// status, and is looked at again when something has changed.
func (r *BusinessAccountReconciler) finish(
	ctx context.Context, scope *accountScope, failure error,
) (ctrl.Result, error) {
	err := r.writeStatus(ctx, scope.account, statusOf(scope, failure))
	behind := apierrors.IsConflict(err)
	if behind {
		err = nil // the cache is behind: look again when it has caught up
	} else {
		r.tellTemplates(scope)
	}
	if !terminal(failure) {
		err = errors.Join(failure, err)
	}
	switch {
	case err != nil:
		return ctrl.Result{}, err
	case behind:
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	return ctrl.Result{RequeueAfter: r.nextLook(scope)}, nil
}

// act makes the cluster what is wanted. What is foreign or cannot be compiled is named, and keeps
// nothing else from being done: a smaller budget must arrive whatever else is wrong.
func (r *BusinessAccountReconciler) act(ctx context.Context, scope *accountScope) error {
	scope.unsupported = unsupported(scope.account)
	if err := r.readReports(ctx, scope); err != nil {
		return err
	}
	if scope.stalled() && !r.unstuck(ctx, scope) {
		scope.takeStall()
		return scope.memory.stall.cause
	}
	err := r.make(ctx, scope)
	scope.noteStall(err)
	return err
}

// make makes the account's objects what is wanted.
func (r *BusinessAccountReconciler) make(ctx context.Context, scope *accountScope) error {
	var secretsErr error
	if !scope.paused() {
		secretsErr = r.makeSecretsOnce(ctx, scope)
	}
	if secretsErr != nil && !terminal(secretsErr) {
		return secretsErr
	}
	if err := r.compile(ctx, scope); err != nil {
		return errors.Join(secretsErr, err)
	}
	applyErr := r.applyObjects(ctx, scope)
	return errors.Join(secretsErr, applyErr, r.nudgePods(ctx, scope))
}

// nextLook is when the account is looked at again if nothing happens: soon while its gateway is on
// its way, else at the next reading of its report.
func (r *BusinessAccountReconciler) nextLook(scope *accountScope) time.Duration {
	if scope.stalled() {
		return jittered(min(r.Options.ReportInterval*6, time.Minute))
	}
	if scope.progressing() {
		return jittered(min(progressInterval, r.Options.ReportInterval))
	}
	return jittered(r.Options.ReportInterval)
}

func (r *BusinessAccountReconciler) forget(name types.NamespacedName) {
	r.memory.forget(name)
	r.reports.Forget(name)
	r.applier.memory.forgetAccount(name)
	r.templates.Forget(name)
}
