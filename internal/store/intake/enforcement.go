package intake

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Enforcement is what the upstream does to a channel that breaks its policies, as it has told last.
type Enforcement struct {
	Channel string
	// Action is the upstream's word, Reason its sentence for people.
	Action, Reason string
	// Stopped says that the channel sends nothing, Lifted that it may again.
	Stopped, Lifted bool
	At              time.Time
}

const (
	upsertEnforcement = `INSERT INTO enforcements (channel, action, reason, stopped, lifted, at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (channel) DO UPDATE SET action = excluded.action, reason = excluded.reason,
		stopped = excluded.stopped, lifted = excluded.lifted, at = excluded.at WHERE excluded.at >= enforcements.at`
	selectEnforcements = `SELECT channel, action, reason, stopped, lifted, at FROM enforcements ORDER BY channel`
)

// PutEnforcement keeps what the upstream does to a channel, unless a later word is known.
func (in Intake) PutEnforcement(e Enforcement) error {
	return in.tx.Exec(
		upsertEnforcement, e.Channel, e.Action, e.Reason, flag(e.Stopped), flag(e.Lifted), txn.Millis(e.At),
	)
}

// Enforcements are the upstream's latest words, by channel.
func (in Intake) Enforcements() (list []Enforcement, err error) {
	err = in.tx.Each(selectEnforcements, nil, func(v engine.Row) bool {
		list = append(list, Enforcement{
			Channel: v.Text(0), Action: v.Text(1), Reason: v.Text(2), Stopped: v.Int(3) == 1,
			Lifted: v.Int(4) == 1, At: txn.Instant(v.Int(5)),
		})
		return true
	})
	return list, err
}

func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
