package txn

import "slices"

// cells are what the current operation has changed of the rows that a transaction reads once and
// writes once.
type cells struct {
	operation int
	touched   []undoer
	// attempt collects how to undo the changes of a step; nil outside of one.
	attempt *[]func()
}

// Cell is a row's value, with what it was before the current operation.
type Cell[T any] struct {
	Value, before T
	operation     int // the operation that before belongs to
	Dirty         bool
}

type undoer interface{ undo() }

func (c *Cell[T]) undo() { c.Value = c.before }

// begin starts the next operation.
func (t *cells) begin() {
	t.operation++
	t.attempt = nil
	clear(t.touched)
	t.touched = t.touched[:0]
}

// undo takes back what the operation changed.
func (t *cells) undo() {
	for _, c := range t.touched {
		c.undo()
	}
}

// Change sets a cell within the current operation.
func Change[T any](tx *Tx, c *Cell[T], value T) error {
	if err := tx.Write(); err != nil {
		return err
	}
	if c.operation != tx.cells.operation {
		c.before, c.operation = c.Value, tx.cells.operation
		tx.cells.touched = append(tx.cells.touched, c)
	}
	if undo := tx.cells.attempt; undo != nil {
		before := c.Value
		*undo = append(*undo, func() { c.Value = before })
	}
	c.Value, c.Dirty = value, true
	return nil
}

// BeginAttempt returns how to put back what is changed from now on, until EndAttempt.
func (tx *Tx) BeginAttempt() (undo func()) {
	changes := new([]func())
	tx.cells.attempt = changes
	return func() {
		for _, undo := range slices.Backward(*changes) {
			undo()
		}
	}
}

// EndAttempt ends what BeginAttempt began: what is changed from now on is not put back by it.
func (tx *Tx) EndAttempt() { tx.cells.attempt = nil }
