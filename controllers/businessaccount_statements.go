package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/tenant"
)

const (
	// statementEvery is how often an open statement is written while something is billed.
	statementEvery = 10 * time.Minute
	// statementRetry is the pause after a statement that could not be written, and
	// noStatementsRetry that after a gateway has answered that it makes none: its image is to be
	// updated first.
	statementRetry    = time.Minute
	noStatementsRetry = time.Hour
	// statementReading is the pause while a gateway reads on in a long ledger, of which it adds up
	// 20,000 records at a time.
	statementReading = progressInterval
	// statementGrace is for how long a month's statement stays open after its end: Meta repeats a
	// webhook for seven days, so that later none can tell of a delivery in the month.
	// https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
	statementGrace = 7 * 24 * time.Hour
	// statementOverdue is for how long after that a month may stay open before the account says so.
	statementOverdue = 24 * time.Hour
)

// Failures of a gateway to give a statement which pass by themselves.
var (
	// ErrStatementBehind says that the gateway has not read its ledger to the end yet.
	ErrStatementBehind = errors.New("the gateway is still adding up the statement")
	// ErrNoStatements says that the gateway is of a release without statements.
	ErrNoStatements = errors.New("the gateway is of a release that makes no statements: update its image")
)

// errStatementOlder says that a gateway has added up a ledger that lacks what it has just reported.
var errStatementOlder = errors.New("the gateway's ledger lacks records that it has reported before: " +
	"its store was lost, or restored from before")

// statementMemory is what the operator remembers of an account's statements. It can be lost.
type statementMemory struct {
	// head is that of the ledger when the statements were written, in the month period; tried is
	// when they were looked at last, and pause how long they are let be if that has failed.
	head, period string
	written      time.Time
	tried        time.Time
	pause        time.Duration
	// failure is why they could not be written; nil if they were, or have not been tried.
	failure error
}

// keepStatements writes what the account's ledger has of its open months, and closes those that are
// over. What fails is told and tried again: it holds up nothing else of the account.
func (r *BusinessAccountReconciler) keepStatements(ctx context.Context, scope *accountScope) {
	latest := scope.latest()
	memory := &scope.memory.statements
	if latest == nil || latest.Ledger.Sequence == 0 || scope.ledgerObject == nil || scope.withheld != nil ||
		scope.ledgerRegressed() || !scope.statementsDue(latest) {
		return
	}
	memory.tried = scope.now
	err := r.writeStatements(ctx, scope, latest)
	memory.pause = statementRetry
	switch {
	case err == nil:
		memory.pause, memory.failure = 0, nil
		memory.head, memory.period, memory.written = latest.Ledger.Hash, latest.Period.Name, scope.now
	case errors.Is(err, ErrStatementBehind):
		memory.pause = statementReading
	case errors.Is(err, ErrNoStatements):
		memory.pause, memory.failure = noStatementsRetry, err
	case remedyOf(err) != wait:
		memory.failure = err
	}
}

// assessStatements says whether the account's months are written. An operator that has just
// started knows nothing yet, and lets stand what it said before.
func assessStatements(scope *accountScope, status *v1alpha1.BusinessAccountStatus) assessment {
	memory := &scope.memory.statements
	standing := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionStatementsCurrent)
	switch overdue, since := scope.overdueStatement(); {
	case memory.failure != nil:
		return isFalse(v1alpha1.ReasonStatementFailed, "The statement is not written: "+oneLine(memory.failure))
	case overdue != "":
		return isFalse(v1alpha1.ReasonStatementOverdue, fmt.Sprintf("The statement of %s was to be closed at %s: that "+
			"needs a gateway that reports, and a ledger that has what was published", overdue,
			since.UTC().Format(time.RFC3339)))
	case !memory.written.IsZero():
		return isTrue(v1alpha1.ReasonStatementsCurrent, "The account's months are written as UsageStatements")
	case standing != nil && standing.Status == metav1.ConditionTrue:
		return assessment{standing.Status, standing.Reason, standing.Message}
	}
	return unknown(v1alpha1.ReasonPending, "No statement was written yet: nothing was billed, or it is being added up")
}

// overdueStatement is the month whose statement should be closed by now, and since when; empty if
// there is none.
func (s *accountScope) overdueStatement() (month string, since time.Time) {
	zone, err := time.LoadLocation(s.account.Spec.TimeZone)
	if err != nil || s.ledger == nil || s.ledger.Statements == nil {
		return "", since
	}
	closed, err := civil.ParseMonth(s.ledger.Statements.Period)
	if err != nil {
		return "", since
	}
	since = (closed + 2).First().Start(zone).Add(statementGrace)
	if s.now.Before(since.Add(statementOverdue)) {
		return "", since
	}
	return (closed + 1).String(), since
}

// statementsDue tells whether a statement would say something new: something was billed since, a
// month began, or one is to be closed.
func (s *accountScope) statementsDue(latest *report.Report) bool {
	memory := &s.memory.statements
	if memory.pause > 0 {
		return s.now.Sub(memory.tried) >= memory.pause
	}
	if chain := s.ledger.Statements; chain != nil {
		if month, err := civil.ParseMonth(chain.Period); err == nil && s.closes(month+1, latest) {
			return true
		}
	}
	return memory.period != latest.Period.Name ||
		memory.head != latest.Ledger.Hash && s.now.Sub(memory.written) >= statementEvery
}

// closes tells whether the statement of a month is to be closed.
func (s *accountScope) closes(month civil.Month, latest *report.Report) bool {
	if month.String() >= latest.Period.Name {
		return false
	}
	zone, err := time.LoadLocation(s.account.Spec.TimeZone)
	return err == nil && !s.now.Before((month + 1).First().Start(zone).Add(statementGrace))
}

// writeStatements writes the statements of every month since the last closed one.
func (r *BusinessAccountReconciler) writeStatements(
	ctx context.Context, scope *accountScope, latest *report.Report,
) error {
	if scope.ledger.Statements == nil {
		if err := r.keepChain(ctx, scope, firstChain(latest)); err != nil {
			return err
		}
	}
	current, err := civil.ParseMonth(latest.Period.Name)
	if err != nil {
		return err
	}
	last, err := civil.ParseMonth(scope.ledger.Statements.Period)
	if err != nil {
		return err
	}
	query := report.StatementQuery{
		From: scope.ledger.Statements.Next, LateAfter: &scope.ledger.Statements.Sequence,
	}
	for month := last + 1; month <= current; month++ {
		query.Period = month.String()
		written, err := r.writeStatement(ctx, scope, query, scope.closes(month, latest))
		if err != nil {
			return err
		}
		query = report.StatementQuery{From: *written.Ledger.Next}
		if written.State != v1alpha1.StatementClosed {
			continue
		}
		chain := tenant.StatementChain{Period: written.Period, Sequence: *written.Ledger.Sequence, Next: query.From}
		if err := r.keepChain(ctx, scope, chain); err != nil {
			return err
		}
		query.LateAfter = &chain.Sequence
	}
	return nil
}

// firstChain is that of a ledger without statements: the first is that of the earliest month that
// the gateway tells of.
func firstChain(latest *report.Report) tenant.StatementChain {
	first := latest.Period.Name
	for _, period := range latest.History {
		first = min(first, period.Name)
	}
	before := ""
	if month, err := civil.ParseMonth(first); err == nil {
		before = (month - 1).String()
	}
	return tenant.StatementChain{Period: before}
}

// keepChain records how far the ledger's statements are closed, where no tenant can write.
func (r *BusinessAccountReconciler) keepChain(
	ctx context.Context, scope *accountScope, chain tenant.StatementChain,
) error {
	wanted := *scope.ledger
	wanted.Statements = &chain
	stored, err := r.ledgers.save(ctx, &wanted, scope.ledgerObject)
	if err != nil {
		return err
	}
	scope.ledger, scope.ledgerObject = &wanted, stored
	return nil
}

// writeStatement writes the statement of a month, and returns it as it is kept. One that is closed
// already is left as it is: the operator ended before it could record that.
func (r *BusinessAccountReconciler) writeStatement(
	ctx context.Context, scope *accountScope, query report.StatementQuery, closes bool,
) (*v1alpha1.UsageStatementSpec, error) {
	before, err := r.statementOf(ctx, scope, query.Period)
	if err != nil {
		return nil, err
	}
	if before.Spec.State == v1alpha1.StatementClosed {
		return &before.Spec, r.signer.check(ctx, before)
	}
	content, err := r.reports.Statement(ctx, scope.latestPod(), query)
	if err != nil {
		return nil, err
	}
	if reported := scope.latest().Ledger; content.Ledger.Sequence < reported.Sequence ||
		content.Ledger.Sequence == reported.Sequence && content.Ledger.Head != reported.Hash {
		return nil, errStatementOlder
	}
	spec, err := scope.statementSpec(content)
	if err != nil {
		return nil, err
	}
	if closes {
		spec.State, spec.ClosedTime = v1alpha1.StatementClosed, spec.AsOfTime
		if spec.Signature, err = r.signer.sign(ctx, spec); err != nil {
			return nil, err
		}
	} else if unchanged := *spec; before.ResourceVersion != "" {
		unchanged.AsOfTime = before.Spec.AsOfTime
		if sameStatus(unchanged, before.Spec) {
			return &before.Spec, nil
		}
	}
	before.Spec = *spec
	if before.ResourceVersion == "" {
		err = r.Client.Create(ctx, before, client.FieldOwner(FieldManager))
	} else {
		err = r.Client.Update(ctx, before, client.FieldOwner(FieldManager))
	}
	if err != nil {
		return nil, writing("write", "UsageStatement", before.Name, err)
	}
	return spec, nil
}

// statementOf is the statement of a month as it is kept, or a new one. What else has its name stays
// as it is: the statement of a ledger that was given up, or a copy of another month's.
func (r *BusinessAccountReconciler) statementOf(
	ctx context.Context, scope *accountScope, period string,
) (*v1alpha1.UsageStatement, error) {
	for _, name := range tenant.StatementNames(scope.account.Name, period, scope.ledger.ID) {
		found := &v1alpha1.UsageStatement{}
		err := r.Live.Get(ctx, client.ObjectKey{Namespace: scope.account.Namespace, Name: name}, found)
		switch {
		case apierrors.IsNotFound(err):
			return &v1alpha1.UsageStatement{ObjectMeta: metav1.ObjectMeta{
				Namespace: scope.account.Namespace, Name: name, Labels: tenant.RetainedLabels(scope.account.Name),
			}}, nil
		case err != nil:
			return nil, reading(err, "UsageStatement %q", name)
		case found.Spec.Ledger.ID == scope.ledger.ID && found.Spec.Period == period:
			return found, nil
		}
	}
	return nil, fmt.Errorf("the names of the statement of %s are taken by others", period)
}

// statementSpec is an open statement of what a gateway has added up.
func (s *accountScope) statementSpec(content statement.Content) (*v1alpha1.UsageStatementSpec, error) {
	encoded, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode a statement: %w", err)
	}
	spec := &v1alpha1.UsageStatementSpec{}
	if err := json.Unmarshal(encoded, spec); err != nil {
		return nil, fmt.Errorf("read a statement: %w", err)
	}
	spec.AccountName, spec.DisplayName = s.account.Name, s.account.Spec.DisplayName
	spec.TimeZone, spec.State = s.account.Spec.TimeZone, v1alpha1.StatementOpen
	spec.AsOfTime, spec.Ledger.ID = metav1.NewTime(s.now.UTC().Truncate(time.Second)), s.ledger.ID
	return spec, nil
}
