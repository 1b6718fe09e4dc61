package engine

import (
	"errors"
	"fmt"
)

// Errors of an engine, for errors.Is.
var (
	// ErrUnavailable says that the engine could not do its work: the disk is full, the database
	// cannot be reached. Nothing of the operation was kept, as far as is known. The store goes on
	// by itself once the cause is gone.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrOutcomeUnknown says that the connection to a shared store was lost during a commit and
	// that the database could not be asked afterwards: the operation may have been kept. It is an
	// ErrUnavailable too.
	ErrOutcomeUnknown = errors.New("the connection was lost during a commit, and whether it succeeded is not known")
	// ErrSuperseded says that this process may not use the store any more: another one has taken
	// the embedded store over, or a newer program has changed the schema. That does not pass: the
	// process should be ended, and must not open the store again by itself. It is an ErrUnavailable
	// too.
	ErrSuperseded = errors.New("this process may not use the store any more")
	// ErrLeaseLost says that a replica was silent for longer than its lease, and that others have
	// taken over what it was sending. Nothing of the transaction was kept; the next one is under a
	// new lease.
	ErrLeaseLost = errors.New("this replica's lease was taken over while it was silent")
	// ErrParameter says that a statement was given what no column can hold: a mistake of the
	// program.
	ErrParameter = errors.New("a parameter cannot be stored")
)

// Unavailable marks an error as ErrUnavailable. It keeps the engine's own text, which names the
// cause and holds no value.
func Unavailable(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// OutageCause says why a store takes no writes.
type OutageCause string

// The causes.
const (
	// VolumeFull says that there is no space left for the store's data.
	VolumeFull OutageCause = "Full"
	// VolumeReadOnly says that the volume, or the database server, is read-only.
	VolumeReadOnly OutageCause = "ReadOnly"
	// ServerUnreachable says that the server of a shared store does not answer.
	ServerUnreachable OutageCause = "Unreachable"
	// WriteFailed says that writing fails for another reason. The log has the engine's own error.
	WriteFailed OutageCause = "Failed"
)
