package controllers

import (
	"context"
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/internal/tenant"
)

// replicasManager holds a Deployment's number of replicas until its autoscaler says another.
const replicasManager = FieldManager + "-replicas"

// handOverReplicas keeps the number of replicas that the operator has applied where an autoscaler
// is to have it from now on: a field that nobody applies any more takes the API server's own value,
// which is one replica. An autoscaler leaves a Deployment of no replicas alone, so one that was
// stopped begins with what the autoscaler has at least. Source:
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
func (r *BusinessAccountReconciler) handOverReplicas(ctx context.Context, scope *accountScope) error {
	known := scope.deployment()
	if _, ours := tenant.Replicas(scope.account); ours || known == nil || !metav1.IsControlledBy(known, scope.account) {
		return nil
	}
	live := &appsv1.Deployment{} // the caches do not hold who applied what
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(known), live); err != nil {
		return client.IgnoreNotFound(err)
	}
	if live.UID != known.UID || live.Spec.Replicas == nil || !slices.ContainsFunc(live.ManagedFields, appliesReplicas) {
		return nil
	}
	replicas := *live.Spec.Replicas
	if replicas == 0 {
		replicas = max(1, scope.account.Spec.Gateway.Autoscaling.MinReplicas)
	}
	held := appsv1ac.Deployment(live.Name, live.Namespace).
		WithUID(live.UID).
		WithResourceVersion(live.ResourceVersion).
		WithSpec(appsv1ac.DeploymentSpec().WithReplicas(replicas))
	if err := r.Client.Apply(ctx, held, client.FieldOwner(replicasManager), client.ForceOwnership); err != nil {
		return writing("hand over the replicas of", "Deployment", live.Name, err)
	}
	return nil
}

// appliesReplicas tells whether an entry is that of the operator and has the number of replicas.
func appliesReplicas(entry metav1.ManagedFieldsEntry) bool {
	if entry.Manager != FieldManager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
		return false
	}
	var fields struct {
		Spec map[string]json.RawMessage `json:"f:spec"`
	}
	if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
		return false
	}
	_, has := fields.Spec["f:replicas"]
	return has
}
