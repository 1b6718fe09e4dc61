package kube

import (
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Keys of the ConfigMaps with records.
const (
	ledgerRecordKey = "ledger"
	priceRecordKey  = "record.json"
)

// LedgerObject is the record of a ledger as it is stored.
func LedgerObject(namespace string, r *tenant.LedgerRecord) (*corev1.ConfigMap, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the record of a ledger: %w", err)
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      tenant.LedgerRecordName(r.Namespace, r.Name),
			Labels:    map[string]string{tenant.LabelManagedBy: tenant.ManagedBy, tenant.LabelLedger: r.ID},
		},
		Data: map[string]string{ledgerRecordKey: string(encoded)},
	}, nil
}

// ReadLedger is the record that an object holds.
func ReadLedger(object *corev1.ConfigMap) (*tenant.LedgerRecord, error) {
	r := &tenant.LedgerRecord{}
	if err := json.Unmarshal([]byte(object.Data[ledgerRecordKey]), r); err != nil {
		return nil, fmt.Errorf("ConfigMap %q holds no record of a ledger: %w", object.Name, err)
	}
	if r.ID == "" {
		return nil, fmt.Errorf("ConfigMap %q holds no record of a ledger: it names none", object.Name)
	}
	return r, nil
}

// PriceObject is the record of an account's prices as it is stored.
func PriceObject(namespace string, r tenant.PriceRecord) (*corev1.ConfigMap, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the price record: %w", err)
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      tenant.PriceRecordName(r.UID),
			Labels: map[string]string{
				tenant.LabelManagedBy: tenant.ManagedBy,
				tenant.LabelRecordOf:  tenant.RecordOf(r.Namespace, r.Name),
			},
		},
		Data: map[string]string{priceRecordKey: string(encoded)},
	}, nil
}

// ReadRecord is the record that an object holds.
func ReadRecord(object *corev1.ConfigMap) (tenant.PriceRecord, error) {
	var r tenant.PriceRecord
	if err := json.Unmarshal([]byte(object.Data[priceRecordKey]), &r); err != nil {
		return r, fmt.Errorf("ConfigMap %q holds no price record: %w", object.Name, err)
	}
	return r, nil
}

// RevisionObject is a revision as it is stored: the API server refuses any change of its data.
// Source:
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/
func RevisionObject(namespace, plan string, revision pricing.Revision) (*appsv1.ControllerRevision, error) {
	encoded, err := json.Marshal(revision)
	if err != nil {
		return nil, fmt.Errorf("encode revision %q: %w", revision.Name, err)
	}
	ref := tenant.RevisionRef{Plan: plan, Name: revision.Name, Digest: pricing.Digest(revision)}
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      tenant.RevisionName(ref),
			Labels: map[string]string{
				tenant.LabelManagedBy: tenant.ManagedBy, tenant.LabelPlan: tenant.PlanLabel(plan),
			},
			Annotations: map[string]string{tenant.AnnotationPlan: plan, tenant.AnnotationRevision: revision.Name},
		},
		Data:     runtime.RawExtension{Raw: encoded},
		Revision: 1,
	}, nil
}

var errOtherContent = errors.New("its content is not that of its digest")

// ReadRevision is the revision that an object holds, if it is the one that the reference names.
func ReadRevision(object *appsv1.ControllerRevision, ref tenant.RevisionRef) (pricing.Revision, error) {
	var revision pricing.Revision
	if err := json.Unmarshal(object.Data.Raw, &revision); err != nil {
		return revision, fmt.Errorf("ControllerRevision %q cannot be read: %w", object.Name, err)
	}
	if revision.Name != ref.Name || pricing.Digest(revision) != ref.Digest {
		return revision, fmt.Errorf("ControllerRevision %q: %w", object.Name, errOtherContent)
	}
	return revision, nil
}

// Retained tells whether an object is one that stays when its account is deleted, and is the
// account's: it has no owner and the account's labels.
func Retained(object metav1.Object, account string) bool {
	labels := object.GetLabels()
	return metav1.GetControllerOf(object) == nil &&
		labels[tenant.LabelAccount] == account && labels[tenant.LabelManagedBy] == tenant.ManagedBy
}
