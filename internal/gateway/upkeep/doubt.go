package upkeep

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/store"
)

// Recover turns into doubts what was cut off: messages that were marked as being sent by a process
// that has ended, or by a replica that has lost its lease, and whose answer was never recorded.
// Callbacks that such a one was delivering are delivered again.
func (u *Upkeep) Recover(ctx context.Context, update durable.Updater) error {
	cutOff := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Queue().CutOff(nil, limit)
	}
	found, err := update.ForEach(ctx, cutOff, func(tx *durable.Tx, m *store.Message) error {
		return settlement.BeginDoubt(tx, m, u.Store.Now())
	})
	if found > 0 {
		u.Log.Warn("Sends were cut off and are in doubt", "messages", found)
	}
	if err != nil {
		return err
	}
	return u.Callbacks.Release(ctx, update)
}

// ResolveDoubts applies the account's rule to the doubts that no status has resolved in time. The
// time runs from the send, or from when the gateway and its store were up again: while they were
// down, no status could reach them.
func (u *Upkeep) ResolveDoubts(ctx context.Context, t *served.Tenant, now time.Time) (err error) {
	reachable := u.reachableSince.Load()
	if reachable == nil {
		reachable = &now
		u.reachableSince.Store(reachable)
	}
	defer func() {
		if err != nil {
			u.reachableSince.Store(nil)
		}
	}()
	wait := time.Duration(t.Doubt.WaitSeconds) * time.Second
	inDoubt := func(tx *durable.Tx, last *store.Message, limit int) ([]*store.Message, error) {
		return tx.Queue().InState(store.InDoubt, last, limit)
	}
	_, err = u.Store.ForEach(ctx, inDoubt, func(tx *durable.Tx, m *store.Message) error {
		since := m.ClaimedAt
		if since.Before(*reachable) {
			since = *reachable
		}
		if now.Sub(since) < wait {
			return nil
		}
		return u.ResolveDoubt(tx, t, m, now)
	})
	return err
}

// ResolveDoubt applies the account's rule to a doubt: the message fails or is sent again, and the
// ledger says which.
func (u *Upkeep) ResolveDoubt(tx *durable.Tx, t *served.Tenant, m *store.Message, now time.Time) error {
	c := t.Channel(m.Channel)
	if t.Doubt.Resolution == config.DoubtResend && c != nil {
		if err := tx.Ledger().Append(settlement.DoubtRecord(m, ledger.NoteDoubtResent, now)); err != nil {
			return err
		}
		u.tellResolved(tx, "Message in doubt is sent again", m.ID)
		return tx.Queue().Retry(m, now)
	}
	if err := tx.Ledger().Append(settlement.DoubtRecord(m, ledger.NoteDoubtFailed, now)); err != nil {
		return err
	}
	about, err := u.Settler.Open(tx, m)
	if err != nil {
		return err
	}
	u.tellResolved(tx, "Message in doubt is given up", m.ID)
	return u.giveUp(tx, t, m, about, network.Refuse(network.Broken, "The send was cut off and no status of the "+
		"message came. It may have been delivered all the same; send it again if that does no harm."), now)
}

func (u *Upkeep) tellResolved(tx *durable.Tx, how, id string) {
	tx.After(func() { u.Log.Warn(how, "message", id) }) //nolint:sloglint // both ways are constants
	u.notify(tx)
}

// giveUp ends a message as failed, and has the business told.
func (u *Upkeep) giveUp(
	tx *durable.Tx, t *served.Tenant, m *store.Message, about settlement.Envelope, why *network.Refusal, now time.Time,
) error {
	c := channelOrGone(t.Channel(m.Channel), m.Channel)
	u.notify(tx)
	ending := settlement.Ending{Message: m, About: about, At: now, Now: now}
	return u.Settler.GiveUp(tx, t, c, ending, c.Network.Refuse(why))
}

// channelOrGone is the channel, or for one that the configuration no longer has, what a callback
// needs of it.
func channelOrGone(c *served.Channel, id string) *served.Channel {
	if c != nil {
		return c
	}
	gone := &served.Channel{Network: meta.Common()}
	gone.ID = id
	return gone
}
