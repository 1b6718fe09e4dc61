package postgres

import (
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// reading says what becomes of the rows of some results: those from first on, so many, each of a
// list of its own. If numbered, one result has the rows of all lists, each with the number of its
// list before its columns.
type reading struct {
	first, results int
	numbered       bool
	rows           func(of int, v engine.Row) bool // until it is false
}

func every(scan func(of int, v engine.Row)) func(int, engine.Row) bool {
	return func(of int, v engine.Row) bool {
		scan(of, v)
		return true
	}
}

// receive waits for the answers to all that was sent. The error is the first one; the statements
// after it have not been executed. The tag is the last one's.
func (c *connection) receive(readings []reading) (pgconn.CommandTag, error) {
	if err := c.flush(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return c.receiveSent(readings)
}

// endPart lets what was sent so far be answered by itself: what follows is executed whatever became
// of it.
func (c *connection) endPart() {
	c.pipeline.SendPipelineSync()
	c.preparing = append(c.preparing, nil)
	c.sent = 0
}

// flush ends a part, and lets all that was sent travel.
func (c *connection) flush() error {
	c.endPart()
	c.exchanges++
	if err := c.bePatient(); err != nil {
		return err
	}
	return c.pipeline.Flush()
}

// bePatient bounds how long the server is waited for from now on.
func (c *connection) bePatient() error {
	return c.conn.Conn().SetDeadline(time.Now().Add(c.patience))
}

// receiveSent reads the answers to one part.
func (c *connection) receiveSent(readings []reading) (pgconn.CommandTag, error) {
	var tag pgconn.CommandTag
	var failure error
	for n := 0; ; {
		result, err := c.pipeline.GetResults()
		if err != nil {
			if failure == nil {
				failure = err
			}
			if c.lost() {
				return tag, failure
			}
			continue
		}
		switch result := result.(type) {
		case *pgconn.PipelineSync:
			end := slices.Index(c.preparing, nil)
			for _, s := range c.preparing[:end] { // those behind the failure
				s.name = ""
			}
			c.preparing = slices.Delete(c.preparing, 0, end+1)
			return tag, failure
		case *pgconn.StatementDescription:
			c.preparing[0].types = result.ParamOIDs
			c.preparing = slices.Delete(c.preparing, 0, 1)
		case *pgconn.ResultReader:
			if len(readings) > 0 && n >= readings[0].first {
				r := &readings[0]
				c.read(result, r, n)
				if n+1 >= r.first+max(r.results, 1) {
					readings = readings[1:]
				}
			}
			n++
			if tag, err = result.Close(); err != nil && failure == nil {
				failure = err
			}
		default:
			return tag, errors.Join(failure, errLost)
		}
	}
}

// read gives the rows of a result to whoever reads them.
func (c *connection) read(result *pgconn.ResultReader, r *reading, n int) {
	if r.numbered {
		c.scan(result, func(v engine.Row) bool { return r.rows(int(v.Int(0))-1, v.(columns)[1:]) })
		return
	}
	c.scan(result, func(v engine.Row) bool { return r.rows(n-r.first, v) })
}

// scan calls scan for the rows of a result. If it panics, the answers behind the row stay unread,
// so the connection is given up: nothing asked on it later could be understood.
func (c *connection) scan(result *pgconn.ResultReader, scan func(engine.Row) bool) {
	returned := false
	defer func() {
		if !returned {
			_ = c.Close()
		}
	}()
	fields := result.FieldDescriptions()
	for more := true; more && result.NextRow(); {
		c.row = c.row[:0]
		for i, value := range result.Values() {
			c.row = append(c.row, decode(fields[i].DataTypeOID, value))
		}
		more = scan(c.row)
	}
	returned = true
}
