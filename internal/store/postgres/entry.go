package postgres

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// entry is the beginning of a transaction that was sent: it takes the replica's turn, renews its
// lease and asks.
type entry struct {
	on        *connection
	questions []engine.Question
	readings  []reading
	began     time.Time // by the process's clock
	asked     time.Time // by the machine's

	renewed        bool // the server has answered
	version, clock int64
}

// sendEntry sends the beginning of a transaction.
func (w *writer) sendEntry(questions []engine.Question) (*entry, error) {
	e := &entry{
		on: w.connection, questions: questions, began: w.engine.clock.Now(), asked: w.engine.clock.Machine(),
	}
	renew := engine.Question{
		Text: renewLease, Lists: [][]any{{w.engine.term.Milliseconds(), w.id}},
		Scan: func(_ int, v engine.Row) {
			e.renewed = true
			w.batch, w.active, e.version, e.clock = v.Int(0), v.Int(1), v.Int(2), v.Int(3)
		},
	}
	for _, statement := range []string{w.opening, takeTurn} {
		if err := w.Exec(statement); err != nil {
			return nil, err
		}
	}
	var err error
	e.readings, err = w.sendQuestions(append([]engine.Question{renew}, questions...))
	return e, err
}

// receiveEntry waits for the turn and the answers. What a replica without a lease was told is of no
// use to anybody: its transaction ends here.
func (w *writer) receiveEntry(e *entry) error {
	w.began, w.async = e.began, false
	_, err := w.receiveSent(e.readings)
	switch {
	case err != nil:
	case !e.renewed:
		if err = w.checkKept(); err == nil {
			err = engine.ErrLeaseLost
		}
	case w.id == w.kept.lease && w.batch <= w.kept.batch:
		err = w.wentBack()
	}
	if err == nil {
		err = w.engine.tables.Check(int(e.version))
	}
	if err == nil {
		w.measure(e.asked, time.UnixMilli(e.clock), w.engine.clock.Machine())
		return nil
	}
	if errors.Is(err, engine.ErrLeaseLost) || errors.Is(err, engine.ErrSuperseded) {
		// In a newer schema not even the end of the lease is this program's to write: it runs out.
		w.giveUpLease()
	}
	w.Rollback()
	return err
}

// Alone implements engine.Overlapping.
func (w *writer) Alone() bool { return w.active <= 1 }

// CommitAndAsk implements engine.Overlapping: the next transaction takes the turn that this one
// leaves, before another replica that waits for it has woken up. So it is not for an account with
// several replicas at work.
func (w *writer) CommitAndAsk(questions ...engine.Question) error {
	e, err := w.sendCommitAndEntry(questions)
	if err != nil {
		_ = w.connection.Close() // nobody knows what has arrived
		return w.committed(false, err)
	}
	if err := w.committed(ended(w.receiveSent(nil))); err != nil {
		if e.on == w.connection && !w.lost() {
			_, _ = w.receiveSent(nil) // whatever has begun is rolled back
		}
		return err
	}
	w.next = e
	return nil
}

func (w *writer) sendCommitAndEntry(questions []engine.Question) (*entry, error) {
	if err := w.sendKept(); err != nil {
		return nil, err
	}
	if err := w.send(w.statement(commit), nil); err != nil {
		return nil, err
	}
	w.endPart()
	e, err := w.sendEntry(questions)
	if err != nil {
		return nil, err
	}
	return e, w.flush()
}

// Answered implements engine.Overlapping. A connection that was lost before the first answer is
// replaced.
func (w *writer) Answered() error {
	e := w.next
	w.next = nil
	if e.on == w.connection && !w.lost() {
		err := w.bePatient()
		if err == nil {
			err = w.receiveEntry(e)
		}
		if err == nil || e.renewed || !w.lost() {
			return err
		}
	}
	return w.BeginAsking(e.questions...)
}
