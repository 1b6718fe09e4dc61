package store

import (
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Space is the room that an embedded store takes, and that its volume has. In bytes.
type Space = engine.Space

// Space asks the file system for the room that the store takes and has. It needs no transaction, so
// that a full volume is told of too. The error is errors.ErrUnsupported for a shared store, whose
// server's room cannot be seen from here, and where the system does not tell.
func (s *Store) Space() (Space, error) { return s.engine.Space() }
