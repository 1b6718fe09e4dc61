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

// SetupWithManager registers the reconciler and what wakes it: the template itself and an
// approver's decision on it, its account and the account's plans and Secrets, a twin that is
// deleted, and news from the upstream.
func (r *MessageTemplateReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(
			&v1alpha1.MessageTemplate{},
			builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, onlyReviewed())),
		).
		Watches(
			&v1alpha1.BusinessAccount{}, handler.EnqueueRequestsFromMapFunc(r.templatesOfAccount),
			builder.WithPredicates(predicate.GenerationChangedPredicate{}),
		).
		Watches(
			&v1alpha1.BusinessAccount{}, handler.EnqueueRequestsFromMapFunc(r.heldOfAccount),
			builder.WithPredicates(onlyOtherwisePriced()),
		).
		Watches(
			&v1alpha1.PricingPlan{}, handler.EnqueueRequestsFromMapFunc(r.heldOfPlan),
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
	requests := r.heldOfAccount(ctx, account)
	for _, request := range requests {
		r.due.now(request.NamespacedName)
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

// heldOfPlan are the templates of the accounts that a plan prices, or shall price: it may refuse
// promotion now, or no longer. The upstream is asked nothing about those that stay as they are.
func (r *MessageTemplateReconciler) heldOfPlan(ctx context.Context, plan client.Object) []reconcile.Request {
	var requests []reconcile.Request
	for _, index := range []string{indexPlan, indexPricedNow} {
		list := &v1alpha1.BusinessAccountList{}
		if err := r.Client.List(ctx, list, client.MatchingFields{index: plan.GetName()}); err != nil {
			log.FromContext(ctx).Error(err, "Failed to find the accounts of a plan")
			return nil
		}
		for i := range list.Items {
			requests = append(requests, r.heldOfAccount(ctx, &list.Items[i])...)
		}
	}
	return requests
}

// heldOfAccount are an account's templates, whose rules may be others now.
func (r *MessageTemplateReconciler) heldOfAccount(ctx context.Context, account client.Object) []reconcile.Request {
	list := &v1alpha1.MessageTemplateList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(account.GetNamespace()), client.MatchingFields{indexAccount: account.GetName()},
	); err != nil {
		log.FromContext(ctx).Error(err, "Failed to find the templates of an account")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}

// onlyReviewed passes a new decision of an approver.
func onlyReviewed() predicate.Predicate {
	return onlyUpdates(func(before, after client.Object) bool {
		old, ok := before.(*v1alpha1.MessageTemplate)
		current, okToo := after.(*v1alpha1.MessageTemplate)
		return ok && okToo && !sameStatus(old.Status.Review, current.Status.Review)
	})
}

// onlyOtherwisePriced passes an account that another plan prices now.
func onlyOtherwisePriced() predicate.Predicate {
	return onlyUpdates(func(before, after client.Object) bool {
		old, ok := before.(*v1alpha1.BusinessAccount)
		current, okToo := after.(*v1alpha1.BusinessAccount)
		return ok && okToo && old.Status.PlanName != current.Status.PlanName
	})
}

// onlyUpdates passes updates that change something.
func onlyUpdates(changed func(before, after client.Object) bool) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc:  func(e event.UpdateEvent) bool { return changed(e.ObjectOld, e.ObjectNew) },
	}
}

// onlyDeleted passes deletions.
func onlyDeleted() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}
