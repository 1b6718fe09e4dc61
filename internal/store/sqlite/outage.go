package sqlite

import (
	"errors"
	"syscall"

	"zombiezen.com/go/sqlite"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// OutageCause implements engine.Engine.
func (*Engine) OutageCause(err error) engine.OutageCause {
	code := sqlite.ErrCode(err).ToPrimary()
	switch {
	case code == sqlite.ResultFull, errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return engine.VolumeFull
	case code == sqlite.ResultReadOnly, errors.Is(err, syscall.EROFS):
		return engine.VolumeReadOnly
	default:
		return engine.WriteFailed
	}
}
