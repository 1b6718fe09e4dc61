package settlement

import (
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store"
)

// BeginDoubt records that nobody knows whether the upstream has a message. The ledger keeps a note
// of it (P12).
func BeginDoubt(tx *durable.Tx, m *store.Message, now time.Time) error {
	if err := tx.Queue().Doubt(m); err != nil {
		return err
	}
	return tx.Ledger().Append(DoubtRecord(m, ledger.NoteDoubtBegan, now))
}
