package controllers

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// SetupWithManager registers the reconciler and what wakes it: the account itself, its objects and
// pods, and whatever it names.
func (r *BusinessAccountReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.BusinessAccount{}, builder.WithPredicates(
			predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}),
		)).
		Watches(
			&v1alpha1.BusinessAccount{}, handler.EnqueueRequestsFromMapFunc(r.rivalsOf),
			builder.WithPredicates(predicate.GenerationChangedPredicate{}),
		).
		Owns(&appsv1.Deployment{}).
		Owns(&corev1.ConfigMap{}).
		Watches(&corev1.PersistentVolumeClaim{}, handler.EnqueueRequestsFromMapFunc(accountOfPod)).
		Owns(&corev1.Service{}).
		Owns(&corev1.ServiceAccount{}).
		Owns(&networkingv1.Ingress{}).
		Owns(&networkingv1.NetworkPolicy{}).
		Owns(&policyv1.PodDisruptionBudget{}).
		Owns(&autoscalingv2.HorizontalPodAutoscaler{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(
			&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.accountsOfNamespace), builder.OnlyMetadata,
			builder.WithPredicates(predicate.LabelChangedPredicate{}),
		).
		Watches(
			&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(accountOfPod),
			builder.WithPredicates(servingChanged(r.Clock)),
		).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.accountsOfSecret), builder.OnlyMetadata).
		Watches(
			&v1alpha1.MessageTemplate{}, handler.EnqueueRequestsFromMapFunc(accountOfTemplate),
			builder.WithPredicates(templateChanged()),
		).
		Watches(
			&v1alpha1.PricingPlan{}, handler.EnqueueRequestsFromMapFunc(r.accountsOfPlan),
			builder.WithPredicates(predicate.GenerationChangedPredicate{}),
		).
		Watches(
			&corev1.ConfigMap{}, handler.EnqueueRequestsFromMapFunc(r.accountOfRecord),
			builder.WithPredicates(inNamespace(r.Options.OperatorNamespace)),
		).
		Watches(&appsv1.ControllerRevision{}, handler.EnqueueRequestsFromMapFunc(r.accountsOfRevision),
			builder.WithPredicates(lost())).
		WatchesRawSource(source.Channel(r.inspections.news, &handler.EnqueueRequestForObject{})).
		WithOptions(controllerOptions(r.Options)).
		Complete(r)
}

// accountsOfPlan are those that name the plan or are priced by it.
func (r *BusinessAccountReconciler) accountsOfPlan(ctx context.Context, plan client.Object) []reconcile.Request {
	name := plan.GetName()
	return slices.Concat(
		r.accounts(ctx, client.MatchingFields{indexPlan: name}),
		r.accounts(ctx, client.MatchingFields{indexPricedNow: name}),
	)
}

// accountOfRecord is the account of a ledger's record, or of a price record, also one that is gone,
// so that its record goes too.
func (r *BusinessAccountReconciler) accountOfRecord(_ context.Context, object client.Object) []reconcile.Request {
	stored, ok := object.(*corev1.ConfigMap)
	if !ok {
		return nil
	}
	if ledger, err := kube.ReadLedger(stored); err == nil && r.serves(ledger.Namespace) {
		return []reconcile.Request{
			{NamespacedName: types.NamespacedName{Namespace: ledger.Namespace, Name: ledger.Name}},
		}
	}
	record, err := kube.ReadRecord(stored)
	if err != nil || !r.serves(record.Namespace) {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: record.Namespace, Name: record.Name}}}
}

// accountsOfRevision are those that the plan of a stored revision prices, now or before, or may.
func (r *BusinessAccountReconciler) accountsOfRevision(
	ctx context.Context, revision client.Object,
) []reconcile.Request {
	plan := revision.GetAnnotations()[tenant.AnnotationPlan]
	return slices.Concat(
		r.accounts(ctx, client.MatchingFields{indexPlan: plan}),
		r.accounts(ctx, client.MatchingFields{indexPricedNow: plan}),
		r.accounts(ctx, client.MatchingFields{indexPriced: plan}),
	)
}

// inNamespace passes the objects of a namespace alone.
func inNamespace(namespace string) predicate.Predicate {
	return predicate.NewPredicateFuncs(func(object client.Object) bool { return object.GetNamespace() == namespace })
}

// lost passes the deletion of an object alone.
func lost() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// serves tells whether the operator serves a namespace.
func (r *BusinessAccountReconciler) serves(namespace string) bool {
	return len(r.Options.Namespaces) == 0 || slices.Contains(r.Options.Namespaces, namespace)
}

// accountsOfNamespace are the accounts of a namespace that is served: every namespace is watched,
// and the caches know nothing of what is in the others.
func (r *BusinessAccountReconciler) accountsOfNamespace(
	ctx context.Context, namespace client.Object,
) []reconcile.Request {
	if !r.serves(namespace.GetName()) {
		return nil
	}
	return r.accounts(ctx, client.InNamespace(namespace.GetName()))
}

// accountsOfSecret are the accounts that name a Secret, and the one that it was made for.
func (r *BusinessAccountReconciler) accountsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	requests := r.accounts(
		ctx, client.InNamespace(secret.GetNamespace()), client.MatchingFields{indexSecret: secret.GetName()},
	)
	return append(requests, accountOfPod(ctx, secret)...)
}

// accountOfPod is the account that an object's label names.
func accountOfPod(_ context.Context, object client.Object) []reconcile.Request {
	name := object.GetLabels()[tenant.LabelAccount]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: name}}}
}

func accountOfTemplate(_ context.Context, object client.Object) []reconcile.Request {
	template, ok := object.(*v1alpha1.MessageTemplate)
	if !ok {
		return nil
	}
	return []reconcile.Request{
		{NamespacedName: types.NamespacedName{Namespace: template.Namespace, Name: template.Spec.AccountName}},
	}
}

func (r *BusinessAccountReconciler) accounts(ctx context.Context, options ...client.ListOption) []reconcile.Request {
	list := &v1alpha1.BusinessAccountList{}
	if err := r.Client.List(ctx, list, options...); err != nil {
		log.FromContext(ctx).Error(err, "Failed to find the accounts that a changed object concerns")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}

// servingChanged passes what matters of a pod: whether it serves, where, and what keeps it from
// doing so.
func servingChanged(clock clock.PassiveClock) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Pod)
		after, okToo := e.ObjectNew.(*corev1.Pod)
		if !ok || !okToo {
			return true
		}
		return podReady(before) != podReady(after) || before.Status.PodIP != after.Status.PodIP ||
			before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
			podTrouble([]corev1.Pod{*before}, clock.Now()) != podTrouble([]corev1.Pod{*after}, clock.Now())
	}}
}

// templateChanged passes what a gateway is told of a template.
func templateChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*v1alpha1.MessageTemplate)
		after, okToo := e.ObjectNew.(*v1alpha1.MessageTemplate)
		if !ok || !okToo {
			return true
		}
		return before.Generation != after.Generation ||
			before.Status.UpstreamID != after.Status.UpstreamID ||
			before.Status.UpstreamStatus != after.Status.UpstreamStatus ||
			before.Status.SubmittedDigest != after.Status.SubmittedDigest ||
			before.Status.Category != after.Status.Category ||
			decisionOn(before) != decisionOn(after)
	}}
}

// decisionOn is an approver's decision on a template, with what it is about; empty if there is
// none.
func decisionOn(template *v1alpha1.MessageTemplate) string {
	review := template.Status.Review
	if review == nil {
		return ""
	}
	return string(review.Decision) + " " + review.Digest
}

// tellTemplates passes on what the gateway's reports say of templates.
func (r *BusinessAccountReconciler) tellTemplates(scope *accountScope) {
	if scope.lacks(partCluster) {
		return
	}
	for _, name := range newTemplateEvents(scope) {
		r.templates.News(types.NamespacedName{Namespace: scope.account.Namespace, Name: name})
	}
	if len(scope.templates) > 0 && assessConfig(scope).reason == v1alpha1.ReasonConfigSynced {
		r.templates.Served(client.ObjectKeyFromObject(scope.account), scope.templates)
	}
}
