package txn

import (
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Errors of an operation, for errors.Is.
var (
	// ErrDamaged says that a row holds other bytes than were stored. What depends on that row alone
	// can go on without it; nothing brings it back.
	ErrDamaged = errors.New("a stored row is damaged")
	// ErrReadOnly says that a View tried to change something.
	ErrReadOnly = errors.New("a view cannot change the store: use Update")
)

// ErrFault says that the database refused a change of one operation, such as one that violates a
// constraint. The database itself works, so it is no ErrUnavailable: the same change would be
// refused again. Nothing of the operation was kept, and the others of its transaction were. A
// *FaultError says more.
var ErrFault = errors.New("the database refused a change")

// FaultError names what refused a change. It holds no value of a row.
type FaultError struct {
	// Constraint is the name of the violated constraint or unique index, such as
	// "ledger_one_settlement", the same on every engine. Where no constraint is behind the refusal,
	// it is the engine's code, such as "SQLSTATE 22003".
	Constraint string
}

func (e *FaultError) Error() string { return fmt.Sprintf("%v: it violates %s", ErrFault, e.Constraint) }

// Unwrap makes it an ErrFault.
func (*FaultError) Unwrap() error { return ErrFault }

// Classify tells a fault of one operation from an outage of the engine.
func Classify(c engine.Conn, err error) error {
	if err == nil || errors.Is(err, engine.ErrUnavailable) || errors.Is(err, ErrFault) || errors.Is(err, ErrDamaged) ||
		errors.Is(err, engine.ErrParameter) {
		return err
	}
	if constraint, violated := c.Violated(err); violated {
		return &FaultError{Constraint: constraint}
	}
	return engine.Unavailable(err)
}

// Unreadable marks an error that a stored value cannot be read.
func Unreadable(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: a %s cannot be read: %w", ErrDamaged, what, err)
}
