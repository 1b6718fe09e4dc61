package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// statusWriter writes an object's status, once in a pass and only if it changed, and then tells of
// it in events.
type statusWriter struct {
	client   client.Client
	recorder events.EventRecorder
}

// write patches the status of after if it is not that of before. The patch holds only if before is
// still what the API server has, so that a pass over an old copy neither overwrites a newer status
// nor repeats its events.
func (w statusWriter) write(
	ctx context.Context, before, after client.Object, changed bool, old, current []metav1.Condition,
) error {
	if !changed {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	err := w.client.Status().Patch(ctx, after, patch)
	if apierrors.IsNotFound(err) {
		return nil // it was deleted in the meantime: there is nothing to tell
	}
	if err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	for _, told := range transitions(old, current) {
		w.recorder.Eventf(after, nil, told.kind, told.reason, "Reconcile", "%s", told.note)
	}
	return nil
}

// sameStatus tells whether two statuses are equal in meaning.
func sameStatus(a, b any) bool { return equality.Semantic.DeepEqual(a, b) }

// announcement is one thing to tell.
type announcement struct{ kind, reason, note string }

// passing tells whether a reason is that of a state which ends by itself within seconds: no reason
// to warn.
func passing(reason string) bool {
	return reason == v1alpha1.ReasonGatewayProgressing || reason == v1alpha1.ReasonConfigPropagating
}

// transitions are the events of a changed status: a warning for each condition that has become
// False or is so for another reason, and a word when the object has become ready. Unknown is not
// news, and neither is what passes.
func transitions(old, current []metav1.Condition) []announcement {
	var list []announcement
	for _, condition := range current {
		before := apimeta.FindStatusCondition(old, condition.Type)
		if before != nil && before.Status == condition.Status && before.Reason == condition.Reason {
			continue
		}
		summary := condition.Type == v1alpha1.ConditionReady
		note := truncated(fmt.Sprintf("%s: %s", condition.Type, condition.Message))
		switch {
		case condition.Status == metav1.ConditionFalse && !summary && !passing(condition.Reason):
			list = append(list, announcement{corev1.EventTypeWarning, condition.Reason, note})
		case condition.Status == metav1.ConditionTrue && summary:
			if condition.Reason == v1alpha1.ReasonReady {
				note = "Everything is in order"
			}
			list = append(list, announcement{corev1.EventTypeNormal, condition.Reason, note})
		case condition.Status == metav1.ConditionTrue && condition.Reason == v1alpha1.ReasonBudgetWarning:
			list = append(list, announcement{corev1.EventTypeWarning, condition.Reason, note})
		}
	}
	return list
}
