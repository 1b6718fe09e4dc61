package controllers

import (
	"fmt"
	"testing"

	"github.com/guichet-dev/guichet/internal/report"
)

func TestUnpricedDeliveriesBecomeACondition(t *testing.T) {
	of := func(count int64, lacks ...report.Unpriced) *report.Report {
		return &report.Report{Period: report.Period{Name: "2026-11", Unpriced: count}, Unpriced: lacks}
	}
	poland := report.Unpriced{Market: "Poland", Category: "Marketing", Messages: 2}
	many := make([]report.Unpriced, 0, 12)
	for n := range 12 {
		many = append(many, report.Unpriced{Market: fmt.Sprint("M", n), Category: "Utility", Messages: 1})
	}
	const because = ` because PricingPlan "whatsapp" has no rate for them: `
	const add = "; add what is missing ('guichet plan check' lists it)"
	for name, tc := range map[string]struct {
		report *report.Report
		want   assessment
	}{
		"nothing is known": {nil, assessment{
			"Unknown", "ReportUnavailable", "The gateway has not reported what it could not price",
		}},
		"all are priced": {of(0), assessment{"True", "DeliveriesPriced", "No delivered message waits for its price"}},
		"a rate": {of(2, poland), assessment{
			"False", "RateMissing", "Delivered messages (2) are not billed," + because + "Marketing in Poland" + add,
		}},
		"a rate of a channel's own plan": {of(2, report.Unpriced{
			Market: "Poland", Category: "Marketing", Plan: "premium", Messages: 2,
		}), assessment{
			"False", "RateMissing", "Delivered messages (2) are not billed," + because +
				`Marketing in Poland (by PricingPlan "premium")` + add,
		}},
		"many messages": {of(123456, poland), assessment{
			"False", "RateMissing", "Delivered messages (120000) are not billed," + because + "Marketing in Poland" + add,
		}},
		"many rates": {of(12, many...), assessment{
			"False", "RateMissing", "Delivered messages (12) are not billed," + because + "Utility in M0, Utility in M1, " +
				"Utility in M2, Utility in M3, Utility in M4, Utility in M5, Utility in M6, Utility in M7, and " +
				"others" + add,
		}},
		"no revision": {of(1, report.Unpriced{Messages: 1}), assessment{
			"False", "RateMissing", "Delivered messages (1) are not billed," + because + "no revision was in force" + add,
		}},
		"what cannot be read": {of(1, report.Unpriced{Unreadable: true, Messages: 1}), assessment{
			"False", "MessagesUnreadable", "Delivered messages (1) are not billed, because what prices them cannot " +
				"be " +
				"read: restore the store, or the key that they are sealed with; the gateway's log names them",
		}},
		"about to be priced": {of(1), assessment{
			"False", "RateMissing", "Delivered messages (1) are not billed yet: they are priced by the configuration " +
				"that the gateway serves next",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			scope := scopeOf()
			scope.account.Spec.PlanName = "whatsapp"
			scope.memory.report = tc.report
			if got := assessPriced(scope); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}
