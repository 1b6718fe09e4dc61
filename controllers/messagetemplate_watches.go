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
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// SetupWithManager registers the reconciler and what wakes it: the template itself, its account,
// the account's Secrets, a twin that is deleted, and news from the upstream.
func (r *MessageTemplateReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.MessageTemplate{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(
			&v1alpha1.BusinessAccount{}, handler.EnqueueRequestsFromMapFunc(r.templatesOfAccount),
			builder.WithPredicates(predicate.GenerationChangedPredicate{}),
		).
		Watches(
			&v1alpha1.MessageTemplate{}, handler.EnqueueRequestsFromMapFunc(r.twins),
			builder.WithPredicates(onlyDeleted()),
		).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.templatesOfSecret), builder.OnlyMetadata).
		WatchesRawSource(source.Channel(r.news, &handler.EnqueueRequestForObject{})).
		WithOptions(controllerOptions(r.Options)).
		Complete(r)
}

// templatesOfAccount are an account's templates. The account has changed, so each looks at the
// upstream again.
func (r *MessageTemplateReconciler) templatesOfAccount(ctx context.Context, account client.Object) []reconcile.Request {
	list := &v1alpha1.MessageTemplateList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(account.GetNamespace()), client.MatchingFields{indexAccount: account.GetName()},
	); err != nil {
		log.FromContext(ctx).Error(err, "Failed to find the templates of an account")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		name := client.ObjectKeyFromObject(&list.Items[i])
		r.due.now(name)
		requests = append(requests, reconcile.Request{NamespacedName: name})
	}
	return requests
}

func (r *MessageTemplateReconciler) templatesOfSecret(ctx context.Context, secret client.Object) []reconcile.Request {
	list := &v1alpha1.BusinessAccountList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(secret.GetNamespace()), client.MatchingFields{indexSecret: secret.GetName()},
	); err != nil {
		log.FromContext(ctx).Error(err, "Failed to find the accounts of a Secret")
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		requests = append(requests, r.templatesOfAccount(ctx, &list.Items[i])...)
	}
	return requests
}

// twins are the templates of the same account, name and language: one of them may take the place of
// a deleted one.
func (r *MessageTemplateReconciler) twins(ctx context.Context, object client.Object) []reconcile.Request {
	deleted, ok := object.(*v1alpha1.MessageTemplate)
	if !ok {
		return nil
	}
	list := &v1alpha1.MessageTemplateList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(deleted.Namespace), client.MatchingFields{indexAccount: deleted.Spec.AccountName},
	); err != nil {
		log.FromContext(ctx).Error(err, "Failed to find the twins of a template")
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if list.Items[i].Spec.Name == deleted.Spec.Name && list.Items[i].Spec.Language == deleted.Spec.Language {
			name := client.ObjectKeyFromObject(&list.Items[i])
			r.due.now(name)
			requests = append(requests, reconcile.Request{NamespacedName: name})
		}
	}
	return requests
}

// onlyDeleted passes deletions.
func onlyDeleted() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}
