package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Space implements engine.Engine.
func (e *Engine) Space() (space engine.Space, err error) {
	for _, file := range []string{e.path, e.path + "-wal"} {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist): // the log is gone while nobody has the database open
		case err != nil:
			return engine.Space{}, fmt.Errorf("the store's size cannot be read: %w", err)
		default:
			space.Size += info.Size()
		}
	}
	if space.Free, space.Volume, err = volumeSpace(filepath.Dir(e.path)); err != nil {
		return engine.Space{}, fmt.Errorf("the free space of the store's volume cannot be read: %w", err)
	}
	return space, nil
}
