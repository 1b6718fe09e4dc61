package store

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// OutageCause says why a store takes no writes.
type OutageCause = engine.OutageCause

// The causes.
const (
	// VolumeFull says that there is no space left for the store's data.
	VolumeFull = engine.VolumeFull
	// VolumeReadOnly says that the volume, or the database server, is read-only.
	VolumeReadOnly = engine.VolumeReadOnly
	// ServerUnreachable says that the server of a shared store does not answer.
	ServerUnreachable = engine.ServerUnreachable
	// WriteFailed says that writing fails for another reason. The log has the engine's own error.
	WriteFailed = engine.WriteFailed
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
