package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// maxUnreferenced is how many stored revisions of a plan are kept that nothing refers to any more:
// those that the plan had a moment ago, and that a gateway may price by until it has the next ones.
const maxUnreferenced = 100

// priceHistory keeps what prices accounts in the operator's own namespace, where no tenant can
// write: the revisions of plans, each as an immutable ControllerRevision, and a record of each
// account that names those it is priced by.
type priceHistory struct {
	client    client.Client
	live      client.Reader
	namespace string
}

// record is an account's record as the API server has it, and its version; a new one without a
// version if there is none. A record that cannot be read is lost, and replaced: it must not keep
// what restricts the account from getting through.
func (h priceHistory) record(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) (tenant.PriceRecord, *corev1.ConfigMap, error) {
	object := &corev1.ConfigMap{}
	err := h.live.Get(ctx, types.NamespacedName{Namespace: h.namespace, Name: tenant.RecordName(account)}, object)
	if apierrors.IsNotFound(err) {
		return tenant.NewPriceRecord(account), nil, nil
	}
	if err != nil {
		return tenant.PriceRecord{}, nil, reading(err, "the price record")
	}
	record, err := kube.ReadRecord(object)
	if err != nil {
		log.FromContext(ctx).Error(err, "The price record cannot be read and is replaced")
		return tenant.NewPriceRecord(account), object, nil
	}
	return record, object, nil
}

// save stores a record in place of the one that was read; nil if there was none.
func (h priceHistory) save(ctx context.Context, record tenant.PriceRecord, before *corev1.ConfigMap) error {
	object, err := kube.PriceObject(h.namespace, record)
	if err != nil {
		return err
	}
	if before == nil {
		if err := h.client.Create(ctx, object, client.FieldOwner(FieldManager)); err != nil {
			return &callError{call: "create the price record", err: err}
		}
		return nil
	}
	if sameStatus(before.Data, object.Data) {
		return nil
	}
	object.ResourceVersion = before.ResourceVersion
	if err := h.client.Update(ctx, object, client.FieldOwner(FieldManager)); err != nil {
		return &callError{call: "update the price record", err: err}
	}
	return nil
}

// forget deletes the records of an account of a name, but that of the UID.
func (h priceHistory) forget(ctx context.Context, account types.NamespacedName, except types.UID) error {
	records := &corev1.ConfigMapList{}
	of := client.MatchingLabels{tenant.LabelRecordOf: tenant.RecordOf(account.Namespace, account.Name)}
	if err := h.client.List(ctx, records, client.InNamespace(h.namespace), of); err != nil {
		return fmt.Errorf("list price records: %w", err)
	}
	for i := range records.Items {
		kept, err := kube.ReadRecord(&records.Items[i])
		if err == nil && except != "" && kept.UID == string(except) {
			continue
		}
		if err := h.client.Delete(ctx, &records.Items[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete a price record: %w", err)
		}
	}
	return nil
}

// inherit gives an account the record of the one whose ledger it goes on with: what has priced its
// messages stays as it was (P6).
func (h priceHistory) inherit(ctx context.Context, former types.UID, account *v1alpha1.BusinessAccount) error {
	heir, object, err := h.record(ctx, account)
	if err != nil || object != nil {
		return err
	}
	before := account.DeepCopy()
	before.UID = former
	inherited, found, err := h.record(ctx, before)
	if err != nil || found == nil {
		return err
	}
	inherited.UID, inherited.Namespace, inherited.Name = heir.UID, heir.Namespace, heir.Name
	return h.save(ctx, inherited, nil)
}

// storedRevision is a stored revision; missing says why it is not there as it was stored.
type storedRevision struct {
	revision pricing.Revision
	missing  string
}

// revisions reads stored revisions, by the names of their objects.
func (h priceHistory) revisions(ctx context.Context, refs []tenant.RevisionRef) (map[string]storedRevision, error) {
	found := make(map[string]storedRevision, len(refs))
	for _, ref := range refs {
		name := tenant.RevisionName(ref)
		object, key := &appsv1.ControllerRevision{}, types.NamespacedName{Namespace: h.namespace, Name: name}
		err := h.client.Get(ctx, key, object)
		if apierrors.IsNotFound(err) { // the cache may be behind
			err = h.live.Get(ctx, key, object)
		}
		if apierrors.IsNotFound(err) {
			found[name] = storedRevision{
				missing: fmt.Sprintf("revision %q: ControllerRevision %q is not there", ref.Name, name),
			}
			continue
		}
		if err != nil {
			return nil, reading(err, "ControllerRevision %q", name)
		}
		revision, err := kube.ReadRevision(object, ref)
		if err != nil {
			found[name] = storedRevision{missing: fmt.Sprintf("revision %q: %s", ref.Name, err)}
			continue
		}
		found[name] = storedRevision{revision: revision}
	}
	return found, nil
}

// store makes sure that every revision of a plan is stored. One that is there with another content
// is replaced.
func (h priceHistory) store(ctx context.Context, planName string, revisions []pricing.Revision) error {
	for i, ref := range tenant.Refs(planName, revisions) {
		known, err := h.revisions(ctx, []tenant.RevisionRef{ref})
		if err != nil {
			return err
		}
		if known[tenant.RevisionName(ref)].missing == "" {
			continue
		}
		object, err := kube.RevisionObject(h.namespace, planName, revisions[i])
		if err != nil {
			return err
		}
		err = h.client.Create(ctx, object.DeepCopy(), client.FieldOwner(FieldManager))
		if apierrors.IsAlreadyExists(err) { // with another content, or it would not be missing
			if err = h.client.Delete(ctx, object.DeepCopy()); client.IgnoreNotFound(err) == nil {
				err = h.client.Create(ctx, object, client.FieldOwner(FieldManager))
			}
		}
		if err != nil {
			return fmt.Errorf("store revision %q of PricingPlan %q: %w", ref.Name, planName, err)
		}
	}
	return nil
}

// prune deletes the stored revisions of a plan that nothing refers to: all of them if the plan is
// gone, else the oldest beyond maxUnreferenced. current are the plan's own; nil if it is gone.
func (h priceHistory) prune(ctx context.Context, planName string, current []tenant.RevisionRef) error {
	stored := &appsv1.ControllerRevisionList{}
	of := client.MatchingLabels{tenant.LabelPlan: tenant.PlanLabel(planName)}
	if err := h.client.List(ctx, stored, client.InNamespace(h.namespace), of); err != nil {
		return fmt.Errorf("list the stored revisions of PricingPlan %q: %w", planName, err)
	}
	if len(stored.Items) == 0 || current != nil && len(stored.Items) <= len(current)+maxUnreferenced {
		return nil
	}
	needed, err := h.needed(ctx, current)
	if err != nil {
		return err
	}
	unreferenced := slices.DeleteFunc(stored.Items, func(o appsv1.ControllerRevision) bool { return needed[o.Name] })
	slices.SortFunc(unreferenced, func(a, b appsv1.ControllerRevision) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	if current != nil {
		unreferenced = unreferenced[min(len(unreferenced), maxUnreferenced):]
	}
	for i := range unreferenced {
		if err := h.client.Delete(ctx, &unreferenced[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete ControllerRevision %q: %w", unreferenced[i].Name, err)
		}
	}
	return nil
}

// needed are the names of the stored revisions that are referred to by a plan or by an account's
// record.
func (h priceHistory) needed(ctx context.Context, current []tenant.RevisionRef) (map[string]bool, error) {
	records, err := h.records(ctx)
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, ref := range current {
		needed[tenant.RevisionName(ref)] = true
	}
	for i := range records {
		for _, ref := range records[i].Refs() {
			needed[tenant.RevisionName(ref)] = true
		}
	}
	return needed, nil
}

// records are those of all accounts.
func (h priceHistory) records(ctx context.Context) ([]tenant.PriceRecord, error) {
	list := &corev1.ConfigMapList{}
	if err := h.client.List(
		ctx, list, client.InNamespace(h.namespace), client.HasLabels{tenant.LabelRecordOf},
	); err != nil {
		return nil, fmt.Errorf("list price records: %w", err)
	}
	records := make([]tenant.PriceRecord, len(list.Items))
	for i := range list.Items {
		var err error
		if records[i], err = kube.ReadRecord(&list.Items[i]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// kept tells of each revision of a plan that the records of accounts have as one that has priced
// messages whether the plan still has it: as it was, or with the prices that it lacked.
func (h priceHistory) kept(
	ctx context.Context, planName string, revisions []pricing.Revision,
) (map[string]bool, error) {
	records, err := h.records(ctx)
	if err != nil {
		return nil, err
	}
	frozen := map[tenant.RevisionRef]bool{}
	for i := range records {
		for _, ref := range records[i].FrozenOf(planName) {
			ref.Found = tenant.FoundRecorded
			frozen[ref] = true
		}
	}
	kept := map[string]bool{}
	for ref := range frozen {
		stored, err := h.revisions(ctx, []tenant.RevisionRef{ref})
		if err != nil {
			return nil, err
		}
		before := stored[tenant.RevisionName(ref)]
		is := slices.IndexFunc(revisions, func(r pricing.Revision) bool { return r.Name == ref.Name })
		others, known := kept[ref.Name]
		kept[ref.Name] = (others || !known) && before.missing == "" && is >= 0 &&
			pricing.Keeps(before.revision, revisions[is])
	}
	return kept, nil
}
