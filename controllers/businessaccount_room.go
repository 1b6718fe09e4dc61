package controllers

import (
	"fmt"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// Below these a volume is filling up.
const (
	leastFreePercent = 20
	leastDaysLeft    = 7
)

// assessRoom says whether the volume of the gateway's store has room for the time to come, and
// whether it is larger than the spec asks for.
func assessRoom(scope *accountScope) assessment {
	found := reportedRoom(scope)
	claim := scope.dataClaim()
	if claim == nil {
		return found
	}
	has, wanted := claim.Spec.Resources.Requests.Storage(), kube.VolumeSize(scope.account)
	if has.Cmp(wanted) > 0 {
		found.message += fmt.Sprintf(". PersistentVolumeClaim %q keeps its %s although "+
			"spec.gateway.storage.embedded.size is %s: a volume cannot shrink", claim.Name, has, &wanted)
	}
	return found
}

func reportedRoom(scope *accountScope) assessment {
	for _, read := range scope.reports {
		if answer, known := scope.answer(read); known && answer.Storage != nil {
			return assessStorage(answer.Storage)
		}
	}
	return unknown(
		v1alpha1.ReasonReportUnavailable, "No replica of the gateway has said how much of its volume is free",
	)
}

// assessStorage judges the room that a gateway reports. Its figures are rounded, and so the texts
// are stable.
func assessStorage(room *report.Storage) assessment {
	const remedy = "raise spec.gateway.storage.embedded.size before the volume is full"
	soon := room.DaysLeft != nil && *room.DaysLeft < leastDaysLeft
	percent := int64(100)
	if room.VolumeBytes > 0 {
		percent = int64(float64(room.FreeBytes) / float64(room.VolumeBytes) * 100)
	}
	switch {
	case soon:
		return isFalse(v1alpha1.ReasonFillingUp, fmt.Sprintf(
			"%d %% of the gateway's volume is free, which lasts for %s at the rate of the last seven days: %s",
			percent, days(*room.DaysLeft), remedy))
	case percent < leastFreePercent:
		return isFalse(
			v1alpha1.ReasonFillingUp, fmt.Sprintf("%d %% of the gateway's volume is free: %s", percent, remedy),
		)
	}
	return isTrue(v1alpha1.ReasonSufficient, "The gateway's volume has room for the time to come")
}

func days(count int64) string {
	switch count {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", count)
}
