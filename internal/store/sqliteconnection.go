package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// sqliteConnection speaks to a driver of database/sql/driver. Every statement is executed at once.
type sqliteConnection struct {
	conn       driver.Conn
	role       role
	statements map[string]statement
	arguments  []driver.NamedValue // reused
}

// statement is what every driver's prepared statement can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// begin takes a writer's lock at once, so that a transaction never fails half-way for want of it.
func (c *sqliteConnection) begin() error {
	if c.role == reading {
		return c.exec("BEGIN")
	}
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		c.rollback() // whatever an earlier failure has left open is over now; the next transaction begins anew
		return err
	}
	return nil
}

func (c *sqliteConnection) commit() error { return c.exec("COMMIT") }

// rollback may fail because the engine has done it already.
func (c *sqliteConnection) rollback() { _ = c.exec("ROLLBACK") }

func (*sqliteConnection) settle() error { return nil }

func (c *sqliteConnection) prepared(text string) (statement, error) {
	if s := c.statements[text]; s != nil {
		return s, nil
	}
	s, err := c.prepare(text)
	if err == nil {
		c.statements[text] = s
	}
	return s, err
}

func (c *sqliteConnection) prepare(text string) (statement, error) {
	prepared, err := c.conn.Prepare(sqliteDialect(text))
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(statement)
	if !ok {
		return nil, fmt.Errorf("the driver's %T has no contexts", prepared)
	}
	return s, nil
}

// bind turns Go's integers and strings into the driver's.
func (c *sqliteConnection) bind(args []any) ([]driver.NamedValue, error) {
	c.arguments = c.arguments[:0]
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		c.arguments = append(c.arguments, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return c.arguments, nil
}

func (c *sqliteConnection) exec(text string, args ...any) error {
	_, err := c.changed(text, args...)
	return err
}

func (c *sqliteConnection) changed(text string, args ...any) (int64, error) {
	s, err := c.prepared(text)
	if err != nil {
		return 0, err
	}
	bound, err := c.bind(args)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), bound)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *sqliteConnection) once(text string) error {
	s, err := c.prepare(text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(context.Background(), nil)
	return errors.Join(err, s.Close())
}

func (c *sqliteConnection) query(text string, args []any, scan func(values) bool) (err error) {
	s, err := c.prepared(text)
	if err != nil {
		return err
	}
	bound, err := c.bind(args)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), bound)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make(values, len(rows.Columns()))
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || !scan(row) {
			return err
		}
	}
}

func (c *sqliteConnection) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
