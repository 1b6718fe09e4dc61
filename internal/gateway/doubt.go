package gateway

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store"
)

// page is how many messages one operation looks at: few enough that it stays short.
const page = 200

// beginDoubt records that nobody knows whether the upstream has the message. The ledger keeps a
// note of it (P12).
func (g *Gateway) beginDoubt(tx *store.Tx, m *store.Message, now time.Time) error {
	if err := tx.Doubt(m); err != nil {
		return err
	}
	return tx.Append(doubtRecord(m, noteDoubtBegan, now))
}

// recover turns into doubts what was cut off: messages that were marked as being sent by a process
// that has ended, or by a replica that has lost its lease, and whose answer was never recorded.
// Callbacks that such a one was delivering are delivered again.
func (g *Gateway) recover(ctx context.Context, opened *store.Store) error {
	cutOff := func(tx *store.Tx, _ *store.Message, limit int) ([]*store.Message, error) {
		return tx.CutOff(nil, limit)
	}
	found, err := forEach(ctx, opened.Update, cutOff, func(tx *store.Tx, m *store.Message) error {
		return g.beginDoubt(tx, m, g.now())
	})
	if found > 0 {
		g.log.Warn("Sends were cut off and are in doubt", "messages", found)
	}
	if err != nil {
		return err
	}
	return g.releaseCallbacks(ctx, opened)
}

func (g *Gateway) releaseCallbacks(ctx context.Context, opened *store.Store) error {
	var released int64
	err := opened.Update(ctx, func(tx *store.Tx) (err error) {
		released, err = tx.ReleaseCallbacks()
		return err
	})
	if err == nil && released > 0 {
		g.log.Info("Callbacks were cut off and are delivered again", "callbacks", released)
		g.deliveries.ring()
	}
	return err
}

// resolveDoubts applies the account's rule to the doubts that no status has resolved in time. The
// time runs from the send, or from when the gateway and its store were up again: while they were
// down, no status could reach them.
func (g *Gateway) resolveDoubts(ctx context.Context, t *tenant, now time.Time) (err error) {
	if g.hears.IsZero() {
		g.hears = now
	}
	defer func() {
		if err != nil {
			g.hears = time.Time{}
		}
	}()
	wait := time.Duration(t.Doubt.WaitSeconds) * time.Second
	resolved := false
	inDoubt := func(tx *store.Tx, last *store.Message, limit int) ([]*store.Message, error) {
		return tx.InState(store.InDoubt, last, limit)
	}
	_, err = forEach(ctx, g.update, inDoubt, func(tx *store.Tx, m *store.Message) error {
		since := m.ClaimedAt
		if since.Before(g.hears) {
			since = g.hears
		}
		if now.Sub(since) < wait {
			return nil
		}
		resolved = true
		return g.resolveDoubt(tx, t, m, now)
	})
	if resolved {
		g.ring()
	}
	return err
}

// resolveDoubt fails the message or sends it again, and the ledger says which.
func (g *Gateway) resolveDoubt(tx *store.Tx, t *tenant, m *store.Message, now time.Time) error {
	c := t.channels[m.Channel]
	if t.Doubt.Resolution == doubtResend && c != nil {
		if err := tx.Append(doubtRecord(m, noteDoubtResent, now)); err != nil {
			return err
		}
		g.log.Warn("Message in doubt is sent again", "message", m.ID)
		return tx.Retry(m, now)
	}
	if err := tx.Append(doubtRecord(m, noteDoubtFailed, now)); err != nil {
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
func channelOrGone(c *channel, id string) *channel {
	if c != nil {
		return c
	}
	gone := &channel{}
	gone.ID = id
	return gone
}

func doubtRecord(m *store.Message, note string, now time.Time) *ledger.Record {
	return &ledger.Record{
		Kind: ledger.Doubt, MessageID: m.ID, SettledAt: now, AcceptedAt: m.AcceptedAt,
		Channel: m.Channel, Customer: ledger.Customer(m.Customer), Note: note,
	}
}
