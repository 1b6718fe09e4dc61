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

// progressInterval is the mean time between two looks at a gateway that is on its way to what is wanted.
const progressInterval = 2 * time.Second

// Dependencies are what the reconcilers work with.
type Dependencies struct {
	// Client reads from the caches and writes to the API server.
	Client client.Client
	// Live reads from the API server: the data of Secrets, which is never cached, and whatever must not be taken from a cache that may be behind.
	Live     client.Reader
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
	Options  Options
}

// BusinessAccountReconciler runs one gateway for each BusinessAccount and reports what was billed.
type BusinessAccountReconciler struct {
	Dependencies
	reports PodReports
	// templateNews is told of each template of which the upstream has said something new.
	templateNews func(types.NamespacedName)
	applier      applier
	history      priceHistory
	memory       *accountMemories
}

// NewBusinessAccountReconciler returns a reconciler that reads gateways through reports and tells templateNews of each template that the upstream has
// said something new about.
func NewBusinessAccountReconciler(d Dependencies, reports PodReports, templateNews func(types.NamespacedName)) *BusinessAccountReconciler {
	return &BusinessAccountReconciler{
		Dependencies: d,
		reports:      reports,
		templateNews: templateNews,
		applier:      applier{client: d.Client, live: d.Live, memory: newApplyMemory()},
		history:      priceHistory{client: d.Client, live: d.Live, namespace: d.Options.OperatorNamespace},
		memory:       newAccountMemories(),
	}
}

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
// Deleting an account needs nothing of the operator: its objects go with it through their owner references.
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
	if account.Spec.Operation == v1alpha1.OperationPaused {
		return ctrl.Result{}, r.writeStatus(ctx, account, pausedStatus(account, r.Clock.Now()))
	}

	scope, err := r.gather(ctx, account)
	if err != nil {
		return ctrl.Result{}, err
	}
	actErr := r.act(ctx, scope)
	statusErr := r.writeStatus(ctx, account, statusOf(scope, actErr))
	if apierrors.IsConflict(statusErr) {
		return ctrl.Result{RequeueAfter: time.Second}, actErr // the cache is behind: look again when it has caught up
	}
	r.tellTemplates(scope)
	if terminal(actErr) {
		actErr = nil // the status says what somebody must do; trying again at once does not help
	}
	return ctrl.Result{RequeueAfter: r.nextLook(scope)}, errors.Join(actErr, statusErr)
}

// act makes the cluster what is wanted. What is foreign or cannot be compiled is named, and keeps nothing else from being
// done: a smaller budget must arrive whatever else is wrong.
func (r *BusinessAccountReconciler) act(ctx context.Context, scope *accountScope) error {
	scope.unsupported = unsupported(scope.account)
	secretsErr := r.makeSecretsOnce(ctx, scope)
	if secretsErr != nil && !terminal(secretsErr) {
		return secretsErr
	}
	if err := r.readReports(ctx, scope); err != nil {
		return errors.Join(secretsErr, err)
	}
	if err := r.compile(ctx, scope); err != nil {
		return errors.Join(secretsErr, err)
	}
	applyErr := r.applyObjects(ctx, scope)
	return errors.Join(secretsErr, applyErr, r.nudgePods(ctx, scope))
}

// nextLook is when the account is looked at again if nothing happens: soon while its gateway is on its way, else at the next reading of its report.
func (r *BusinessAccountReconciler) nextLook(scope *accountScope) time.Duration {
	if scope.progressing() {
		return jittered(min(progressInterval, r.Options.ReportInterval))
	}
	return jittered(r.Options.ReportInterval)
}

func (r *BusinessAccountReconciler) forget(name types.NamespacedName) {
	r.memory.forget(name)
	r.reports.Forget(name)
	r.applier.memory.forgetAccount(name)
}
