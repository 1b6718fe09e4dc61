package controllers

import (
	"fmt"
	"time"
	"unicode/utf8"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// maxMessage bounds a condition's message and an event's note, in bytes.
const maxMessage = 1024

// assessment is what a condition says, before it is stamped with a generation and a time. Messages
// are stable: no time, no count of attempts, no generated name.
type assessment struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

func isTrue(reason, message string) assessment {
	return assessment{metav1.ConditionTrue, reason, message}
}

func isFalse(reason, message string) assessment {
	return assessment{metav1.ConditionFalse, reason, message}
}

func unknown(reason, message string) assessment {
	return assessment{metav1.ConditionUnknown, reason, message}
}

// judgement collects the conditions of one object in one pass.
type judgement struct {
	conditions *[]metav1.Condition
	generation int64
	now        time.Time
}

// set records an assessment under a condition type. The time of the last transition moves only
// if the status does.
func (j judgement) set(conditionType string, v assessment) {
	apimeta.SetStatusCondition(j.conditions, metav1.Condition{
		Type:               conditionType,
		Status:             v.status,
		Reason:             v.reason,
		Message:            truncated(v.message),
		ObservedGeneration: j.generation,
		LastTransitionTime: metav1.NewTime(j.now),
	})
}

// summarise sets Ready from the conditions of the types, in the order of their weight: the first
// that is False speaks for the object, else the first that is Unknown. A condition that is not
// there counts as Unknown. An object that is Ready stays so while a new configuration is on its
// way, for propagationPatience.
func (j judgement) summarise(types ...string) {
	j.set(v1alpha1.ConditionReady, summary(*j.conditions, types, j.now))
}

// summariseAs is summarise with what Ready says if nothing is wrong.
func (j judgement) summariseAs(well assessment, types ...string) {
	found := summary(*j.conditions, types, j.now)
	if found.status == metav1.ConditionTrue {
		found = well
	}
	j.set(v1alpha1.ConditionReady, found)
}

func summary(conditions []metav1.Condition, types []string, now time.Time) assessment {
	wasReady := apimeta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady)
	result := isTrue(v1alpha1.ReasonReady, "Everything is in order")
	for _, conditionType := range types {
		found := apimeta.FindStatusCondition(conditions, conditionType)
		switch {
		case found == nil:
			found = &metav1.Condition{
				Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending,
				Message: fmt.Sprintf("%s is not known yet", conditionType),
			}
		case found.Status == metav1.ConditionTrue, notReported(found.Reason),
			found.Reason == v1alpha1.ReasonHibernated,
			wasReady && onItsWay(*found, now):
			continue
		case found.Status == metav1.ConditionFalse:
			return isFalse(found.Reason, found.Message)
		}
		if result.status == metav1.ConditionTrue {
			result = unknown(found.Reason, found.Message)
		}
	}
	return result
}

// notReported tells whether a reason is that the gateway is of a release that does not say.
func notReported(reason string) bool {
	return reason == v1alpha1.ReasonUpstreamNotReported || reason == v1alpha1.ReasonWebhooksNotReported
}

// propagationPatience is for how long a new configuration may be on its way to the gateways, which
// serve the one before meanwhile, and the upstream may be asked about new credentials.
const propagationPatience = 30 * time.Second

func onItsWay(condition metav1.Condition, now time.Time) bool {
	passes := condition.Status == metav1.ConditionFalse && condition.Reason == v1alpha1.ReasonConfigPropagating ||
		condition.Status == metav1.ConditionFalse && condition.Type == v1alpha1.ConditionReconciled ||
		condition.Status == metav1.ConditionUnknown && condition.Reason == v1alpha1.ReasonUpstreamNotChecked
	return passes && now.Sub(condition.LastTransitionTime.Time) < propagationPatience
}

// truncated cuts a text to maxMessage bytes, between two characters.
func truncated(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	const ellipsis = "…"
	cut := maxMessage - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}
