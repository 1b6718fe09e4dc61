//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
)

// budget raises the account's budget and watches over it.
type budget struct {
	run *run
	// limit is the highest limit that any gateway may know, in whole units: it is raised here
	// before it is written.
	limit   atomic.Int64
	samples int
	// closest is the least that was left in a sample, and when says which one it was.
	closest money.Decimal
	when    string
	// bites is how many sends had been refused for the budget when it was last raised.
	bites int
}

func newBudget(r *run) *budget { return &budget{run: r, closest: usd(1 << 20).Amount} }

// raise puts a higher limit into the document.
func (b *budget) raise() {
	b.run.account.Document.Budget = &config.Budget{
		Limit: usd(b.limit.Add(b.run.settings.budgetStep)), Action: "Block", WarnAtPercent: []int32{80, 100},
	}
}

// raiseOnceBitten raises the limit if a send has been refused since it was last raised. So it bites
// in every run, however fast the machine is.
func (b *budget) raiseOnceBitten() {
	if bites := b.run.flow.refusals(graph.CodePayment); bites > b.bites {
		b.bites = bites
		b.raise()
	}
}

// sample compares charges and reservations with the limit until ctx is done, whenever the gateway
// answers.
func (b *budget) sample(ctx context.Context) {
	for pause(ctx, 20*time.Millisecond) {
		r, err := b.run.gateway.Report(ctx)
		if err != nil || r.Period.Name == "" {
			continue // it is dead, or starting
		}
		// read after the report, and it only rises: never lower than the one that the report was
		// made under
		limit := usd(b.limit.Load())
		b.samples++
		b.check(fmt.Sprintf("sample %d", b.samples), r.Period.Billed.Amount, r.Period.Reserved.Amount, limit)
	}
}

// check compares charges and reservations with the limit.
func (b *budget) check(when string, billed, reserved money.Decimal, limit money.Money) {
	used, err := billed.Add(reserved)
	if err != nil {
		b.run.t.Error(err)
		return
	}
	left, err := limit.Amount.Sub(used)
	if err != nil {
		b.run.t.Error(err)
		return
	}
	if left.Cmp(b.closest) < 0 {
		b.closest, b.when = left, fmt.Sprintf("%s: %s charged and %s reserved, of %s", when, billed, reserved, limit)
	}
}
