//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/test/rig"
)

// fate is everything that is known about one message.
type fate struct {
	send rig.Send
	// The upstream's record: how often it has the message, and whether it delivered it.
	upstream  int
	delivered bool
	// The ledger's: settlements, corrections, notes of doubt, what is owed in the end, and why if
	// it is nothing.
	settled, corrected, doubts int
	charge                     money.Decimal
	freeReason                 string
	// code is why the store says that the message failed; 0 if it did not.
	code int
	// held is what it still has reserved, because the upstream may have a copy of it.
	held money.Decimal
}

// books are what the gateway has written.
type books struct {
	head   ledger.Head
	totals ledger.Totals
	billed money.Decimal
	// corrected is what is owed for messages that were delivered after they had been given up.
	corrected money.Decimal
	fates     map[string]*fate
}

// audit compares everything with the upstream's own record, and prints the table.
func (r *run) audit(last report.Report) {
	t := r.t
	t.Helper()
	opened, err := r.account.OpenStore(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if _, err := opened.Audit(context.Background()); err != nil {
		t.Errorf("P5: the ledger or its totals do not verify: %v", err)
	}
	b := r.read(opened)
	r.readUpstream(b)
	t.Log("\n" + r.table(b))
	r.checkMessages(b)
	r.checkPeople()
	r.checkMoney(b, last)
	r.checkProof(b)
}

// read reads the ledger and what the store knows about each promised message.
func (r *run) read(opened *store.Store) *books {
	b := &books{fates: map[string]*fate{}}
	for id, send := range r.flow.promised {
		b.fates[id] = &fate{send: send}
	}
	err := opened.View(context.Background(), func(tx *store.Tx) (err error) {
		if b.head, b.totals, err = ledger.Verify(r.account.Document.Account.UID, tx.Ledger().Entries(0)); err != nil {
			return err
		}
		if err := b.enterAll(tx); err != nil {
			return err
		}
		for id, f := range b.fates {
			m, found, err := tx.Messages().ByID(id)
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			f.code, f.held = m.ErrorCode, m.Reserved.Amount
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// exposed returns the most that the messages that were given up in doubt can still cost: their
// bounds, without the cheapest free-form messages: as many of them as there are places left in
// their number's allowance.
func (b *books) exposed(t *testing.T) (sum money.Decimal) {
	t.Helper()
	var counted []money.Decimal
	left, freeForm := map[string]int{}, map[string][]money.Decimal{}
	for _, number := range rig.PhoneNumberIDs() {
		left[number] = freeService
	}
	for _, f := range b.fates {
		switch {
		case f.freeReason == "allowance":
			left[f.send.Number]--
		case f.held.IsZero():
		case strings.Contains(f.send.Body, `"type":"template"`):
			counted = append(counted, f.held)
		default:
			freeForm[f.send.Number] = append(freeForm[f.send.Number], f.held)
		}
	}
	for number, bounds := range freeForm {
		slices.SortFunc(bounds, money.Decimal.Cmp)
		counted = append(counted, bounds[min(len(bounds), max(0, left[number])):]...)
	}
	for _, bound := range counted {
		var err error
		if sum, err = sum.Add(bound); err != nil {
			t.Fatal(err)
		}
	}
	return sum
}

// enterAll adds the records of the whole ledger.
func (b *books) enterAll(tx *store.Tx) error {
	for entry, err := range tx.Ledger().Entries(0) {
		if err != nil {
			return err
		}
		record, err := ledger.ParseCanonical(entry.Canonical)
		if err != nil {
			return err
		}
		if err := b.enter(record); err != nil {
			return err
		}
	}
	return nil
}

// enter adds a record to its message's fate.
func (b *books) enter(record *ledger.Record) (err error) {
	f := b.fate(record.MessageID)
	switch record.Kind {
	case ledger.Doubt:
		f.doubts++
		return nil
	case ledger.Settlement:
		f.settled++
	case ledger.Correction:
		f.corrected++
		if b.corrected, err = b.corrected.Add(record.Charge); err != nil {
			return err
		}
	}
	f.freeReason = record.FreeReason
	if f.charge, err = f.charge.Add(record.Charge); err != nil {
		return err
	}
	b.billed, err = b.billed.Add(record.Charge)
	return err
}

// fate returns the fate of a message, which need not have been promised.
func (b *books) fate(id string) *fate {
	if b.fates[id] == nil {
		b.fates[id] = &fate{}
	}
	return b.fates[id]
}

func (r *run) readUpstream(b *books) {
	for _, m := range r.sim.Messages(simulator.MessageFilter{}) {
		f := b.fate(m.CallbackData)
		f.upstream++
		f.delivered = f.delivered || slices.ContainsFunc(
			m.Statuses, func(s simulator.StatusStep) bool { return s.Status == webhook.StatusDelivered },
		)
	}
}

// checkMessages checks what happened to each message.
func (r *run) checkMessages(b *books) {
	undelivered := pricing.Undelivered.String()
	r.none("P1: promised, and the ledger does not know it", b, func(f *fate) bool { return f.settled == 0 })
	r.none("P2: settled more than once", b, func(f *fate) bool { return f.settled > 1 })
	r.none(
		"P2: neither promised to anybody nor a repetition, and sent", b,
		func(f *fate) bool { return f.upstream > 0 && f.send == rig.Send{} },
	)
	r.none(
		"P2: delivered, and the ledger says undelivered", b,
		func(f *fate) bool { return f.delivered && f.freeReason == undelivered },
	)
	r.none(
		"P2: not delivered, and not settled as undelivered", b,
		func(f *fate) bool { return !f.delivered && f.freeReason != undelivered },
	)
	r.none(
		"P2: corrected without having been given up in doubt", b,
		func(f *fate) bool { return f.corrected > 1 || f.corrected == 1 && f.doubts == 0 },
	)
	r.none(
		"P3: has a reservation, and was delivered or never in doubt", b,
		func(f *fate) bool { return !f.held.IsZero() && (f.delivered || f.doubts == 0) },
	)
	r.none("failed without a reason", b, func(f *fate) bool { return !f.delivered && f.code == 0 })
	r.none(
		"P4: free-form to a stranger, and sent", b,
		func(f *fate) bool { return f.upstream > 0 && strings.Contains(f.send.Body, "To a stranger") },
	)
	r.none(
		"P12: sent more than once without a doubt in the ledger", b,
		func(f *fate) bool { return f.upstream > 1 && f.doubts == 0 },
	)
	if n := len(r.flow.renamed); n > 0 {
		r.t.Errorf("P2: %d keys were answered with two different ids, such as %s", n, r.flow.renamed[0])
	}
}

// none fails the test if there is a message of the kind, and names the first few.
func (r *run) none(what string, b *books, is func(*fate) bool) {
	r.t.Helper()
	var found []string
	for id, f := range b.fates {
		if is(f) {
			found = append(found, fmt.Sprintf("%s %+v", id, *f))
		}
	}
	if len(found) == 0 {
		return
	}
	slices.Sort(found)
	r.t.Errorf("%s: %d messages:\n%s", what, len(found), strings.Join(found[:min(3, len(found))], "\n"))
}

// checkPeople checks that the business was told of everything.
func (r *run) checkPeople() {
	r.business.mu.Lock()
	defer r.business.mu.Unlock()
	untold, silent := 0, 0
	for _, m := range r.phones.wrote {
		if !r.business.told[m.ID] {
			untold++
			r.t.Logf("not told of %s, written at %s", m.ID, m.Time)
		}
	}
	for id := range r.flow.promised {
		ended := r.business.ended[id]
		if ended == "" || ended == webhook.StatusFailed && r.business.reasons[id] == 0 {
			silent++
		}
	}
	if untold > 0 || silent > 0 || r.business.forged > 0 {
		r.t.Errorf(
			"P1: the business was not told of %d customers' messages nor of the end of %d of its own; %d callbacks "+
				"were not properly signed",
			untold, silent, r.business.forged,
		)
	}
}

// checkMoney checks the sums: the report's against the ledger's, and both against guichet rate and
// the budget.
func (r *run) checkMoney(b *books, last report.Report) {
	month := b.totals[ledger.TotalKey{Period: last.Period.Name, Currency: "USD"}]
	if month.Billed != b.billed || last.Period.Billed.Amount != b.billed {
		r.t.Errorf(
			"P5: the records add up to %s, the month's total is %s, and the report said %s", b.billed, month.Billed,
			last.Period.Billed,
		)
	}
	if want := b.exposed(r.t); last.Period.Reserved.Amount != want {
		r.t.Errorf(
			"P3: nothing is on its way, the messages that were given up in doubt can cost %s, and %s is reserved",
			want, last.Period.Reserved,
		)
	}
	r.budget.check("at the end", b.billed, last.Period.Reserved.Amount, usd(r.budget.limit.Load()))
	if r.budget.closest.Sign() < 0 {
		r.t.Errorf("P3: the budget was exceeded: %s", r.budget.when)
	}
	r.compareWithRate(b)
}

// checkProof checks that the run has tested the promises at all.
func (r *run) checkProof(b *books) {
	counts := r.sim.Counts()
	if r.resends() && r.sentTwice() == 0 {
		r.t.Error("no message was sent twice: the run proves less than it says")
	}
	if r.settings.engine == postgres && r.noticedHoles() == 0 {
		r.t.Error("no black hole before the database was noticed: the run proves less than it says")
	}
	for what, n := range map[string]int{
		"kills": r.did.kills - 1, "troubles of the store that it noticed": r.logged("Store became unavailable"),
		"reloads":                 r.did.reloads,
		"refusals for the budget": r.flow.refused[graph.CodePayment], "refusals outside a window": r.flow.refused[graph.CodeReEngagement],
		"doubts": b.count(func(f *fate) bool { return f.doubts > 0 }), "connections cut": counts.Dropped, "duplicates": counts.Duplicates,
		"black holes before the upstream": int(r.routes.upstream.Held()),
		"samples of the budget":           r.budget.samples, "charges": b.count(func(f *fate) bool { return !f.charge.IsZero() }),
	} {
		if n <= 0 {
			r.t.Errorf("too few %s: the run proves less than it says", what)
		}
	}
}

// noticedHoles returns how often the gateway said that its store did not answer in time.
func (r *run) noticedHoles() int {
	n := 0
	for line := range strings.Lines(r.log()) {
		if strings.Contains(line, `"msg":"Store `) && strings.Contains(line, "timeout") {
			n++
		}
	}
	return n
}

// count counts messages.
func (b *books) count(is func(*fate) bool) int {
	n := 0
	for _, f := range b.fates {
		if is(f) {
			n++
		}
	}
	return n
}

// logged counts the gateway's log lines with a text.
func (r *run) logged(text string) int { return strings.Count(r.log(), text) }

// log returns all that the gateway has logged.
func (r *run) log() string {
	log, err := os.ReadFile(r.account.Path("gateway.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(log)
}
