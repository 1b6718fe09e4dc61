package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

func TestLoweredBudgetWarnsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("1"), Action: config.BudgetWarn, WarnAtPercent: []int32{80}}
		})
		w.accepted(templateTo(ana, "parcel_ready"))
		w.settled(1)
		w.document.Budget.Limit = usd("0.03")
		w.writeDocument()
		w.until("the warning is reported", func() bool { return w.report().Period.BudgetWarned == 80 })
	})
}

// What a delivery of the last month costs counts in that month, whenever the upstream tells of it.
func TestBudgetLevelThatIsPassedAfterTheMonthWarnsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(d *config.Document) {
			d.Budget = &config.Budget{Limit: usd("0.03"), Action: config.BudgetWarn, WarnAtPercent: []int32{80}}
		})
		w.quiet(ana)
		delivered := w.status(w.submittedID(w.accepted(templateTo(ana, "parcel_ready"))), "delivered", "")
		w.clock.Advance(12 * 24 * time.Hour) // from the 20th of November to the 2nd of December
		w.webhook(delivered, appSecret)
		w.until("the warning is logged", func() bool {
			return strings.Contains(w.logs.String(), `"msg":"Budget level passed","period":"2026-11","percent":80`)
		})
		if r := w.report(); r.Period.Name != "2026-12" || r.Period.BudgetWarned != 0 {
			t.Fatalf("warned of %d%% of %s; want nothing of 2026-12", r.Period.BudgetWarned, r.Period.Name)
		}
	})
}
