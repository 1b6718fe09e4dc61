package controllers_test

import (
	"errors"
	"testing"
	"time"

	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
)

// answerStatements has the fake gateways answer for a statement so.
func (w *world) answerStatements(answer func(report.StatementQuery) (statement.Content, error)) {
	w.gateways.change(func(f *fakeGateways) { f.statement = answer })
}

// passTime moves the clock on, in steps that let the operator look again.
func (w *world) passTime(step time.Duration, until func() bool) {
	w.t.Helper()
	w.Eventually(func() bool {
		w.clock.SetTime(w.clock.Now().Add(step))
		return until()
	}).Should(gomega.BeTrue())
}

func (w *world) statementIsClosed(name string) func() bool {
	return func() bool { return w.statementSays(name) == "Closed 0.03 and 0 USD" }
}

// A statement that cannot be written is a condition, and not only an event that is forgotten.
func TestStatementsThatFailAreACondition(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.eventually("acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionUnknown, v1alpha1.ReasonPending,
		"No statement was written yet: nothing was billed, or it is being added up")
	b := w.newBooks()
	w.answerStatements(func(report.StatementQuery) (statement.Content, error) {
		return statement.Content{}, errors.New("the ledger does not fit together")
	})
	b.settle("m1", w.clock.Now())
	w.eventually("acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionFalse, v1alpha1.ReasonStatementFailed,
		"The statement is not written: the ledger does not fit together")
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Eventually(func() []string { return w.warningsOf(v1alpha1.ReasonStatementFailed) }).Should(gomega.HaveLen(1))

	w.answerStatements(b.statement)
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	b.tell()
	w.eventually("acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionTrue, v1alpha1.ReasonStatementsCurrent,
		"The account's months are written as UsageStatements")
}

// A store is restored from before within the seconds between a report and the closing: what the
// gateway then adds up must not be signed.
func TestP5StatementOfAnOlderStoreIsNotSigned(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	b := w.newBooks()
	november := w.clock.Now()
	b.settle("m1", november)
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(gomega.Equal("Open 0.03 and 0 USD"))
	b.settle("m2", november)
	older := &books{w: w, zone: b.zone, entries: b.entries[:1], head: b.head}
	w.answerStatements(older.statement)
	w.clock.SetTime(time.Date(2026, 12, 8, 4, 0, 0, 0, time.UTC))
	b.tell()
	w.eventually("acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionFalse, v1alpha1.ReasonStatementFailed,
		"The statement is not written: the gateway's ledger lacks records that it has reported before: "+
			"its store was lost, or restored from before")
	w.Expect(w.statementSays("acme-2026-11")).To(gomega.HavePrefix("Open"))

	w.answerStatements(b.statement)
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	b.tell()
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(gomega.Equal("Closed 0.06 and 0 USD"))
}

// A gateway that reads a long ledger again after its start is asked every few seconds, not once a
// minute.
func TestStatementOfALongLedgerIsAskedForInSeconds(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	b := w.newBooks()
	asked := 0
	w.answerStatements(func(query report.StatementQuery) (statement.Content, error) {
		if asked++; asked <= 5 {
			return statement.Content{}, controllers.ErrStatementBehind
		}
		return b.statement(query)
	})
	began := w.clock.Now()
	b.settle("m1", began)
	w.passTime(500*time.Millisecond, func() bool { return w.statementSays("acme-2026-11") == "Open 0.03 and 0 USD" })
	w.Expect(w.clock.Since(began)).To(gomega.BeNumerically("<", 5*time.Minute), "six questions, one a minute")
}

// A month that nobody can close says so a day after its time has come.
func TestStatementThatIsOverdueIsACondition(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	b := w.newBooks()
	b.settle("m1", w.clock.Now())
	w.eventually(
		"acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionTrue, v1alpha1.ReasonStatementsCurrent, "",
	)
	w.gateways.change(func(f *fakeGateways) { f.down = true })
	w.clock.SetTime(time.Date(2026, 12, 9, 3, 0, 1, 0, time.UTC))
	w.eventually("acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionFalse, v1alpha1.ReasonStatementOverdue,
		"The statement of 2026-11 was to be closed at 2026-12-08T03:00:00Z: that needs a gateway that reports, and a "+
			"ledger that has what was published")
	w.gateways.change(func(f *fakeGateways) { f.down = false })
	b.tell()
	w.passTime(time.Minute, w.statementIsClosed("acme-2026-11"))
	w.eventually(
		"acme", v1alpha1.ConditionStatementsCurrent, metav1.ConditionTrue, v1alpha1.ReasonStatementsCurrent, "",
	)
}
