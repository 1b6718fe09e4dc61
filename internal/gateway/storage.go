package gateway

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/store"
)

// sharedIdle is how long the loops of a replica sleep when nothing rings: what another replica has
// made ready, or left when it ended, rings nobody here.
const sharedIdle = 5 * time.Second

// openStore opens the account's store and takes up what was cut off. A database that does not
// answer yet, or a disk that is full, is waited for: the gateway is not ready meanwhile, and says
// so.
func (g *Gateway) openStore(ctx context.Context) (*store.Store, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := storePause; ; pause = min(2*pause, longestStorePause) {
		opened, err := g.openOnce(ctx)
		if err == nil || !errors.Is(err, store.ErrUnavailable) {
			g.unopened.Store(nil)
			return opened, err
		}
		g.cannotOpen(err)
		g.log.Error("Store cannot be reached yet", "error", err)
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// cannotOpen records what keeps the store from being opened.
func (g *Gateway) cannotOpen(err error) {
	shared := g.config.tenant().Storage.Type == config.StorageShared
	outage := store.Outage{Cause: store.OutageCauseOf(err, shared), Since: g.now()}
	if before := g.unopened.Load(); before != nil {
		outage.Since = before.Since
	}
	g.unopened.Store(&outage)
}

// outage is the store's outage, or nil.
func (g *Gateway) outage() *store.Outage {
	if opened := g.opened.Load(); opened != nil {
		return opened.Outage()
	}
	return g.unopened.Load()
}

func (g *Gateway) openOnce(ctx context.Context) (*store.Store, error) {
	opened, err := store.Open(ctx, g.storeOptions())
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := g.recover(ctx, opened); err != nil {
		return nil, errors.Join(fmt.Errorf("recover the queue: %w", err), opened.Close())
	}
	return opened, nil
}

func (g *Gateway) storeOptions() store.Options {
	t := g.config.tenant()
	options := store.Options{
		AccountUID: t.Account.UID,
		Keys:       g.keys.seal,
		OnCommit:   func(_ int, took time.Duration) { g.metrics.commits.Observe(took.Seconds()) },
		OnSync:     func(took time.Duration) { g.metrics.syncs.Observe(took.Seconds()) },
		OnFault:    func(constraint string) { g.metrics.faults.WithLabelValues(constraint).Inc() },
		Now:        g.options.MachineNow,
		Log:        g.log,
	}
	if t.Storage.Type == config.StorageShared {
		options.Shared = &store.Shared{URL: t.Storage.URL, CA: []byte(t.Storage.CAPEM)}
	} else {
		options.Path = filepath.Join(g.options.DataDirectory, storeFile)
	}
	return options
}

// idle is how long the loops sleep when nothing rings.
func (g *Gateway) idle() time.Duration {
	if g.opened.Load().Shared() {
		return sharedIdle
	}
	return dispatchIdle
}

// rate is this replica's part of the number's messages per second: the upstream counts all
// replicas' together.
func (g *Gateway) rate(t *tenant) int32 {
	return max(t.Limits.MessagesPerSecond/int32(g.opened.Load().Replicas()), 1)
}

// stillOurs asks whether a message whose lease may have run out before it was sent is still this
// replica's. Asking renews the lease.
func (g *Gateway) stillOurs(ctx context.Context, p parcel) bool {
	ours := false
	asked := g.persist(ctx, "ask", func(tx *store.Tx) error {
		m, found, err := tx.Claimed(p.id, p.tries+1)
		ours = err == nil && found && m.State == store.Sending
		return err
	})
	return asked && ours
}

// storageProblem says what is wrong with a document's storage: which one it is can only be changed
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
			"storage.type has changed: the ledger does not move by itself, so a gateway keeps its storage for all " +
				"its life",
		)
	}
	return nil
}
