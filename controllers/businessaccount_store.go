package controllers

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// assessStore says whether the gateway's store takes writes, and is there to stay.
func assessStore(scope *accountScope) assessment {
	if claim := scope.dataClaim(); claim != nil && claim.DeletionTimestamp != nil {
		return isFalse(v1alpha1.ReasonVolumeDeleting, fmt.Sprintf(
			"PersistentVolumeClaim %q is being deleted: it goes with the gateway's pod, and the ledger with it; "+
				"export the ledger, or make a snapshot of the volume, before the pod ends", claim.Name))
	}
	var superseded *report.StoreOutage
	heard, writable := false, false
	for _, read := range scope.reports {
		answer, known := scope.answer(read)
		switch {
		case !known:
			continue
		case answer.StoreOutage == nil:
			writable = true
		case answer.StoreOutage.Cause == report.StoreSuperseded:
			superseded = answer.StoreOutage
		default:
			return assessOutage(scope, answer.StoreOutage)
		}
		heard = true
	}
	switch {
	case !heard:
		return unknown(v1alpha1.ReasonReportUnavailable, "No replica of the gateway has said whether its store "+
			"takes writes")
	case superseded != nil && !writable: // else another replica has taken over, and this one is about to go
		return assessOutage(scope, superseded)
	}
	return isTrue(v1alpha1.ReasonStoreWritable, "The gateway's store takes writes")
}

// assessOutage says what keeps the store from taking writes, and what to do.
func assessOutage(scope *accountScope, outage *report.StoreOutage) assessment {
	const refusing = "the gateway answers 503 to sends and webhooks meanwhile"
	shared := tenant.Shared(scope.account)
	switch {
	case outage.Cause == report.StoreSuperseded:
		return isFalse(
			v1alpha1.ReasonStoreSuperseded,
			"The gateway may not use its store any more, as another process has opened it or a newer release has "+
				"migrated it: delete the gateway's pod, and see that nothing else uses the store; "+refusing,
		)
	case outage.Cause == report.StoreFull && shared:
		return isFalse(v1alpha1.ReasonVolumeFull, "The PostgreSQL server has no space left: give it more; "+refusing)
	case outage.Cause == report.StoreFull:
		return isFalse(
			v1alpha1.ReasonVolumeFull,
			"The gateway's volume is full: raise spec.gateway.storage.embedded.size; "+refusing,
		)
	case outage.Cause == report.StoreReadOnly && shared:
		return isFalse(v1alpha1.ReasonVolumeReadOnly,
			"The PostgreSQL server is read-only: the connection URL must lead to the primary; "+refusing)
	case outage.Cause == report.StoreReadOnly:
		return isFalse(v1alpha1.ReasonVolumeReadOnly,
			"The gateway's volume is read-only: see the node's log, and repair the file system; "+refusing)
	case outage.Cause == report.StoreUnreachable:
		return isFalse(v1alpha1.ReasonDatabaseUnreachable, fmt.Sprintf(
			"The PostgreSQL server cannot be reached: see whether it runs, and the URL in Secret %q; %s",
			scope.account.Spec.Gateway.Storage.Shared.ConnectionSecretName, refusing))
	}
	return isFalse(v1alpha1.ReasonStoreFailing, "Writing to the gateway's store fails: its log says why; "+refusing)
}

// dataClaim is the claim of the account's volume, or nil.
func (s *accountScope) dataClaim() *corev1.PersistentVolumeClaim {
	found, _ := s.child("PersistentVolumeClaim", tenant.DataClaimName(s.account.Name)).(*corev1.PersistentVolumeClaim)
	return found
}
