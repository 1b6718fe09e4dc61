package controllers

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

// assessCallbacks says whether the business's endpoint takes what it is told. Counts are rounded,
// so that the status does not change with every callback.
func assessCallbacks(scope *accountScope) assessment {
	known := scope.memory.report
	if known == nil {
		return reportMissing("which callbacks are taken")
	}
	var reason string
	var sentences []string
	say := func(because, sentence string) {
		reason, sentences = cmp.Or(reason, because), append(sentences, sentence)
	}
	if failure := known.CallbackFailure; failure != nil {
		say(v1alpha1.ReasonEndpointFailing, fmt.Sprintf(
			"The endpoint of spec.callback takes nothing since %s: %s; %d callbacks wait, and are tried for seven days",
			failure.Since.UTC().Format(time.RFC3339), answered(failure.Status), *rounded(known.Queues.Callbacks)))
	}
	if known.LostCallbacks > 0 {
		say(v1alpha1.ReasonCallbacksLost, fmt.Sprintf(
			"%d callbacks were lost, because too many waited or were set aside", *rounded(known.LostCallbacks)))
	}
	if aside := known.RefusedCallbacks; aside != nil {
		say(v1alpha1.ReasonCallbacksRefused, refusedSentence(aside))
	}
	if reason == "" {
		return isTrue(v1alpha1.ReasonCallbacksTaken, "No callback is set aside")
	}
	return isFalse(reason, strings.Join(sentences, ". "))
}

// refusedSentence holds no count, which would change with each callback.
func refusedSentence(aside *report.RefusedCallbacks) string {
	last := fmt.Sprintf("with %d", aside.Status)
	if aside.Status == 0 {
		last = "without an answer"
	}
	return fmt.Sprintf(
		"The endpoint of spec.callback refuses callbacks, the last one %s: they are set aside for 30 days; "+
			"list, replay or drop them with 'guichet callbacks'", last)
}

// answered says what the endpoint answers.
func answered(status int) string {
	if status == 0 {
		return "it does not answer"
	}
	return fmt.Sprintf("it answers %d", status)
}
