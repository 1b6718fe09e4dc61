package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	// grace is how much longer an answer is waited for than the server itself gives to a statement.
	grace = 2 * time.Second
	// farewell is how long the end of a connection may take.
	farewell = 2 * time.Second
	// maxKept and maxKeptBytes bound the statements that are kept back, and so the memory that
	// their parameters take.
	maxKept      = 8192
	maxKeptBytes = 8 << 20
)

var errLost = errors.New("the connection to the database is lost")

// connection speaks PostgreSQL's extended query protocol in pipeline mode: statements whose
// result nobody waits for are kept back and travel together with the next one that somebody waits
// for. Over a network, that is what an operation's time consists of.
type connection struct {
	conn       *pgconn.PgConn
	pipeline   *pgconn.Pipeline
	opening    string                // begins a transaction
	patience   time.Duration         // with the server
	statements map[string]*statement // by their text
	preparing  []*statement          // those whose preparation is under way; nil ends a part
	named      int
	kept       keptBack
	sent       int   // statements that were sent since the last part ended
	exchanges  int64 // how often an answer was waited for

	// Reused.
	parameters [][]byte
	formats    []int16
	scratch    []byte
	row        columns
}

func newConnection(conn *pgconn.PgConn, opening string, patience time.Duration) *connection {
	return &connection{
		conn: conn, pipeline: conn.StartPipeline(context.Background()), opening: opening, patience: patience,
		statements: map[string]*statement{}, scratch: make([]byte, 0, 256),
	}
}

// lost tells whether the connection is of no use any more.
func (c *connection) lost() bool { return c == nil || c.conn.IsClosed() }

func (c *connection) Begin() error {
	if err := c.Exec(c.opening); err != nil {
		return err
	}
	return c.Flush()
}

func (c *connection) Commit() error {
	_, err := c.end()
	return err
}

// end commits, and tells whether the failure of it is the server's own word: then nothing was kept.
// Otherwise nobody knows.
func (c *connection) end() (answered bool, err error) {
	return ended(c.receiveTag(commit, nil))
}

const commit = "COMMIT"

// ended is what a commit's tag or its failure says.
func ended(tag pgconn.CommandTag, err error) (answered bool, _ error) {
	if err != nil {
		return isAnswer(err), err
	}
	if tag.String() != commit {
		return true, fmt.Errorf("the transaction had failed before its commit, and the server answered %s", tag)
	}
	return true, nil
}

func (c *connection) Rollback() {
	if c.lost() {
		return // the server rolls back what a lost connection leaves
	}
	c.kept.clear() // what was not sent need not be undone
	_, _ = c.ExecCounted("ROLLBACK")
}

// Exec keeps a statement back. Its parameters must stay as they are until it is sent.
func (c *connection) Exec(text string, args ...any) error {
	if c.lost() {
		return errLost
	}
	if err := check(args); err != nil {
		return err
	}
	c.kept.add(text, c.statement(text).shape, args)
	if c.kept.lists < maxKept && c.kept.bytes < maxKeptBytes {
		return nil
	}
	return c.Flush()
}

func (c *connection) Flush() error {
	if len(c.kept.groups) == 0 {
		return nil
	}
	if err := c.sendKept(); err != nil {
		return err
	}
	_, err := c.receive(nil)
	return err
}

func (c *connection) ExecOnce(text string) error {
	if err := c.Flush(); err != nil {
		return err
	}
	c.pipeline.SendQueryParams(dialect(text), nil, nil, nil, nil)
	c.sent++
	_, err := c.receive(nil)
	return err
}

func (c *connection) ExecCounted(text string, args ...any) (int64, error) {
	tag, err := c.receiveTag(text, args)
	return tag.RowsAffected(), err
}

// receiveTag executes a statement, and what was kept back before it.
func (c *connection) receiveTag(text string, args []any) (pgconn.CommandTag, error) {
	if err := c.sendKept(); err != nil {
		return pgconn.CommandTag{}, err
	}
	if err := c.send(c.statement(text), args); err != nil {
		return pgconn.CommandTag{}, err
	}
	return c.receive(nil)
}

func (c *connection) Query(text string, args []any, scan func(engine.Row) bool) error {
	if err := c.sendKept(); err != nil {
		return err
	}
	if err := c.send(c.statement(text), args); err != nil {
		return err
	}
	_, err := c.receive([]reading{{first: c.sent - 1, rows: func(_ int, v engine.Row) bool { return scan(v) }}})
	return err
}

// Ask implements engine.Conn in one exchange.
func (c *connection) Ask(questions ...engine.Question) error {
	readings, err := c.sendQuestions(questions)
	if err != nil || len(readings) == 0 {
		return err
	}
	_, err = c.receive(readings)
	return err
}

func (c *connection) Close() error {
	if c.lost() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	return c.conn.Close(ctx)
}
