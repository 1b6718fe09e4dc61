//go:build chaos && linux

package chaos

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// table says what was done and what came of it.
func (r *run) table(b *books) string {
	counts := r.sim.Counts()
	refused := 0
	for _, n := range counts.Refused {
		refused += n
	}
	undelivered := pricing.Undelivered.String()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	row("done to the gateway\t")
	row(
		"  killed\t%d times, %d with its store in trouble; ready again within %s", r.did.kills, r.did.killsInTrouble,
		r.did.slowestStart.Round(time.Millisecond),
	)
	row("  store in trouble\t%d full disks, %d crashes of the database, %d cuts of its connections; noticed %d times",
		r.did.fullDisks, r.did.crashes, r.did.cuts, r.logged("Store became unavailable"))
	row(
		"  black holes\t%d before the upstream, %d before the database, which did not answer in time %d times; "+
			"%d pieces held back",
		r.did.upstreamHoles, r.did.databaseHoles, r.noticedHoles(), r.held(),
	)
	row("  configuration\t%d reloads, %d documents that cannot be used", r.did.reloads, r.did.badDocuments)
	row(
		"  upstream\t%d moods; %d sends refused, %d connections cut, %d updates twice, %d webhooks repeated",
		r.did.moods, refused, counts.Dropped, counts.Duplicates, counts.Retries,
	)
	row("the business sent\t")
	row("  accepted\t%d", len(r.flow.promised))
	row(
		"  refused\t%d for the budget, %d outside a window", r.flow.refused[graph.CodePayment],
		r.flow.refused[graph.CodeReEngagement],
	)
	row("  repeated under its key\t%d without an answer, %d with one", r.flow.repeats, r.flow.again)
	row("what became of it\t")
	row(
		"  delivered\t%d: %d charged, %d free", b.count(func(f *fate) bool { return f.delivered }),
		b.count(func(f *fate) bool { return !f.charge.IsZero() }),
		b.count(func(f *fate) bool { return f.delivered && f.charge.IsZero() }),
	)
	row("  failed with a reason\t%d", b.count(func(f *fate) bool { return f.freeReason == undelivered && f.code != 0 }))
	row(
		"  in doubt\t%d; %d sent twice, %d delivered after all and corrected, for %s USD",
		b.count(func(f *fate) bool { return f.doubts > 0 }), b.count(func(f *fate) bool { return f.upstream > 1 }),
		b.count(func(f *fate) bool { return f.corrected > 0 }), b.corrected,
	)
	row("the customers wrote\t%d times", len(r.phones.wrote))
	row("the ledger\t%d records, chain verified", b.head.Sequence)
	row("  billed\t%s USD, of a budget of %s", b.billed, usd(r.budget.limit.Load()))
	row(
		"  reserved\t%s USD for %d messages that were given up in doubt", b.exposed(r.t),
		b.count(func(f *fate) bool { return !f.held.IsZero() }),
	)
	row("  closest to the budget\t%s USD were left, in %d samples", r.budget.closest, r.budget.samples)
	_ = w.Flush() // a strings.Builder never fails
	return text.String()
}

// held returns how many pieces of streams the black holes held back.
func (r *run) held() int64 {
	held := r.routes.upstream.Held()
	if r.routes.database != nil {
		held += r.routes.database.Held()
	}
	return held
}
