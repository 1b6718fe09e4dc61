package controllers

import (
	"fmt"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
)

// maxLacks bounds the rates that a condition names.
const maxLacks = 8

// assessPriced says whether every delivered message could be priced. Counts are rounded, so that
// the status does not change with every message.
func assessPriced(scope *accountScope) assessment {
	known := scope.memory.report
	switch {
	case known == nil:
		return reportMissing("what it could not price")
	case known.Period.Unpriced == 0:
		return isTrue(v1alpha1.ReasonDeliveriesPriced, "No delivered message waits for its price")
	}
	count := *rounded(known.Period.Unpriced)
	missing, unreadable := lacking(known.Unpriced)
	switch {
	case len(missing) > 0:
		return isFalse(v1alpha1.ReasonRateMissing, fmt.Sprintf(
			"Delivered messages (%d) are not billed, because PricingPlan %q has no rate for them: %s; add what is "+
				"missing ('guichet plan check' lists it)",
			count, scope.account.Spec.PlanName, strings.Join(missing, ", "),
		))
	case unreadable:
		return isFalse(v1alpha1.ReasonMessagesUnreadable, fmt.Sprintf(
			"Delivered messages (%d) are not billed, because what prices them cannot be read: restore the store, or "+
				"the key that they are sealed with; the gateway's log names them", count))
	}
	return isFalse(v1alpha1.ReasonRateMissing, fmt.Sprintf(
		"Delivered messages (%d) are not billed yet: they are priced by the configuration that the gateway serves next",
		count))
}

// lacking names the rates that are missing, and tells whether messages cannot be read.
func lacking(all []report.Unpriced) (missing []string, unreadable bool) {
	for _, lack := range all {
		switch {
		case lack.Unreadable:
			unreadable = true
		case len(missing) < maxLacks:
			missing = append(missing, lackName(lack))
		case len(missing) == maxLacks:
			missing = append(missing, "and others")
		}
	}
	return missing, unreadable
}

// lackName is a missing rate, with its plan if that is one of a channel's own.
func lackName(lack report.Unpriced) string {
	name := fmt.Sprintf("%s in %s", lack.Category, lack.Market)
	switch {
	case lack.Market == "" && lack.Category == "":
		name = "no revision was in force"
	case lack.Market == "":
		name = lack.Category
	}
	if lack.Plan != "" {
		name += fmt.Sprintf(" (by PricingPlan %q)", lack.Plan)
	}
	return name
}
