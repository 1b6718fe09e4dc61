package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// lastReportEvery is how often a report that has changed is kept for when the account is gone.
const lastReportEvery = 10 * time.Minute

// observeLedger finds the ledger that the account goes on with. The operator's own record decides,
// and nothing in the account's namespace: whoever may write there would otherwise choose a history.
func (r *BusinessAccountReconciler) observeLedger(ctx context.Context, scope *accountScope) error {
	known, object, err := r.ledgers.of(ctx, client.ObjectKeyFromObject(scope.account))
	if err != nil {
		return err
	}
	if known == nil {
		return r.firstLedger(ctx, scope)
	}
	scope.ledger, scope.ledgerObject = known, object
	adopt := scope.account.Spec.Adopt
	switch {
	case known.Owner != string(scope.account.UID) && adopt != nil && adopt.LedgerID != known.ID:
		scope.withheld = problem(v1alpha1.ReasonLedgerUnknown, "spec.adopt names ledger %s, and an account of this "+
			"name had ledger %s: name that one, or give the account another name", adopt.LedgerID, known.ID)
	case scope.paused():
	default:
		if scope.secrets[tenant.KeysSecretName(scope.account.Name)] == nil {
			scope.withheld, err = r.lostKeys(ctx, scope)
		}
		if err == nil && scope.withheld == nil && known.Head().Sequence > 0 {
			scope.withheld, err = r.lostVolume(ctx, scope)
		}
	}
	return err
}

// firstLedger finds the ledger of an account that the operator has no record of: the one that the
// platform lets it go on with, the one that it has had since before there were records, or a new
// one.
func (r *BusinessAccountReconciler) firstLedger(ctx context.Context, scope *accountScope) (err error) {
	keys := scope.secrets[tenant.KeysSecretName(scope.account.Name)]
	switch {
	case scope.account.Spec.Adopt != nil:
		scope.ledger = &tenant.LedgerRecord{} // none, while it is withheld
		granted, withheld, err := r.grantedLedger(ctx, scope.account)
		if err != nil || withheld != nil {
			scope.withheld = withheld
			return err
		}
		scope.ledger = granted
	case keys != nil && metav1.IsControlledBy(keys, scope.account), scope.account.Status.LedgerID != "":
		scope.ledger = tenant.StandingLedger(scope.account)
		return nil
	case keys != nil && scope.foreign(keys.Name) == nil:
		scope.ledger = &tenant.LedgerRecord{}
		scope.withheld = problem(v1alpha1.ReasonLedgerUnknown, "Secret %q holds the keys of a ledger that the "+
			"operator has no record of: have the platform team restore ConfigMap %q in its namespace; or, to begin "+
			"with an empty ledger, delete the Secret and what it unlocks",
			keys.Name, tenant.LedgerRecordName(scope.account.Namespace, scope.account.Name))
		return nil
	default:
		scope.ledger = tenant.NewLedger(scope.account)
	}
	if !scope.paused() && keys == nil {
		scope.withheld, err = r.lostKeys(ctx, scope)
	}
	return err
}

// grantedLedger is the ledger that spec.adopt names, if the platform has granted it to the account;
// else it says why not. Both sides have to say so: a business cannot take another one's history,
// nor come by a history that the platform knows nothing of.
func (r *BusinessAccountReconciler) grantedLedger(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) (*tenant.LedgerRecord, *tenant.Problem, error) {
	id := account.Spec.Adopt.LedgerID
	records, err := r.ledgers.withID(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if len(records) == 0 {
		return nil, problem(v1alpha1.ReasonLedgerUnknown, "spec.adopt names ledger %s, which the operator has no "+
			"record of: ask the platform team to restore it", id), nil
	}
	for i := range records {
		record, err := kube.ReadLedger(&records[i])
		if err != nil {
			return nil, nil, err
		}
		if records[i].Annotations[tenant.AnnotationAdoptableBy] == account.Namespace+"/"+account.Name {
			return record.AdoptedBy(account), nil, nil
		}
	}
	return nil, problem(v1alpha1.ReasonLedgerNotGranted, "spec.adopt names ledger %s, which this account may not go "+
		"on with: ask the platform team to let it", id), nil
}

// lostVolume says that the volume is gone although the ledger on it has records. An empty one in
// its place would begin a second ledger under the name of the first.
func (r *BusinessAccountReconciler) lostVolume(
	ctx context.Context, scope *accountScope,
) (*tenant.Problem, error) {
	if tenant.Shared(scope.account) || scope.dataClaim() != nil {
		return nil, nil
	}
	claim, err := r.claim(ctx, scope)
	if claim != nil || err != nil {
		return nil, err
	}
	var remains []string
	if keys := tenant.KeysSecretName(scope.account.Name); scope.secrets[keys] != nil {
		remains = append(remains, fmt.Sprintf("Secret %q", keys))
	}
	return problem(v1alpha1.ReasonLedgerLost, "PersistentVolumeClaim %q is gone, and ledger %s with it, which had %d "+
		"records: restore it from a snapshot; %s", tenant.DataClaimName(scope.account.Name), scope.ledger.ID,
		scope.ledger.Head().Sequence, r.beginAnew(scope, remains...)), nil
}

// beginAnew is what has to be done to give up a ledger, of which remains may still be there.
func (r *BusinessAccountReconciler) beginAnew(scope *accountScope, remains ...string) string {
	return fmt.Sprintf("or, to begin with an empty ledger, delete %s, have the platform team delete "+
		"ConfigMap %q in namespace %q, and make the account again",
		inWords(append([]string{"the account"}, remains...)),
		tenant.LedgerRecordName(scope.account.Namespace, scope.account.Name), r.Options.OperatorNamespace)
}

// keepLedger records which ledger the account goes on with, before any gateway writes to it; keeps
// its last report for when the account is gone; and sees to it that deleting the account deletes
// the ledger only if it may.
func (r *BusinessAccountReconciler) keepLedger(ctx context.Context, scope *accountScope) error {
	if scope.withheld != nil && scope.ledgerObject == nil {
		return nil
	}
	wanted := *scope.ledger
	if before := wanted.Owner; before != string(scope.account.UID) {
		if scope.withheld != nil {
			return nil
		}
		if err := r.history.inherit(ctx, types.UID(before), scope.account); err != nil {
			return err
		}
		wanted = *wanted.AdoptedBy(scope.account)
	}
	if scope.keepsReport(&wanted) {
		wanted.Last, wanted.SavedAt = tenant.LastOf(scope.memory.report, wanted.Owner), scope.now.UTC()
	}
	stored, err := r.ledgers.save(ctx, &wanted, scope.ledgerObject)
	if err != nil {
		return err
	}
	scope.ledger, scope.ledgerObject = &wanted, stored
	return r.keepOwnership(ctx, scope)
}

// keepsReport tells whether the gateway's report takes the place of the one that is kept: it is the
// first of the account, or that one is old and something was billed since.
func (s *accountScope) keepsReport(record *tenant.LedgerRecord) bool {
	known := s.memory.report
	if known == nil || s.ledgerRegressed() {
		return false
	}
	if record.Last == nil || record.Last.Owner != record.Owner {
		return true
	}
	return s.now.Sub(record.SavedAt) >= lastReportEvery && record.Last.Ledger.Hash != known.Ledger.Hash
}

// keepOwnership gives the volume and the Secrets that were made once to the account while they may
// go with it, and takes them from it while they may not. That holds for a paused account too.
func (r *BusinessAccountReconciler) keepOwnership(ctx context.Context, scope *accountScope) error {
	deletable := tenant.Deletable(scope.account)
	for _, object := range scope.retained() {
		owned := metav1.IsControlledBy(object, scope.account)
		if owned == deletable {
			continue
		}
		metadata := map[string]any{
			"resourceVersion": object.GetResourceVersion(), "ownerReferences": nil,
			"labels": labelsChanged(object, tenant.RetainedLabels(scope.account.Name)),
		}
		if deletable {
			reference := metav1.NewControllerRef(scope.account, v1alpha1.GroupVersion.WithKind("BusinessAccount"))
			reference.BlockOwnerDeletion = nil
			metadata["ownerReferences"] = []metav1.OwnerReference{*reference}
		}
		patch, err := json.Marshal(map[string]any{"metadata": metadata})
		if err != nil {
			return fmt.Errorf("encode the owner of %q: %w", object.GetName(), err)
		}
		err = r.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
		if client.IgnoreNotFound(err) != nil {
			return writing("patch", kindOf(object), object.GetName(), err)
		}
	}
	return nil
}

// labelsChanged are the labels that an object lacks of the wanted ones, and with nil those that it
// has of the operator's and should not.
func labelsChanged(object client.Object, wanted map[string]string) map[string]any {
	changed := map[string]any{}
	has := object.GetLabels()
	for name := range tenant.Labels("") {
		value, keep := wanted[name]
		switch before, there := has[name]; {
		case keep && before != value:
			changed[name] = value
		case !keep && there:
			changed[name] = nil
		}
	}
	return changed
}

// retained are the objects that outlive the account, of those that are there and not somebody
// else's.
func (s *accountScope) retained() []client.Object {
	var objects []client.Object
	for _, name := range ownSecrets(s.account) {
		if found := s.secrets[name]; found != nil && s.foreign(name) == nil {
			objects = append(objects, found)
		}
	}
	claim := s.dataClaim()
	if claim != nil && (metav1.IsControlledBy(claim, s.account) || kube.Retained(claim, s.account.Name)) {
		objects = append(objects, claim)
	}
	return objects
}

func kindOf(object client.Object) string {
	if _, claim := object.(*corev1.PersistentVolumeClaim); claim {
		return "PersistentVolumeClaim"
	}
	return "Secret"
}

// leave forgets an account that is gone. What its gateway reported last is kept with the record of
// its ledger, and so are the prices that it was billed by.
func (r *BusinessAccountReconciler) leave(ctx context.Context, name types.NamespacedName) error {
	if err := r.saveLast(ctx, name); err != nil {
		return err
	}
	r.forget(name)
	kept, _, err := r.ledgers.of(ctx, name)
	if err != nil || kept != nil {
		return err
	}
	return r.history.forget(ctx, name, "")
}

// saveLast keeps the last report of an account that is about to be gone.
func (r *BusinessAccountReconciler) saveLast(ctx context.Context, name types.NamespacedName) error {
	memory := r.memory.known(name)
	if memory == nil || memory.report == nil {
		return nil
	}
	kept, object, err := r.ledgers.of(ctx, name)
	if err != nil || kept == nil || kept.Owner != string(memory.uid) {
		return err
	}
	last := tenant.LastOf(memory.report, kept.Owner)
	if last.Ledger.Sequence <= kept.Head().Sequence {
		return nil
	}
	kept.Last, kept.SavedAt = last, r.Clock.Now().UTC()
	_, err = r.ledgers.save(ctx, kept, object)
	return err
}

// ledgerRecords are the records of ledgers in the operator's own namespace.
type ledgerRecords struct {
	client    client.Client
	live      client.Reader
	namespace string
}

// of is the record of the ledger of an account, and its object; nil if there is none.
func (l ledgerRecords) of(
	ctx context.Context, account types.NamespacedName,
) (*tenant.LedgerRecord, *corev1.ConfigMap, error) {
	object := &corev1.ConfigMap{}
	key := types.NamespacedName{Namespace: l.namespace, Name: tenant.LedgerRecordName(account.Namespace, account.Name)}
	err := l.client.Get(ctx, key, object)
	if apierrors.IsNotFound(err) { // the cache may be behind, and a second ledger must not be begun
		err = l.live.Get(ctx, key, object)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, reading(err, "ConfigMap %q", key.Name)
	}
	record, err := kube.ReadLedger(object)
	return record, object, err
}

// withID are the objects of the records of a ledger.
func (l ledgerRecords) withID(ctx context.Context, id string) ([]corev1.ConfigMap, error) {
	list := &corev1.ConfigMapList{}
	err := l.client.List(ctx, list, client.InNamespace(l.namespace), client.MatchingLabels{tenant.LabelLedger: id})
	if err != nil {
		return nil, reading(err, "the records of ledger %q", id)
	}
	return list.Items, nil
}

// save stores a record in place of the object that was read, nil if there was none, and returns the
// object. A ledger that was taken over has one record only: that of the account before goes.
func (l ledgerRecords) save(
	ctx context.Context, record *tenant.LedgerRecord, before *corev1.ConfigMap,
) (*corev1.ConfigMap, error) {
	if before == nil {
		object, err := kube.LedgerObject(l.namespace, record)
		if err != nil {
			return nil, err
		}
		if err := l.client.Create(ctx, object, client.FieldOwner(FieldManager)); err != nil {
			return nil, &callError{call: "create the ledger's record", err: err}
		}
		before = object
	}
	if record.From != "" {
		former := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: record.From}}
		if err := l.client.Delete(ctx, former); client.IgnoreNotFound(err) != nil {
			return nil, &callError{call: "delete the former record of the ledger", err: err}
		}
		record.From = ""
	}
	object, err := kube.LedgerObject(l.namespace, record)
	if err != nil {
		return nil, err
	}
	if sameStatus(object.Data, before.Data) {
		return before, nil
	}
	object.ResourceVersion, object.Annotations = before.ResourceVersion, before.Annotations
	if err := l.client.Update(ctx, object, client.FieldOwner(FieldManager)); err != nil {
		return nil, &callError{call: "update the ledger's record", err: err}
	}
	return object, nil
}
