package intake

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Silence says that nothing has come from a channel's upstream since a message was submitted to it:
// no status of that message, and nothing else.
type Silence struct {
	Channel string
	// Since is when the first such message was submitted.
	Since time.Time
	// FoundAt is when the silence was found to have lasted too long; zero if it was not.
	FoundAt time.Time
	// RefusedAt is when a webhook was refused last for its signature meanwhile; zero if none was.
	RefusedAt time.Time
}

const (
	// beginSilence leaves a silence that has begun as it is.
	beginSilence = `UPDATE channels SET unheard_since = $1 WHERE channel = $2 AND unheard_since = 0`
	endSilence   = `UPDATE channels SET unheard_since = $1, silent_at = 0, refused_at = 0
		WHERE channel = $2 AND unheard_since <> $3`
	findSilence = `UPDATE channels SET silent_at = $1
		WHERE silent_at = 0 AND unheard_since > 0 AND unheard_since <= $2`
	refuseWebhook  = `UPDATE channels SET refused_at = $1 WHERE unheard_since > 0 AND refused_at < $2`
	selectSilences = `SELECT channel, unheard_since, silent_at, refused_at FROM channels WHERE unheard_since > 0
		ORDER BY channel`
)

// sound is what the operations of a transaction say of a channel: whether something came from it,
// and when the first message was submitted to it after that.
type sound struct {
	heard     bool
	submitted int64 // in Unix milliseconds; 0 for none
}

// Submitted notes that the channel's upstream has a message of which nothing was heard yet.
func (tx *Tx) Submitted(channel string, at time.Time) error {
	c := tx.soundCell(channel)
	if c.Value.submitted != 0 {
		return nil
	}
	return txn.Change(tx.Base(), c, sound{heard: c.Value.heard, submitted: txn.Millis(at)})
}

// Heard notes that something came from a channel's upstream, whose signature was good.
func (in Intake) Heard(channel string) error {
	return txn.Change(in.tx.Base(), in.tx.soundCell(channel), sound{heard: true})
}

// soundCell reads nothing: what is written depends on nothing but this transaction.
func (tx *Tx) soundCell(channel string) *txn.Cell[sound] {
	c := tx.sounds[channel]
	if c == nil {
		c = &txn.Cell[sound]{}
		tx.sounds[channel] = c
	}
	return c
}

func (tx *Tx) flushSounds() error {
	for channel, c := range tx.sounds {
		var err error
		switch s := c.Value; {
		case s.heard:
			err = tx.Conn.Exec(endSilence, s.submitted, channel, s.submitted)
		case s.submitted != 0:
			err = tx.Conn.Exec(beginSilence, s.submitted, channel)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Silences are the channels from which nothing has come since a message was submitted, by channel.
// A View reads it: within an Update it does not have what this transaction has heard.
func (in Intake) Silences() (silences []Silence, err error) {
	err = in.tx.Each(selectSilences, nil, func(v engine.Row) bool {
		silences = append(silences, Silence{
			Channel: v.Text(0), Since: txn.Instant(v.Int(1)), FoundAt: txn.Instant(v.Int(2)),
			RefusedAt: txn.Instant(v.Int(3)),
		})
		return true
	})
	return silences, err
}

// FindSilences marks the silences that began at an instant or before it as found. The zero time
// finds none.
func (in Intake) FindSilences(begun, now time.Time) error {
	if begun.IsZero() {
		return nil
	}
	return in.tx.Exec(findSilence, txn.Millis(now), txn.Millis(begun))
}

// RefuseWebhook notes that a webhook was refused for its signature while a channel is silent.
func (in Intake) RefuseWebhook(at time.Time) error {
	return in.tx.Exec(refuseWebhook, txn.Millis(at), txn.Millis(at))
}
