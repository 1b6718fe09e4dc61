package messages

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// aheadInLine is how many messages of a line are read ahead: the one that leaves it, and the next.
const aheadInLine = 2

const (
	selectLine = `SELECT seq, lane FROM messages WHERE channel = $1 AND customer = $2 AND state <= 2
		AND parked = 0 ORDER BY seq LIMIT $3 + 0`
	selectHeadOfCustomer = `SELECT lane FROM messages WHERE channel = $1 AND customer = $2 AND state <= 2
		AND parked = 0 ORDER BY seq LIMIT 1`
)

// front is the first messages of a customer's line, as they are within the transaction. More says
// that there may be others behind them.
type front struct {
	messages []inLine
	more     bool
}

// inLine is a message of a line. One that this transaction has accepted has no seq yet.
type inLine struct {
	seq  int64
	lane Lane
}

// AheadOf asks for what is ahead of a new message of customers, and for their callbacks.
func (tx *Tx) AheadOf(people []txn.Person) []engine.Question {
	fronts := make([]front, len(people))
	q := engine.Question{Text: selectLine, Scan: func(of int, v engine.Row) {
		f := &fronts[of]
		f.messages = append(f.messages, inLine{v.Int(0), Lane(v.Int(1))})
		f.more = len(f.messages) == aheadInLine
		tx.fronts.Read(people[of], *f)
	}}
	for i := range people {
		tx.fronts.Read(people[i], front{})
		q.Lists = append(q.Lists, []any{people[i].Channel, people[i].Customer[:], int64(aheadInLine)})
	}
	return []engine.Question{q, tx.Tx.AheadOf(people)}
}

// enterLine puts a new message at the end of a line.
func (tx *Tx) enterLine(of txn.Person, lane Lane) {
	f, known := tx.fronts.Get(of)
	if !known {
		return
	}
	if f.more || len(f.messages) >= aheadInLine {
		f.more = true
	} else {
		f.messages = append(slices.Clone(f.messages), inLine{lane: lane})
	}
	tx.fronts.Put(of, f)
}

// leaveLine takes a message out of its line.
func (tx *Tx) leaveLine(m *Message) {
	of := txn.Person{Channel: m.Channel, Customer: m.Customer}
	f, known := tx.fronts.Get(of)
	if !known {
		return
	}
	f.messages = slices.DeleteFunc(slices.Clone(f.messages), func(in inLine) bool { return in.seq == m.seq })
	tx.fronts.Put(of, f)
}

// first is the first message of a line. It is not known if nothing was read ahead, or what was is
// used up.
func (f front) first() (first inLine, occupied, known bool) {
	if len(f.messages) > 0 {
		return f.messages[0], true, true
	}
	return inLine{}, false, !f.more
}

// promoteFront brings the messages of a line into a lane, if that is before their own.
func (tx *Tx) promoteFront(of txn.Person, lane Lane) {
	f, known := tx.fronts.Get(of)
	if !known {
		return
	}
	f.messages = slices.Clone(f.messages)
	for i := range f.messages {
		f.messages[i].lane = min(f.messages[i].lane, lane)
	}
	tx.fronts.Put(of, f)
}

// Line is a customer's line of unsent messages, as an operation found it. It is valid within the
// operation until a message of the customer's changes.
type Line struct {
	of       txn.Person
	occupied bool
	lane     Lane // of its messages
}

// Free tells whether a new message would be the next one to send.
func (l Line) Free() bool { return !l.occupied }

// Line looks at a customer's line. Parked messages are beside it.
func (q Queue) Line(of txn.Person) (Line, error) {
	line := Line{of: of}
	if f, ahead := q.tx.fronts.Get(of); ahead {
		if first, occupied, known := f.first(); known {
			line.occupied, line.lane = occupied, first.lane
			return line, q.tx.Failure()
		}
	}
	if err := q.tx.FlushMessages(); err != nil {
		return line, err
	}
	var err error
	line.occupied, err = q.tx.First(selectHeadOfCustomer, []any{of.Channel, of.Customer[:]}, func(v engine.Row) {
		line.lane = Lane(v.Int(0))
	})
	return line, err
}

// join puts a message into its customer's line: ready at the given time if the line is free, or
// behind others, which then come along into its lane.
func (tx *Tx) join(line Line, m *Message, readyAt time.Time) error {
	switch {
	case line.Free():
		m.ReadyAt = readyAt
	case line.lane > m.Lane:
		return tx.promote(line.of, m.Lane)
	default:
		m.Lane = line.lane
	}
	return nil
}
