package store

import (
	"errors"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
)

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

// Outage says that a store takes no writes.
type Outage struct {
	Cause OutageCause
	// Since is when the first transaction failed.
	Since time.Time
}

// Outage is the outage that the store is in, or nil. It ends once no transaction has failed for
// some seconds.
func (s *Store) Outage() *Outage { return s.outage.Load() }

const touchStore = `INSERT INTO counters (name, value) VALUES ('touched', $1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// Touch writes the time, to learn whether the store takes writes while nothing else is written.
func (tx *Tx) Touch(at time.Time) error { return tx.exec(touchStore, millis(at)) }

// States of PostgreSQL. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	stateDiskFull = "53100"
	stateReadOnly = "25006"
)

// OutageCauseOf says which outage an ErrUnavailable of a shared or an embedded store is a sign of.
func OutageCauseOf(err error, shared bool) OutageCause {
	answer, answered := errors.AsType[*pgconn.PgError](err)
	engine := sqlite.ErrCode(err).ToPrimary()
	switch {
	case answered && answer.Code == stateDiskFull, engine == sqlite.ResultFull,
		errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return VolumeFull
	case answered && answer.Code == stateReadOnly, engine == sqlite.ResultReadOnly, errors.Is(err, syscall.EROFS):
		return VolumeReadOnly
	case shared:
		return ServerUnreachable
	}
	return WriteFailed
}
