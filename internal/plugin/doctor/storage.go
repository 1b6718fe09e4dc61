package doctor

import (
	"fmt"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/utils/ptr"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// findStorage looks at the volume or the database of the store, and at what the gateway says of it.
func findStorage(o *Observation) (found []Finding) {
	if tenant.Shared(o.Account) {
		found = o.findDatabase()
	} else {
		found = o.findVolume()
	}
	if failed(found) {
		return found
	}
	return append(found, o.ofConditions(v1alpha1.ConditionStoreWritable, v1alpha1.ConditionStorageSufficient)...)
}

// findDatabase looks at the connection's URL, which is a credential and never told.
func (o *Observation) findDatabase() []Finding {
	name := o.Account.Spec.Gateway.Storage.Shared.ConnectionSecretName
	secret := o.Secrets[name]
	if !secret.Found {
		return nil // the check of credentials says so
	}
	where := o.where("Secret", name)
	address, err := url.Parse(string(secret.Object.Data[v1alpha1.SecretKeyConnectionURL]))
	switch {
	case err != nil: // several hosts with ports are no URL to the parser
		return nil
	case address.Scheme != "postgres" && address.Scheme != "postgresql":
		return []Finding{failure(where, "The value of \"url\" is no PostgreSQL URL: it does not begin with postgres://",
			"Write it like postgres://user:password@host:5432/database?sslmode=verify-full")}
	case address.Query().Get("sslmode") == "disable":
		return []Finding{warning(where, "The connection to the database is not encrypted: sslmode is 'disable'",
			"Use sslmode=verify-full, and put the server's authority into 'ca.crt'")}
	}
	return nil
}

func (o *Observation) findVolume() []Finding {
	name := tenant.DataClaimName(o.Account.Name)
	where, claim := o.where("PersistentVolumeClaim", name), o.Claim.Object
	switch {
	case o.Claim.Err != nil:
		return []Finding{notSeen(where, o.Claim.Err)}
	case o.Claim.Absent() && o.hasLedger():
		return []Finding{failure(
			where, "The volume of the account's ledger is gone", advice.For(v1alpha1.ReasonLedgerLost),
		)}
	case o.Claim.Absent():
		return []Finding{notKnown(where, "It was not made yet")}
	case claim.DeletionTimestamp != nil:
		return []Finding{failure(
			where, "Somebody has deleted it: it goes with the gateway's pod", advice.For(v1alpha1.ReasonVolumeDeleting),
		)}
	case claim.Status.Phase == corev1.ClaimLost:
		return []Finding{failure(where, "Its volume is lost", advice.For(v1alpha1.ReasonLedgerLost))}
	case claim.Status.Phase != corev1.ClaimBound:
		return o.findUnbound(where)
	}
	return o.findSize(where)
}

// hasLedger tells whether the account has published a record.
func (o *Observation) hasLedger() bool {
	usage := o.Account.Status.Usage
	return usage != nil && usage.Ledger != nil && usage.Ledger.Sequence != nil && *usage.Ledger.Sequence > 0
}

// findUnbound says why a claim has no volume. One whose class waits for a pod gets it with the pod.
func (o *Observation) findUnbound(where string) []Finding {
	class := o.Claim.Object.Spec.StorageClassName
	switch {
	case class == nil:
		return []Finding{failure(
			where, "It has no volume: it names no storage class, and the cluster has no default one",
			"Make a storage class the default, or name one in spec.gateway.storage.embedded of a new account",
		)}
	case *class != "" && o.StorageClass.Absent():
		return []Finding{failure(where, fmt.Sprintf("It has no volume: there is no storage class %q", *class),
			"Create the storage class; the claim of an account cannot name another one")}
	case o.StorageClass.Err != nil:
		return []Finding{notSeen("StorageClass "+*class, o.StorageClass.Err)}
	case o.StorageClass.Found && waitsForPod(o.StorageClass.Object) && !o.podIsPlaced():
		return nil
	}
	return []Finding{failure(where, "It has no volume yet: the storage class's provisioner has not made one",
		"See its events: kubectl -n "+o.Account.Namespace+" describe persistentvolumeclaim "+o.Claim.Object.Name)}
}

func waitsForPod(class *storagev1.StorageClass) bool {
	return class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

// podIsPlaced tells whether a pod of the gateway has its node.
func (o *Observation) podIsPlaced() bool {
	for i := range o.Pods.Object {
		if o.Pods.Object[i].Spec.NodeName != "" {
			return true
		}
	}
	return false
}

// findSize looks whether a volume becomes as large as it is asked to be.
func (o *Observation) findSize(where string) []Finding {
	claim := o.Claim.Object
	asked, has := claim.Spec.Resources.Requests[corev1.ResourceStorage], claim.Status.Capacity[corev1.ResourceStorage]
	if asked.Cmp(has) <= 0 {
		return nil
	}
	what := fmt.Sprintf("It has %s and asks for %s", has.String(), asked.String())
	if o.StorageClass.Found && !ptr.Deref(o.StorageClass.Object.AllowVolumeExpansion, false) {
		return []Finding{warning(
			where, what+": its storage class does not let volumes grow",
			"Set allowVolumeExpansion of StorageClass "+o.StorageClass.Object.Name,
		)}
	}
	return []Finding{warning(where, what+": the volume is being enlarged", "Wait; see its events if it does not end")}
}
