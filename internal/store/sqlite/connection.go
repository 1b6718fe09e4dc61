package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// connection speaks to SQLite's own interface. Every statement is executed at once.
type connection struct {
	conn       *sqlite.Conn
	role       role
	statements map[string]*sqlite.Stmt
}

// Begin takes a writer's lock at once, so that a transaction never fails half-way for want of it.
func (c *connection) Begin() error {
	if c.role == reading {
		return c.Exec("BEGIN")
	}
	if err := c.Exec("BEGIN IMMEDIATE"); err != nil {
		c.Rollback() // whatever an earlier failure has left open is over now; the next transaction begins anew
		return err
	}
	return nil
}

func (c *connection) Commit() error { return c.Exec("COMMIT") }

// Rollback may fail because the engine has done it already.
func (c *connection) Rollback() { _ = c.Exec("ROLLBACK") }

func (*connection) Flush() error { return nil }

func (c *connection) prepared(text string) (*sqlite.Stmt, error) {
	if s := c.statements[text]; s != nil {
		return s, nil
	}
	s, err := c.conn.Prepare(dialect(text))
	if err == nil {
		c.statements[text] = s
	}
	return s, err
}

// bind gives a statement its parameters.
func bind(s *sqlite.Stmt, args []any) error {
	for i, arg := range args {
		switch value := arg.(type) {
		case nil:
			s.BindNull(i + 1)
		case int64:
			s.BindInt64(i+1, value)
		case string:
			s.BindText(i+1, value)
		case []byte:
			s.BindBytes(i+1, value)
		default:
			converted, err := driver.DefaultParameterConverter.ConvertValue(arg)
			if err != nil {
				return fmt.Errorf("%w: number %d: %w", engine.ErrParameter, i+1, err)
			}
			integer, ok := converted.(int64)
			if !ok {
				return fmt.Errorf("%w: number %d is a %T", engine.ErrParameter, i+1, arg)
			}
			s.BindInt64(i+1, integer)
		}
	}
	return nil
}

func (c *connection) Exec(text string, args ...any) error {
	s, err := c.prepared(text)
	if err != nil {
		return err
	}
	return execute(s, args)
}

// execute steps through a statement whose rows, if it has any, are of no interest.
func execute(s *sqlite.Stmt, args []any) error {
	if err := bind(s, args); err != nil {
		return err
	}
	for {
		more, err := s.Step()
		if err != nil {
			return err
		}
		if !more {
			return s.Reset()
		}
	}
}

func (c *connection) ExecCounted(text string, args ...any) (int64, error) {
	if err := c.Exec(text, args...); err != nil {
		return 0, err
	}
	return int64(c.conn.Changes()), nil
}

func (c *connection) ExecOnce(text string) error {
	s, _, err := c.conn.PrepareTransient(dialect(text))
	if err != nil {
		return err
	}
	return errors.Join(execute(s, nil), s.Finalize())
}

func (c *connection) Query(text string, args []any, scan func(engine.Row) bool) (err error) {
	s, err := c.prepared(text)
	if err != nil {
		return err
	}
	if err := bind(s, args); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Reset()) }()
	for {
		more, err := s.Step()
		if err != nil || !more || !scan(row{s}) {
			return err
		}
	}
}

// Ask asks one question after the other: there is no journey to save.
func (c *connection) Ask(questions ...engine.Question) error {
	for _, q := range questions {
		for i, args := range q.Lists {
			if err := c.Query(q.Text, args, func(v engine.Row) bool { q.Scan(i, v); return true }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *connection) Close() error { return c.conn.Close() }

// Violated implements engine.Conn: https://www.sqlite.org/rescode.html.
func (c *connection) Violated(err error) (constraint string, is bool) {
	switch code := sqlite.ErrCode(err); code.ToPrimary() {
	case sqlite.ResultConstraint:
		return c.constraintOf(err), true
	case sqlite.ResultMismatch, sqlite.ResultTooBig, sqlite.ResultRange, sqlite.ResultError, sqlite.ResultMisuse:
		return code.String(), true
	default:
		return "", false
	}
}

const selectIndexOf = `SELECT name FROM pragma_index_list($1) AS list
	WHERE (SELECT group_concat(name, ', ') FROM pragma_index_info(list.name)) = $2`

// constraintOf is the name of the violated constraint, as PostgreSQL names it. SQLite tells the
// columns only: "UNIQUE constraint failed: t.a, t.b".
func (c *connection) constraintOf(err error) string {
	text := err.Error()
	columns := strings.TrimSpace(text[strings.LastIndex(text, ":")+1:])
	table, _, isColumn := strings.Cut(columns, ".")
	if !isColumn {
		return sqlite.ErrCode(err).String()
	}
	columns = strings.ReplaceAll(columns, table+".", "")
	if sqlite.ErrCode(err) == sqlite.ResultConstraintNotNull {
		return table + "." + columns + " NOT NULL"
	}
	name := table + "_pkey"
	_ = c.Query(selectIndexOf, []any{table, columns}, func(v engine.Row) bool {
		if index := v.Text(0); !strings.HasPrefix(index, "sqlite_autoindex_") {
			name = index
		}
		return true
	})
	return name
}

// row is the row at which a statement stands.
type row struct{ *sqlite.Stmt }

func (r row) Len() int { return r.ColumnCount() }

func (r row) Int(column int) int64 { return r.ColumnInt64(column) }

func (r row) Text(column int) string { return r.ColumnText(column) }

func (r row) Bytes(column int) []byte {
	if r.ColumnIsNull(column) {
		return nil
	}
	b := make([]byte, r.ColumnLen(column))
	r.ColumnBytes(column, b)
	return b
}
