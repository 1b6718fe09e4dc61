package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// States of PostgreSQL. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	stateDiskFull = "53100"
	stateReadOnly = "25006"
)

// OutageCause implements engine.Engine.
func (*Engine) OutageCause(err error) engine.OutageCause {
	if answer, answered := errors.AsType[*pgconn.PgError](err); answered {
		switch answer.Code {
		case stateDiskFull:
			return engine.VolumeFull
		case stateReadOnly:
			return engine.VolumeReadOnly
		}
	}
	return engine.ServerUnreachable
}
