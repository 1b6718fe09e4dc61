package callbacks

import (
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Endpoint is what is known of the business's endpoint. Callbacks are judged by it: what fails
// while others are delivered is at fault itself.
type Endpoint struct {
	// Address is a keyed hash of its URL; Since is when the account got it. With another one
	// everything but Lost begins anew.
	Address seal.CustomerHash
	Since   time.Time
	// DeliveredAt is when it took a delivery last; zero if it never did.
	DeliveredAt time.Time
	// FailingSince is when the first delivery after that failed, zero if none did, and Failing is
	// the callback that it was of. Several says that those of other callbacks have failed too.
	FailingSince time.Time
	Failing      int64
	Several      bool
	// FailedAt is when the last of them failed, with the HTTP status Status; 0 for no answer.
	FailedAt time.Time
	Status   int
	// ProbedAt is when a callback was tried last before its turn.
	ProbedAt time.Time
	// Lost counts callbacks that were lost for want of room.
	Lost int64
}

const (
	selectEndpoint = `SELECT address, since, delivered_at, failing_since, failing, several, failed_at, status,
		probed_at, lost FROM callback_endpoint WHERE one = 1`
	upsertEndpoint = `INSERT INTO callback_endpoint (one, address, since, delivered_at, failing_since, failing,
		several, failed_at, status, probed_at, lost) VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (one) DO UPDATE SET address = excluded.address, since = excluded.since,
		delivered_at = excluded.delivered_at, failing_since = excluded.failing_since, failing = excluded.failing,
		several = excluded.several, failed_at = excluded.failed_at, status = excluded.status,
		probed_at = excluded.probed_at, lost = excluded.lost`
)

// Endpoint is what is known of the business's endpoint; the zero value if nothing is.
func (q CallbackQueue) Endpoint() (Endpoint, error) {
	c, err := q.tx.endpointCell()
	if err != nil {
		return Endpoint{}, err
	}
	return c.Value, nil
}

// PutEndpoint keeps what is known of the business's endpoint.
func (q CallbackQueue) PutEndpoint(e Endpoint) error {
	c, err := q.tx.endpointCell()
	if err != nil {
		return err
	}
	return txn.Change(q.tx.Base(), c, e)
}

func (tx *Tx) endpointCell() (*txn.Cell[Endpoint], error) {
	tx.hotEndpoint.Use(struct{}{})
	if tx.endpoint != nil {
		return tx.endpoint, nil
	}
	c := &txn.Cell[Endpoint]{}
	if _, err := tx.First(selectEndpoint, nil, func(v engine.Row) { c.Value.read(v) }); err != nil {
		return nil, err
	}
	tx.endpoint = c
	return c, nil
}

func (e *Endpoint) read(v engine.Row) {
	copy(e.Address[:], v.Bytes(0))
	e.Since, e.DeliveredAt, e.FailingSince = txn.Instant(v.Int(1)), txn.Instant(v.Int(2)), txn.Instant(v.Int(3))
	e.Failing, e.Several, e.FailedAt = v.Int(4), v.Int(5) == 1, txn.Instant(v.Int(6))
	e.Status, e.ProbedAt, e.Lost = int(v.Int(7)), txn.Instant(v.Int(8)), v.Int(9)
}

// Hot asks for the rows of the moment.
func (tx *Tx) Hot() []engine.Question {
	questions := tx.Tx.Hot()
	tx.hotEndpoint.Begin()
	if len(tx.hotEndpoint.Keys()) > 0 {
		c := &txn.Cell[Endpoint]{}
		tx.endpoint = c
		questions = append(questions, engine.Question{
			Text: selectEndpoint, Lists: [][]any{nil}, Scan: func(_ int, v engine.Row) { c.Value.read(v) },
		})
	}
	return questions
}

func (tx *Tx) flushEndpoint() error {
	c := tx.endpoint
	if c == nil || !c.Dirty {
		return nil
	}
	e := &c.Value
	return tx.Conn.Exec(
		upsertEndpoint, e.Address[:], txn.Millis(e.Since), txn.Millis(e.DeliveredAt), txn.Millis(e.FailingSince),
		e.Failing,
		txn.Count(e.Several), txn.Millis(e.FailedAt), int64(e.Status), txn.Millis(e.ProbedAt), e.Lost,
	)
}
