package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// apply makes the cluster what was decided. What is refused is named, and keeps nothing else from
// being done: a smaller budget must arrive whatever else is wrong.
func (r *BusinessAccountReconciler) apply(ctx context.Context, scope *accountScope) error {
	if err := r.keepLedger(ctx, scope); err != nil {
		return err
	}
	if scope.stuck {
		return scope.memory.stall.cause
	}
	failure := r.applyDecision(ctx, scope)
	scope.rememberStall(failure)
	return failure
}

func (r *BusinessAccountReconciler) applyDecision(ctx context.Context, scope *accountScope) error {
	if scope.settled {
		return r.nudgePods(ctx, scope)
	}
	foreign := errors.Join(scope.decision.foreign...)
	if err := r.createSecrets(ctx, scope); err != nil {
		return errors.Join(foreign, err)
	}
	if err := r.keepPrices(ctx, scope); err != nil {
		return errors.Join(foreign, err)
	}
	failure := errors.Join(foreign, r.applyObjects(ctx, scope))
	if failure == nil && scope.decision.objects != nil && !scope.noGateway() {
		scope.memory.applied = scope.decision.outcome()
	}
	return errors.Join(failure, r.nudgePods(ctx, scope))
}

// createSecrets creates the Secrets that are made once.
func (r *BusinessAccountReconciler) createSecrets(ctx context.Context, scope *accountScope) error {
	for _, secret := range scope.decision.secrets {
		if err := r.Client.Create(ctx, secret, client.FieldOwner(FieldManager)); err != nil {
			return writing("create", "Secret", secret.Name, err)
		}
		made := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
		made.ObjectMeta = secret.ObjectMeta
		scope.secrets[secret.Name] = made
	}
	return nil
}

// keepPrices stores what the gateway is about to price by.
func (r *BusinessAccountReconciler) keepPrices(ctx context.Context, scope *accountScope) error {
	found, before := &scope.decision.prices, scope.inputs.recordObject
	if found.record == nil {
		return nil
	}
	for _, priced := range found.all() {
		if err := r.history.store(ctx, priced.planName, priced.plan.Revisions); err != nil {
			return err
		}
	}
	if before == nil {
		if err := r.history.forget(ctx, client.ObjectKeyFromObject(scope.account), scope.account.UID); err != nil {
			return err
		}
	}
	scope.memory.record = *found.record
	return r.history.save(ctx, *found.record, before)
}

// applyObjects applies what was compiled, one object after the other, and removes what is no longer
// wanted. One object that cannot be applied does not keep the others from being so, and nothing
// keeps the configuration from being so, not even a paused account.
func (r *BusinessAccountReconciler) applyObjects(ctx context.Context, scope *accountScope) error {
	if scope.decision.objects == nil {
		return nil
	}
	failure := r.applyThose(ctx, scope, isConfiguration)
	if failure == nil {
		failure = r.showPlan(ctx, scope)
	}
	if scope.noGateway() || scope.paused() {
		return failure
	}
	return errors.Join(failure, r.applyWorkload(ctx, scope))
}

func isConfiguration(intent *unstructured.Unstructured) bool { return intent.GetKind() == "Secret" }

func isPlanView(intent *unstructured.Unstructured) bool { return intent.GetKind() == "ConfigMap" }

// showPlan applies the ConfigMap from which the business reads its plan. The gateway needs it for
// nothing, so a refusal has a condition of its own and is tried again after a while.
func (r *BusinessAccountReconciler) showPlan(ctx context.Context, scope *accountScope) error {
	err := r.applyThose(ctx, scope, isPlanView)
	scope.decision.shown = err == nil
	if err == nil || remedyOf(err) != stall {
		return err
	}
	reason := v1alpha1.ReasonApplyRefused
	if _, foreign := errors.AsType[*foreignError](err); foreign {
		reason = v1alpha1.ReasonForeignObject
	}
	scope.decision.view = problem(reason, "%s", oneLine(err))
	if again := scope.now.Add(longestStall); scope.decision.due.IsZero() || again.Before(scope.decision.due) {
		scope.decision.due = again
	}
	return nil
}

// applyWorkload applies what the gateway runs as.
func (r *BusinessAccountReconciler) applyWorkload(ctx context.Context, scope *accountScope) error {
	if err := r.handOverReplicas(ctx, scope); err != nil {
		return err
	}
	workload := func(intent *unstructured.Unstructured) bool {
		return !isConfiguration(intent) && !isPlanView(intent)
	}
	if err := r.applyThose(ctx, scope, workload); err != nil {
		return err
	}
	return r.prune(ctx, scope)
}

// applyThose applies the compiled objects that are chosen.
func (r *BusinessAccountReconciler) applyThose(
	ctx context.Context, scope *accountScope, chosen func(*unstructured.Unstructured) bool,
) error {
	var failures []error
	for _, intent := range scope.decision.objects {
		if chosen(intent) {
			found := scope.child(intent.GetKind(), intent.GetName())
			failures = append(failures, r.applier.apply(ctx, scope.account, intent, found))
		}
	}
	return errors.Join(failures...)
}

// prune deletes the account's objects that are no longer wanted: those that carry its label and
// that it controls, of the kinds that an account can do without. A volume is never deleted here.
func (r *BusinessAccountReconciler) prune(ctx context.Context, scope *accountScope) error {
	wanted := map[string]bool{}
	for _, intent := range scope.decision.objects {
		wanted[childKey(intent.GetKind(), intent.GetName())] = true
	}
	for _, key := range sortedKeys(scope.children) {
		child := scope.children[key]
		ours := metav1.IsControlledBy(child, scope.account) && child.GetDeletionTimestamp().IsZero()
		if wanted[key] || !optional(child) || !ours {
			continue
		}
		uid := child.GetUID()
		if err := r.Client.Delete(ctx, child, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
			kind, name, _ := strings.Cut(key, "/")
			return writing("delete", kind, name, err)
		}
	}
	return nil
}

// optional tells whether an object is of a kind that an account can do without.
func optional(child client.Object) bool {
	switch child.(type) {
	case *networkingv1.Ingress, *policyv1.PodDisruptionBudget, *autoscalingv2.HorizontalPodAutoscaler:
		return true
	}
	return false
}

// nudgePods makes the kubelet refresh the configuration of the pods that serve an older one: it
// does so at once for a pod that has changed, and an annotation is a change that restarts nothing.
func (r *BusinessAccountReconciler) nudgePods(ctx context.Context, scope *accountScope) error {
	digest := scope.decision.digest
	if digest == "" {
		return nil
	}
	serving := map[string]string{}
	for _, read := range scope.reports {
		if answer, known := scope.answer(read); known {
			serving[read.pod] = answer.ConfigDigest
		}
	}
	for _, pod := range scope.readyPods() {
		if serving[pod.Name] == digest || pod.Annotations[tenant.AnnotationConfigDigest] == digest {
			continue
		}
		patch, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"annotations": map[string]string{tenant.AnnotationConfigDigest: digest}},
		})
		if err != nil {
			return fmt.Errorf("encode the annotation of pod %q: %w", pod.Name, err)
		}
		err = r.Client.Patch(ctx, &pod, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
		if client.IgnoreNotFound(err) != nil {
			return writing("annotate", "Pod", pod.Name, err)
		}
	}
	return nil
}
