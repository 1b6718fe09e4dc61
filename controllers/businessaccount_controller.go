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
	reports     PodReports
	templates   TemplateListener
	inspections *UpstreamInspections
	applier     applier
	history     priceHistory
	ledgers     ledgerRecords
	signer      statementSigner
	memory      *accountMemories
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

// NewBusinessAccountReconciler returns a reconciler that reads gateways through reports, tells
// templates what they say, and shows what inspections found.
func NewBusinessAccountReconciler(
	d Dependencies, reports PodReports, templates TemplateListener, inspections *UpstreamInspections,
) *BusinessAccountReconciler {
	return &BusinessAccountReconciler{
		Dependencies: d,
		reports:      reports,
		templates:    templates,
		inspections:  inspections,
		applier:      applier{client: d.Client, live: d.Live, memory: newApplyMemory()},
		history:      priceHistory{client: d.Client, live: d.Live, namespace: d.Options.OperatorNamespace},
		ledgers:      ledgerRecords{client: d.Client, live: d.Live, namespace: d.Options.OperatorNamespace},
		signer:       statementSigner{client: d.Client, live: d.Live, namespace: d.Options.OperatorNamespace},
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
// +kubebuilder:rbac:groups=guichet.dev,resources=messagetemplates,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=guichet.dev,resources=pricingplans,verbs=get;list;watch
// +kubebuilder:rbac:groups=guichet.dev,resources=usagestatements,verbs=create;get;report;update
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses,verbs=create;delete;get;list;patch;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=create;get;list;patch;watch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=create;delete;get;list;patch;watch

// Reconcile brings one account's gateway to what is wanted and its status to what is: it observes,
// decides, applies, and writes the status, whichever of them failed.
//
// Deleting an account needs nothing of this reconciler, and there is no finalizer that could hold
// it or its namespace: its objects go with it through their owner references, and what has none
// stays.
func (r *BusinessAccountReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	account := &v1alpha1.BusinessAccount{}
	if err := r.Client.Get(ctx, request.NamespacedName, account); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, r.leave(ctx, request.NamespacedName)
		}
		return ctrl.Result{}, err
	}
	scope := r.newScope(account)
	leaving, err := r.leaves(ctx, account)
	switch {
	case err != nil:
		scope.unread, scope.failure = allParts, err
	case leaving:
		return ctrl.Result{}, r.saveLast(ctx, request.NamespacedName)
	default:
		scope.failure = r.pass(ctx, scope)
	}
	return r.finish(ctx, scope)
}

// pass observes, decides and applies. What could not be read decides nothing.
func (r *BusinessAccountReconciler) pass(ctx context.Context, scope *accountScope) error {
	unread := r.observe(ctx, scope)
	if scope.unread&(partCluster|partInputs) != 0 {
		return unread
	}
	if err := r.decide(scope); err != nil {
		return errors.Join(unread, err)
	}
	failure := errors.Join(unread, r.apply(ctx, scope), r.takeTemplateRequests(ctx, scope))
	if failure == nil {
		r.keepStatements(ctx, scope)
	}
	return failure
}

// finish writes the status, tells of what the pass has learned, and says when the account is looked
// at again.
func (r *BusinessAccountReconciler) finish(ctx context.Context, scope *accountScope) (ctrl.Result, error) {
	written := r.writeStatus(ctx, scope.account, statusOf(scope))
	if remedyOf(written) != wait {
		r.tellTemplates(scope)
	}
	failure := errors.Join(scope.failure, written)
	switch {
	case failure == nil || remedyOf(failure) == stall:
		return ctrl.Result{RequeueAfter: r.nextLook(scope)}, nil
	case remedyOf(failure) == wait:
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	return ctrl.Result{}, failure
}

// nextLook is when the account is looked at again if nothing happens: soon while its gateway is on
// its way, else at the next reading of its report.
func (r *BusinessAccountReconciler) nextLook(scope *accountScope) time.Duration {
	if scope.memory.stall.fingerprint != "" {
		return jittered(min(r.Options.ReportInterval*6, time.Minute))
	}
	if scope.progressing() || scope.memory.statements.pause == statementReading {
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
