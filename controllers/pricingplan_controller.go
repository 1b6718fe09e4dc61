package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// PricingPlanReconciler says of each PricingPlan whether it can price messages, what it leaves out,
// who uses it and which of its revisions are history. It changes nothing but the plan's status: a
// changed revision that has priced something is kept by the accounts' own reconciler.
type PricingPlanReconciler struct {
	Dependencies
	history priceHistory
}

// NewPricingPlanReconciler returns a reconciler.
func NewPricingPlanReconciler(d Dependencies) *PricingPlanReconciler {
	return &PricingPlanReconciler{
		Dependencies: d,
		history:      priceHistory{client: d.Client, live: d.Live, namespace: d.Options.OperatorNamespace},
	}
}

// +kubebuilder:rbac:groups=guichet.dev,resources=pricingplans/status,verbs=get;patch

// Reconcile brings one plan's status to what is.
func (r *PricingPlanReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	plan := &v1alpha1.PricingPlan{}
	if err := r.Client.Get(ctx, request.NamespacedName, plan); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, r.history.prune(ctx, request.Name, nil)
		}
		return ctrl.Result{}, err
	}
	if !plan.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	scope, err := r.gather(ctx, plan)
	if err != nil {
		return ctrl.Result{}, err
	}
	status := planStatus(scope)
	after := plan.DeepCopy()
	after.Status = status
	writer := statusWriter{client: r.Client, recorder: r.Recorder}
	err = writer.write(ctx, plan, after, !sameStatus(plan.Status, status), plan.Status.Conditions, status.Conditions)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: time.Second}, nil // the cache is behind: look again when it has caught up
	}
	if err := errors.Join(err, r.prune(ctx, scope)); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: untilTurn(scope)}, nil
}

// prune ends the stored revisions that nobody needs any more.
func (r *PricingPlanReconciler) prune(ctx context.Context, scope *planScope) error {
	if scope.compiled == nil {
		return nil // what is wrong now was right before, and will be again
	}
	current, err := tenant.Plan(&scope.plan.Spec)
	if err != nil {
		return err
	}
	return r.history.prune(ctx, scope.plan.Name, tenant.Refs(scope.plan.Name, current.Revisions))
}

// planScope is everything that one pass over a plan knows.
type planScope struct {
	plan *v1alpha1.PricingPlan
	now  time.Time
	// compiled is the plan as the gateways will have it, or nil with the reason in invalid.
	compiled *pricing.Book
	invalid  error
	// accounts are those that use the plan, by namespace and name; priced those whose messages it
	// has priced, also before they left it.
	accounts []v1alpha1.BusinessAccount
	priced   []v1alpha1.BusinessAccount
	// kept tells of revisions that have priced messages and have another digest than they had
	// whether the plan only has more prices.
	kept map[string]bool
}

func (r *PricingPlanReconciler) gather(ctx context.Context, plan *v1alpha1.PricingPlan) (*planScope, error) {
	list := &v1alpha1.BusinessAccountList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{indexPlan: plan.Name}); err != nil {
		return nil, fmt.Errorf("list the accounts of PricingPlan %q: %w", plan.Name, err)
	}
	priced := &v1alpha1.BusinessAccountList{}
	if err := r.Client.List(ctx, priced, client.MatchingFields{indexPriced: plan.Name}); err != nil {
		return nil, fmt.Errorf("list the accounts that PricingPlan %q has priced: %w", plan.Name, err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.BusinessAccount) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	scope := &planScope{plan: plan, now: r.Clock.Now(), accounts: list.Items, priced: priced.Items}
	scope.compiled, scope.invalid = compilePlan(&plan.Spec)
	if !historyDiffers(scope) {
		return scope, nil
	}
	current, err := tenant.Plan(&plan.Spec)
	if err != nil {
		return nil, err
	}
	if scope.kept, err = r.history.kept(ctx, plan.Name, current.Revisions); err != nil {
		return nil, err
	}
	return scope, nil
}

// historyDiffers says whether a revision that has priced messages has another digest than it had.
func historyDiffers(scope *planScope) bool {
	if scope.compiled == nil {
		return false
	}
	return slices.ContainsFunc(
		scope.compiled.Standings(civil.DateAt(scope.now.Unix(), time.UTC)), func(standing pricing.Standing) bool {
			return slices.ContainsFunc(scope.plan.Status.Revisions, func(known v1alpha1.PricingRevisionStatus) bool {
				return known.Name == standing.Name && known.FirstPricedTime != nil && known.Digest != standing.Digest
			})
		},
	)
}

// compilePlan is the plan as the gateways will have it, or everything that is wrong with it.
func compilePlan(spec *v1alpha1.PricingPlanSpec) (*pricing.Book, error) {
	if err := tenant.CheckSelectors(spec); err != nil {
		return nil, err
	}
	plan, err := tenant.Plan(spec)
	if err != nil {
		return nil, err
	}
	book, err := pricing.Compile(plan)
	if err != nil {
		return nil, errors.New(oneLine(err))
	}
	return book, nil
}

// untilTurn is the time to the next midnight in UTC, when another revision may come into force; 0
// if none is to come.
func untilTurn(scope *planScope) time.Duration {
	today := scope.now.UTC().Format(time.DateOnly)
	for _, r := range scope.plan.Spec.Revisions {
		if string(r.EffectiveDate) > today {
			return scope.now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1).Sub(scope.now) + time.Second
		}
	}
	return 0
}

// SetupWithManager registers the reconciler and what wakes it: the plan itself, and accounts that
// begin or cease to use it or were priced by another revision.
func (r *PricingPlanReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.PricingPlan{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(
			&corev1.ConfigMap{}, handler.EnqueueRequestsFromMapFunc(plansOfRecord),
			builder.WithPredicates(lost(), inNamespace(r.Options.OperatorNamespace)),
		).
		Watches(
			&v1alpha1.BusinessAccount{}, handler.EnqueueRequestsFromMapFunc(plansOfAccount),
			builder.WithPredicates(pricingChanged()),
		).
		WithOptions(controllerOptions(r.Options)).
		Complete(r)
}

// plansOfRecord are the plans whose stored revisions a price record refers to.
func plansOfRecord(_ context.Context, object client.Object) []reconcile.Request {
	stored, ok := object.(*corev1.ConfigMap)
	if !ok {
		return nil
	}
	record, err := kube.ReadRecord(stored)
	if err != nil {
		return nil
	}
	var requests []reconcile.Request
	for _, ref := range record.Refs() {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKey{Name: ref.Plan}})
	}
	return requests
}

// plansOfAccount are the plans that an account uses and those that have priced its messages.
func plansOfAccount(_ context.Context, object client.Object) []reconcile.Request {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok {
		return nil
	}
	names := planNamesOf(account)
	for _, priced := range account.Status.PricedRevisions {
		names = append(names, priced.Plan)
	}
	slices.Sort(names)
	var requests []reconcile.Request
	for _, name := range slices.Compact(names) {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKey{Name: name}})
	}
	return requests
}

// pricingChanged passes what matters of an account to its plan.
func pricingChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*v1alpha1.BusinessAccount)
		after, okToo := e.ObjectNew.(*v1alpha1.BusinessAccount)
		return !ok || !okToo || !slices.Equal(planNamesOf(before), planNamesOf(after)) || !sameStatus(
			before.Status.PricedRevisions, after.Status.PricedRevisions,
		)
	}}
}
