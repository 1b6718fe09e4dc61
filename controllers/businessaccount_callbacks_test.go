package controllers

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/report"
)

func TestWhatTheEndpointDoesNotTakeBecomesACondition(t *testing.T) {
	since := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	failing := func(status int, waiting int64) report.Report {
		return report.Report{
			CallbackFailure: &report.CallbackFailure{Since: since, Status: status},
			Queues:          report.Queues{Callbacks: waiting},
		}
	}
	const begins = "The endpoint of spec.callback takes nothing since 2026-11-20T12:00:00Z: "
	const refuses = "The endpoint of spec.callback refuses callbacks, the last one "
	const replay = ": they are set aside for 30 days; list, replay or drop them with 'guichet callbacks'"
	all := failing(404, 1)
	all.LostCallbacks, all.RefusedCallbacks = 1234, &report.RefusedCallbacks{Count: 1, Status: 403}
	for name, tc := range map[string]struct {
		report report.Report
		want   assessment
	}{
		"all are taken": {report.Report{}, assessment{"True", "CallbacksTaken", "No callback is set aside"}},
		"some wait": {
			report.Report{Queues: report.Queues{Callbacks: 9}},
			assessment{"True", "CallbacksTaken", "No callback is set aside"},
		},
		"the endpoint is 404": {
			failing(404, 1234),
			assessment{
				"False", "EndpointFailing",
				begins + "it answers 404; 1200 callbacks wait, and are tried for seven days",
			},
		},
		"the endpoint is away": {failing(0, 7), assessment{
			"False", "EndpointFailing", begins + "it does not answer; 7 callbacks wait, and are tried for seven days",
		}},
		"a refusal": {
			report.Report{RefusedCallbacks: &report.RefusedCallbacks{Count: 2, Status: 403}},
			assessment{"False", "CallbacksRefused", refuses + "with 403" + replay},
		},
		"a time-out": {
			report.Report{RefusedCallbacks: &report.RefusedCallbacks{Count: 2}},
			assessment{"False", "CallbacksRefused", refuses + "without an answer" + replay},
		},
		"some are lost": {
			report.Report{LostCallbacks: 12},
			assessment{"False", "CallbacksLost", "12 callbacks were lost, because too many waited or were set aside"},
		},
		"all of it is so": {all, assessment{"False", "EndpointFailing", begins + "it answers 404; 1 callbacks wait, " +
			"and are tried for seven days. " +
			"1200 callbacks were lost, because too many waited or were set aside. " + refuses + "with 403" + replay}},
	} {
		t.Run(name, func(t *testing.T) {
			scope := scopeOf()
			scope.memory.report = &tc.report
			if got := assessCallbacks(scope); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}
