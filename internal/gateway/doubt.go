package gateway

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store"
)

// beginDoubt records that nobody knows whether the upstream has the message. The ledger keeps a
// note of it (P12).
func (g *Gateway) beginDoubt(tx *durable.Tx, m *store.Message, now time.Time) error {
	if err := tx.Queue().Doubt(m); err != nil {
		return err
	}
	return tx.Ledger().Append(doubtRecord(m, noteDoubtBegan, now))
}

// recover turns into doubts what was cut off: messages that were marked as being sent by a process
// that has ended, or by a replica that has lost its lease, and whose answer was never recorded.
// Callbacks that such a one was delivering are delivered again.
func (g *Gateway) recover(ctx context.Context, update durable.Updater) error {
	cutOff := func(tx *durable.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.Queue().CutOff(nil, limit)
	}
	found, err := update.ForEach(ctx, cutOff, func(tx *durable.Tx, m *store.Message) error {
		return g.beginDoubt(tx, m, g.store.Now())
	})
	if found > 0 {
		g.log.Warn("Sends were cut off and are in doubt", "messages", found)
	}
	if err != nil {
		return err
	}
	return g.releaseCallbacks(ctx, update)
}

func (g *Gateway) releaseCallbacks(ctx context.Context, update durable.Updater) error {
	var released int64
	err := update(ctx, func(tx *durable.Tx) (err error) {
		released, err = tx.Callbacks().Release()
		return err
	})
	if err == nil && released > 0 {
		g.log.Info("Callbacks were cut off and are delivered again", "callbacks", released)
		g.deliveries.Notify()
	}
	return err
}

// resolveDoubts applies the account's rule to the doubts that no status has resolved in time. The
// time runs from the send, or from when the gateway and its store were up again: while they were
// down, no status could reach them.
func (g *Gateway) resolveDoubts(ctx context.Context, t *served.Tenant, now time.Time) (err error) {
	if g.reachableSince.IsZero() {
		g.reachableSince = now
	}
	defer func() {
		if err != nil {
			g.reachableSince = time.Time{}
		}
	}()
	wait := time.Duration(t.Doubt.WaitSeconds) * time.Second
	resolved := false
	inDoubt := func(tx *durable.Tx, last *store.Message, limit int) ([]*store.Message, error) {
		return tx.Queue().InState(store.InDoubt, last, limit)
	}
	_, err = g.store.ForEach(ctx, inDoubt, func(tx *durable.Tx, m *store.Message) error {
		since := m.ClaimedAt
		if since.Before(g.reachableSince) {
			since = g.reachableSince
		}
		if now.Sub(since) < wait {
			return nil
		}
		resolved = true
		return g.resolveDoubt(tx, t, m, now)
	})
	if resolved {
		g.notify()
	}
	return err
}

// resolveDoubt fails the message or sends it again, and the ledger says which.
func (g *Gateway) resolveDoubt(tx *durable.Tx, t *served.Tenant, m *store.Message, now time.Time) error {
	c := t.Channel(m.Channel)
	if t.Doubt.Resolution == config.DoubtResend && c != nil {
		if err := tx.Ledger().Append(doubtRecord(m, noteDoubtResent, now)); err != nil {
			return err
		}
		g.log.Warn("Message in doubt is sent again", "message", m.ID)
		return tx.Queue().Retry(m, now)
	}
	if err := tx.Ledger().Append(doubtRecord(m, noteDoubtFailed, now)); err != nil {
		return err
	}
	about, err := g.envelopeOf(m)
	if err != nil {
		return err
	}
	g.log.Warn("Message in doubt is given up", "message", m.ID)
	return g.giveUp(tx, t, channelOrGone(c, m.Channel), m, about, graph.NewError(graph.CodeInternal,
		"The send was cut off and no status of the message came. It may have been delivered all the same; send it again if that does no harm."), now)
}

// channelOrGone is the channel, or for one that the configuration no longer has, what a callback
// needs of it.
func channelOrGone(c *served.Channel, id string) *served.Channel {
	if c != nil {
		return c
	}
	gone := &served.Channel{}
	gone.ID = id
	return gone
}

func doubtRecord(m *store.Message, note string, now time.Time) *ledger.Record {
	return &ledger.Record{
		Kind: ledger.Doubt, MessageID: m.ID, SettledAt: now, AcceptedAt: m.AcceptedAt,
		Channel: m.Channel, Customer: ledger.Customer(m.Customer), Note: note,
	}
}
