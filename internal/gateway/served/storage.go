package served

import (
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/config"
)

// storageProblem says what is wrong with a document's storage. Which one it is can only be changed
// by a restart, because the ledger does not move by itself.
func storageProblem(now, next *config.Storage) error {
	switch {
	case next.Type != "" && next.Type != config.StorageEmbedded && next.Type != config.StorageShared:
		return fmt.Errorf(
			"storage.type is %q: it must be %q or %q", next.Type, config.StorageEmbedded, config.StorageShared,
		)
	case next.Type == config.StorageShared && next.URL == "":
		return errors.New("storage.url is missing: a shared store needs one")
	case now != nil && (now.Type == config.StorageShared) != (next.Type == config.StorageShared):
		return errors.New(
			"storage.type has changed: the ledger does not move by itself, so a gateway keeps its storage " +
				"for all its life",
		)
	}
	return nil
}
