package controllers

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// inputs are what an account's objects are compiled from, beside what the caches hold.
type inputs struct {
	secrets tenant.Secrets
	// served is the configuration that the gateway has now; nil if it has none that can be read.
	// servedDigest is that of its bytes.
	served       *config.Document
	servedDigest string
	// claim is the claim of the account's volume; nil if there is none.
	claim *corev1.PersistentVolumeClaim
	// record is what is stored of the account's prices, and recordObject the object that holds it;
	// nil if there is none yet.
	record       tenant.PriceRecord
	recordObject *corev1.ConfigMap
	// standing is the plan of the record, where the account names another one.
	standing candidate
	// revisions are the stored revisions that the record refers to, by the name of their object.
	revisions map[string]storedRevision
}

// observeInputs reads what the account's objects are compiled from.
func (r *BusinessAccountReconciler) observeInputs(ctx context.Context, scope *accountScope) (err error) {
	in := &scope.inputs
	if in.secrets, err = r.readSecrets(ctx, scope); err != nil {
		return err
	}
	if in.served, in.servedDigest, err = r.servedDocument(ctx, scope); err != nil {
		return err
	}
	if in.claim, err = r.claim(ctx, scope); err != nil {
		return err
	}
	if in.record, in.recordObject, err = r.history.record(ctx, scope.account); err != nil {
		return err
	}
	if name := in.record.Plan; name != "" && name != scope.account.Spec.PlanName {
		if in.standing, err = r.candidate(ctx, scope, name); err != nil {
			return err
		}
	}
	if err := r.observeChannelPlans(ctx, scope, in.record); err != nil {
		return err
	}
	in.revisions, err = r.history.revisions(ctx, in.record.Refs())
	return err
}

// stored are those of the revisions that are stored as they were. missing says of each other one
// why it is not.
func (in *inputs) stored(refs []tenant.RevisionRef) (found []pricing.Revision, missing []string) {
	for _, ref := range refs {
		stored := in.revisions[tenant.RevisionName(ref)]
		if stored.missing != "" {
			missing = append(missing, stored.missing)
			continue
		}
		found = append(found, stored.revision)
	}
	return found, missing
}

// readSecrets reads the data of the Secrets that the account names.
func (r *BusinessAccountReconciler) readSecrets(ctx context.Context, scope *accountScope) (tenant.Secrets, error) {
	secrets := tenant.Secrets{}
	for _, name := range tenant.SecretNames(scope.account) {
		if scope.secrets[name] == nil || scope.foreign(name) != nil {
			continue
		}
		data, err := r.readSecret(ctx, scope, name)
		if err != nil {
			return nil, err
		}
		if data != nil {
			secrets[name] = data
		}
	}
	return secrets, nil
}

func (r *BusinessAccountReconciler) readSecret(
	ctx context.Context, scope *accountScope, name string,
) (map[string][]byte, error) {
	secret := &corev1.Secret{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, reading(err, "Secret %q", name)
	}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	return secret.Data, nil
}

// servedDocument is the configuration that the gateway has now, with the digest of its bytes, or
// nil if it has none that can be read.
func (r *BusinessAccountReconciler) servedDocument(
	ctx context.Context, scope *accountScope,
) (*config.Document, string, error) {
	name := tenant.ConfigSecretName(scope.account.Name)
	if scope.secrets[name] == nil {
		return nil, "", nil
	}
	data, err := r.readSecret(ctx, scope, name)
	if err != nil {
		return nil, "", err
	}
	served := &config.Document{}
	if json.Unmarshal(data[config.FileName], served) != nil {
		served = nil // what cannot be read is about to be replaced
	}
	return served, tenant.Digest(data[config.FileName]), nil
}

// claim is the claim of the account's volume, or nil. The caches lack one that has lost its label.
func (r *BusinessAccountReconciler) claim(
	ctx context.Context, scope *accountScope,
) (*corev1.PersistentVolumeClaim, error) {
	if found := scope.dataClaim(); found != nil || tenant.Shared(scope.account) {
		return found, nil
	}
	name, live := tenant.DataClaimName(scope.account.Name), &corev1.PersistentVolumeClaim{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, live)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, reading(err, "PersistentVolumeClaim %q", name)
	}
	return live, nil
}
