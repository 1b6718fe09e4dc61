package controllers

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

func TestStorageConditions(t *testing.T) {
	left := func(days int64) *int64 { return &days }
	sufficient := assessment{"True", "Sufficient", "The gateway's volume has room for the time to come"}
	for name, tc := range map[string]struct {
		room *report.Storage
		want assessment
	}{
		"not told":               {nil, assessment{"Unknown", "ReportUnavailable", "No replica of the gateway has said how much of its volume is free"}},
		"roomy, of unknown rate": {&report.Storage{FreeBytes: 500, VolumeBytes: 1000}, sufficient},
		"on the edge":            {&report.Storage{FreeBytes: 200, VolumeBytes: 1000, DaysLeft: left(7)}, sufficient},
		"little is free": {&report.Storage{FreeBytes: 199, VolumeBytes: 1000, DaysLeft: left(360)}, assessment{
			"False", "FillingUp", "19 % of the gateway's volume is free: raise spec.gateway.storage.embedded.size before the volume is full",
		}},
		"little time is left": {&report.Storage{FreeBytes: 500, VolumeBytes: 1000, DaysLeft: left(6)}, assessment{
			"False", "FillingUp", "50 % of the gateway's volume is free, which lasts for 6 days at the rate of the last seven days: " +
				"raise spec.gateway.storage.embedded.size before the volume is full",
		}},
		"nothing is free": {&report.Storage{FreeBytes: 0, VolumeBytes: 1000, DaysLeft: left(0)}, assessment{
			"False", "FillingUp", "0 % of the gateway's volume is free, which lasts for less than a day at the rate of the last seven days: " +
				"raise spec.gateway.storage.embedded.size before the volume is full",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := assessRoom(scopeOf(report.Report{}, report.Report{Storage: tc.room})); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

// A volume that fills up is told of by an event, once, and leaves the account as ready as it is.
func TestVolumeThatFillsUpIsToldOnce(t *testing.T) {
	condition := func(v assessment) []metav1.Condition {
		return []metav1.Condition{
			{Type: v1alpha1.ConditionStorageSufficient, Status: v.status, Reason: v.reason, Message: v.message},
		}
	}
	room := func(free int64) []metav1.Condition {
		return condition(assessStorage(&report.Storage{FreeBytes: free, VolumeBytes: 1000}))
	}
	if told := transitions(
		room(500), room(190),
	); len(told) != 1 || told[0].kind != "Warning" || told[0].reason != "FillingUp" {
		t.Errorf("told %v, want one warning", told)
	}
	if told := transitions(room(190), room(180)); len(told) != 0 {
		t.Errorf("told %v of a volume that goes on filling up, want nothing", told)
	}
	for _, part := range accountSummary(&accountScope{account: &v1alpha1.BusinessAccount{}}) {
		if part == v1alpha1.ConditionStorageSufficient {
			t.Error("StorageSufficient is a part of Ready")
		}
	}
}
