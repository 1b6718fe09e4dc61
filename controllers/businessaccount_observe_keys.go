package controllers

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// observeOwnSecrets looks which of the Secrets that are made once are there. The API server is
// asked, not the cache: a Secret that was made a moment ago must not be made twice.
func (r *BusinessAccountReconciler) observeOwnSecrets(ctx context.Context, scope *accountScope) error {
	for _, name := range ownSecrets(scope.account) {
		if scope.secrets[name] != nil {
			continue
		}
		live := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
		err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, live)
		switch {
		case err == nil:
			scope.secrets[name] = live
		case !apierrors.IsNotFound(err):
			return reading(err, "Secret %q", name)
		}
	}
	return nil
}

// ownSecrets are the names of the Secrets that are made once for an account: its keys, and its API
// tokens if it brings none.
func ownSecrets(account *v1alpha1.BusinessAccount) []string {
	names := []string{tenant.KeysSecretName(account.Name)}
	if account.Spec.APITokensSecretName == "" {
		names = append(names, tenant.APITokensSecretName(account))
	}
	return names
}

// lostKeys says that the keys are gone while what they unlock is there: the volume, or the
// Deployment or the ledger's record that tell of a shared store. New keys would make a second
// account of it, silently.
func (r *BusinessAccountReconciler) lostKeys(ctx context.Context, scope *accountScope) (*tenant.Problem, error) {
	if tenant.Shared(scope.account) {
		return r.lostKeysOfShared(ctx, scope)
	}
	claim := metadataOf(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
	err := r.Live.Get(
		ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: tenant.DataClaimName(scope.account.Name)},
		claim,
	)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf(
			"look for the PersistentVolumeClaim %q: %w", tenant.DataClaimName(scope.account.Name), err,
		)
	}
	return &tenant.Problem{Reason: v1alpha1.ReasonKeysLost, Message: fmt.Sprintf(
		"Secret %q with the account's keys is gone, and PersistentVolumeClaim %q still holds what they encrypt: "+
			"restore the Secret from a backup; %s",
		tenant.KeysSecretName(scope.account.Name), claim.Name, r.beginAnew(scope, "the PersistentVolumeClaim"))}, nil
}

func (r *BusinessAccountReconciler) lostKeysOfShared(
	ctx context.Context, scope *accountScope,
) (*tenant.Problem, error) {
	used := scope.ledger.Head().Sequence > 0
	if !used {
		name := tenant.GatewayName(scope.account.Name)
		deployment := metadataOf(appsv1.SchemeGroupVersion.WithKind("Deployment"))
		err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, deployment)
		if client.IgnoreNotFound(err) != nil {
			return nil, reading(err, "Deployment %q", name)
		}
		used = err == nil
	}
	if !used {
		return nil, nil
	}
	return &tenant.Problem{Reason: v1alpha1.ReasonKeysLost, Message: fmt.Sprintf(
		"Secret %q with the account's keys is gone, and the shared store still holds what they encrypt: restore "+
			"the Secret from a backup; %s",
		tenant.KeysSecretName(scope.account.Name), r.beginAnew(scope, "its schema in the database"))}, nil
}
