package doctor

import (
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

const (
	// operatorName is the operator's Deployment, operatorLease the Lease that one of several holds.
	operatorName  = "guichet-operator"
	operatorLease = "operator.guichet.dev"
	// lapsed is how long after its last renewal a Lease is surely nobody's: it is good for eight
	// seconds.
	lapsed = 30 * time.Second
	// patience is how long the operator may take to look at a new spec.
	patience = 30 * time.Second
)

// findOperator looks whether there is somebody who keeps the account as its spec says.
func findOperator(o *Observation) (found []Finding) {
	logs := fmt.Sprintf("kubectl -n %s logs deployment/%s", o.OperatorNamespace, operatorName)
	where := fmt.Sprintf("Deployment %s/%s", o.OperatorNamespace, operatorName)
	switch {
	case o.Operator.Err != nil:
		found = append(found, notSeen(where, o.Operator.Err))
	case o.Operator.Absent():
		found = append(found, failure(
			where, "There is no operator",
			"Install it (docs/platform.md), or name its namespace with --operator-namespace",
		))
	case o.Operator.Object.Status.ReadyReplicas == 0:
		found = append(found, failure(
			where, "No pod of the operator is ready: nothing of the account is kept as its spec says",
			"See its pods and its log: "+logs,
		))
	}
	if !failed(found) {
		found = append(found, o.findLease(logs)...)
	}
	account := o.Account
	switch {
	case !account.DeletionTimestamp.IsZero():
		found = append(found, failure(
			o.account(), "The account is being deleted",
			"Wait until it is gone; a finalizer in its metadata says what it waits for",
		))
	case o.Namespace.Found && !o.Namespace.Object.DeletionTimestamp.IsZero():
		found = append(found, failure(
			"Namespace "+account.Namespace, "The namespace is being deleted, with everything in it",
			"Back up the ledger at once, if it is needed (docs/platform.md)",
		))
	case account.Status.ObservedGeneration < account.Generation && o.Now.Sub(o.lastChange()) > patience:
		found = append(found, failure(
			o.account(),
			fmt.Sprintf(
				"The operator has not looked at the spec: it is generation %d, and the status is of %d",
				account.Generation, account.Status.ObservedGeneration,
			),
			"See the operator's log: "+logs,
		))
	}
	if account.Spec.Operation == v1alpha1.OperationPaused {
		found = append(found, warning(
			o.account(), "The account is paused: the operator leaves the gateway's objects alone",
			"Set spec.operation to 'Active' when they may be changed again",
		))
	}
	return append(found, o.ofConditions(v1alpha1.ConditionReconciled)...)
}

// findLease looks whether an operator works: several stand by for one.
func (o *Observation) findLease(logs string) []Finding {
	where := fmt.Sprintf("Lease %s/%s", o.OperatorNamespace, operatorLease)
	if o.Lease.Err != nil {
		return []Finding{notSeen(where, o.Lease.Err)}
	}
	if o.Lease.Absent() { // it runs without --leader-elect
		return nil
	}
	renewed := o.Lease.Object.Spec.RenewTime
	if renewed == nil || o.Now.Sub(renewed.Time) <= lapsed {
		return nil
	}
	return []Finding{failure(where, fmt.Sprintf(
		"No operator works: none has renewed its Lease since %s", renewed.UTC().Format(time.RFC3339),
	), "See the operator's log: "+logs)}
}

// lastChange is when somebody last wrote the account's spec, as far as its metadata tells.
func (o *Observation) lastChange() time.Time {
	last := o.Account.CreationTimestamp.Time
	for _, entry := range o.Account.ManagedFields {
		if entry.Subresource == "" && entry.Time != nil && entry.Time.After(last) {
			last = entry.Time.Time
		}
	}
	return last
}
