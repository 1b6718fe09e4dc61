package controllers

import (
	"fmt"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// staleAfter is for how long figures hold that could not be read again: one missed reading is no
// news.
const staleAfter = 45 * time.Second

func assessUsage(scope *accountScope) assessment {
	switch {
	case scope.ledgerRegressed() && scope.account.Status.Usage == nil:
		published := scope.publishedRecord()
		return isFalse(v1alpha1.ReasonLedgerRegressed, fmt.Sprintf("The gateway's ledger lacks record %d, which was "+
			"published before the account was made again: its store was lost, or restored from before. Restore the "+
			"store, or have the platform team annotate ConfigMap %q with %s=%s, to go on with what the store has",
			published.Sequence, tenant.LedgerRecordName(scope.account.Namespace, scope.account.Name),
			tenant.AnnotationAcceptedLoss, published.Hash))
	case scope.ledgerRegressed():
		return isFalse(v1alpha1.ReasonLedgerRegressed, fmt.Sprintf("The gateway's ledger lacks record %d, which "+
			"status.usage has published: its store was lost, or restored from before. "+
			"status.usage stays as it was: restore the store, or remove status.usage to go on with what the store has",
			scope.publishedRecord().Sequence))
	case scope.latest() != nil:
		return isTrue(v1alpha1.ReasonUsageCurrent, "status.usage is what the gateway reports")
	case scope.memory.report != nil && !scope.stale():
		return isTrue(v1alpha1.ReasonUsageCurrent, "status.usage is what the gateway reports")
	case scope.memory.report == nil && scope.account.Status.Usage == nil &&
		(len(scope.readyPods()) == 0 || scope.readySince(staleAfter)):
		return unknown(v1alpha1.ReasonReportUnavailable, "The gateway has not reported yet")
	}
	return isFalse(
		v1alpha1.ReasonReportUnavailable, "status.usage is what it was at its asOfTime: "+scope.whyNoReport(),
	)
}

// reportMissing is the assessment about figures of which there is no report yet.
func reportMissing(what string) assessment {
	return unknown(v1alpha1.ReasonReportUnavailable, "The gateway has not reported "+what)
}

// whyNoReport says in stable words why there are no newer figures.
func (s *accountScope) whyNoReport() string {
	for i := range s.reports {
		if s.reports[i].err != nil {
			return reportFailure(s.reports[i].err)
		}
	}
	if len(s.reports) > 0 {
		return "the gateway has no figures while its store is away"
	}
	return "no replica of the gateway runs"
}

// assessBilling says whether the upstream prices messages as the ledger does. It names the first
// messages of each cause, which stay the same, and holds no count, which would change.
func assessBilling(scope *accountScope) assessment {
	known := scope.memory.report
	if known == nil {
		return reportMissing("what the upstream bills")
	}
	var differs []string
	if causes := namedCauses(known.Period.Differences); causes != "" {
		differs = append(differs, fmt.Sprintf("the upstream's statuses differ from the ledger in %s: the ledger's "+
			"assessUpstream says how", causes))
	}
	if causes := namedCauses(known.Period.CountDifferences); causes != "" {
		differs = append(differs, fmt.Sprintf("the upstream's daily counts differ from the ledger in %s", causes))
	}
	agrees := "The upstream's statuses price messages as the ledger does"
	switch {
	case differs != nil:
		return isFalse(v1alpha1.ReasonUpstreamDiffers, fmt.Sprintf(
			"In period %s %s; compare the whole with 'guichet ledger reconcile'", known.Period.Name,
			strings.Join(differs, "; "),
		))
	case known.Counts != nil && known.Counts.Failure != "":
		return unknown(v1alpha1.ReasonCountsUnread, fmt.Sprintf(
			"%s, but its daily counts are not compared: %s", agrees, known.Counts.Failure))
	case known.Counts != nil && known.Counts.Through != "":
		return isTrue(v1alpha1.ReasonBillingAgrees, agrees+", and so do its daily counts")
	}
	return isTrue(v1alpha1.ReasonBillingAgrees, agrees)
}

// namedCauses are causes with the first messages of each.
func namedCauses(differences []report.Difference) string {
	var causes []string
	for _, d := range differences {
		cause := d.Cause
		if len(d.Samples) > 0 {
			cause += fmt.Sprintf(" (such as %s)", strings.Join(d.Samples, ", "))
		}
		causes = append(causes, cause)
	}
	return strings.Join(causes, "; ")
}

func assessBudget(scope *accountScope) assessment {
	budget := scope.budget()
	if budget == nil {
		return isTrue(v1alpha1.ReasonNoBudget, "The account has no budget")
	}
	known := scope.memory.report
	limit, err := tenant.Money(budget.Limit)
	if known == nil || err != nil {
		return reportMissing("what was spent")
	}
	spent, err := spentOf(known, limit.Currency)
	if err != nil {
		return unknown(v1alpha1.ReasonCurrencyMismatch, "The budget and the charges are in two currencies")
	}
	if reached(spent, limit, 100) {
		return isFalse(v1alpha1.ReasonBudgetExhausted, fmt.Sprintf(
			"The budget of %s is spent in period %s: raise spec.budget.limit, or wait for the next period", limit,
			known.Period.Name,
		))
	}
	if refused := scope.budgetRefused(); refused != nil && budget.Action != v1alpha1.BudgetWarn && tooLow(
		limit, spent, *refused,
	) {
		return isFalse(v1alpha1.ReasonBudgetTooLow, fmt.Sprintf("Less is left of the budget of %s in period %s "+
			"than a message can cost: "+
			"those that can cost %s or more are refused; raise spec.budget.limit, or wait for the next period",
			limit, known.Period.Name, refused))
	}
	if level := warned(budget, spent, limit); level > 0 {
		return isTrue(
			v1alpha1.ReasonBudgetWarning,
			fmt.Sprintf("%d %% of the budget of %s is spent in period %s", level, limit, known.Period.Name),
		)
	}
	return isTrue(v1alpha1.ReasonWithinBudget, "Charges and reservations are within the budget")
}

// budgetRefused is the least amount that a replica has refused a message for; nil if none.
func (s *accountScope) budgetRefused() *money.Money {
	var least *money.Money
	for _, read := range s.reports {
		answer, known := s.answer(read)
		if !known || answer.BudgetRefused == nil {
			continue
		}
		if least == nil || answer.BudgetRefused.Amount.Cmp(least.Amount) < 0 {
			least = answer.BudgetRefused
		}
	}
	return least
}

// tooLow tells whether less is left of a limit than an amount.
func tooLow(limit, spent, amount money.Money) bool {
	left, err := limit.Sub(spent)
	return err == nil && left.Currency == amount.Currency && left.Amount.Cmp(amount.Amount) < 0
}

// budget is the one that is applied: the account's own, within what its plan grants.
func (s *accountScope) budget() *v1alpha1.Budget {
	applied := s.decision.budget
	switch {
	case s.decision.planName == "":
		return s.account.Spec.Budget
	case applied == nil:
		return nil
	}
	return &v1alpha1.Budget{
		Limit:         v1alpha1.Money{Amount: applied.Limit.Amount.String(), Currency: string(applied.Limit.Currency)},
		Action:        v1alpha1.BudgetAction(applied.Action),
		WarnAtPercent: applied.WarnAtPercent,
	}
}

// spentOf is what a period's charges and reservations come to.
func spentOf(r *report.Report, currency money.Currency) (money.Money, error) {
	spent := money.Money{Currency: currency}
	var err error
	for _, part := range []money.Money{r.Period.Billed, r.Period.Reserved} {
		if part.Amount.IsZero() {
			continue
		}
		if spent, err = spent.Add(part); err != nil {
			return money.Money{}, err
		}
	}
	return spent, nil
}

// warned is the highest of the budget's levels that is spent as it stands now. What the gateway
// remembers of the period says nothing here: it is about the limit of that moment, and a budget
// that was raised since is not spent to that level.
func warned(budget *v1alpha1.Budget, spent, limit money.Money) int32 {
	level := int32(0)
	for _, percent := range budget.WarnAtPercent {
		if reached(spent, limit, percent) {
			level = max(level, percent)
		}
	}
	return level
}
