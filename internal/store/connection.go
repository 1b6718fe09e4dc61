package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// connection is one connection with the statements that it has prepared. It is used by one goroutine at a time.
type connection struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func (c *connection) prepared(text string) (*sql.Stmt, error) {
	if statement := c.statements[text]; statement != nil {
		return statement, nil
	}
	statement, err := c.conn.PrepareContext(context.Background(), dialect(text))
	if err != nil {
		return nil, err
	}
	c.statements[text] = statement
	return statement, nil
}

func (c *connection) exec(text string, args ...any) error {
	_, err := c.changed(text, args...)
	return err
}

// once executes a statement that will not be needed again.
func (c *connection) once(text string) error {
	_, err := c.conn.ExecContext(context.Background(), dialect(text))
	return err
}

// changed executes a statement and tells how many rows it changed.
func (c *connection) changed(text string, args ...any) (int64, error) {
	statement, err := c.prepared(text)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row scans the first row of a query, and tells whether there was one.
func (c *connection) row(text string, args, into []any) (bool, error) {
	statement, err := c.prepared(text)
	if err != nil {
		return false, err
	}
	err = statement.QueryRowContext(context.Background(), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each calls scan for every row of a query.
func (c *connection) each(text string, args []any, scan func(*sql.Rows) error) error {
	statement, err := c.prepared(text)
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *connection) close() error {
	var errs []error
	for _, statement := range c.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

// unavailable marks an error of the engine. It keeps the engine's own text, which names the cause and holds no value.
func unavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
