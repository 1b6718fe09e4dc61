package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// SetupWithManager registers the reconciler and what wakes it: the account, and its Secrets.
func (r *UpstreamInspectionReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("upstreaminspection").
		For(&v1alpha1.BusinessAccount{}, builder.WithPredicates(concernsUpstream())).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.accountsOfSecret), builder.OnlyMetadata).
		WithOptions(controllerOptions(r.Options)).
		Complete(r)
}

// concernsUpstream passes the changes of an account that an inspection depends on: its spec, its
// deletion, its webhook URL, whether its gateway can answer a handshake, and whether its pages are
// its own.
func concernsUpstream() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*v1alpha1.BusinessAccount)
		after, okToo := e.ObjectNew.(*v1alpha1.BusinessAccount)
		if !ok || !okToo {
			return true
		}
		return before.Generation != after.Generation ||
			before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
			webhookURLOf(before) != webhookURLOf(after) || readyForHandshake(before) != readyForHandshake(after) ||
			mayChangePages(before) != mayChangePages(after)
	}}
}

func (r *UpstreamInspectionReconciler) accountsOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	list := &v1alpha1.BusinessAccountList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(secret.GetNamespace()), client.MatchingFields{indexSecret: secret.GetName()},
	); err != nil {
		log.FromContext(ctx).Error(err, "Failed to find the accounts of a Secret")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}
