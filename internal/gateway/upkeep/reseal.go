package upkeep

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// resealLook is how often it is asked whether the keys have been rotated.
	resealLook = 2 * time.Second
	// resealPause is the pause between two pages, so that some ten thousand rows a second are
	// walked at most and messages are not held up.
	resealPause = 20 * time.Millisecond
	// resealAgain is when the store is walked again while the keyset has old keys: what could not
	// be re-encrypted is forgotten in time, and another replica may have taken the rotated keyset
	// over later.
	resealAgain = time.Hour
)

// sealedWith is what a walk through the store has found.
type sealedWith struct {
	primary uint32 // the key that sealed then
	oldRows int64  // rows that are left under older ones
	at      time.Time
}

// Reseal encrypts what is under old keys again, after each rotation, until ctx is done.
func (u *Upkeep) Reseal(ctx context.Context) {
	timer := u.Store.Clock().NewTimer(resealLook)
	defer timer.Stop()
	for {
		primary, _ := u.Keys.Seal().Keyset()
		last := u.sealed.Load()
		fresh := last != nil && last.primary == primary
		switch {
		case u.Keys.Seal().OldKeys() == 0:
			if !fresh || last.oldRows != 0 {
				u.sealed.Store(&sealedWith{primary: primary, at: u.Store.Now()})
			}
		case !fresh || u.Store.Now().Sub(last.at) >= resealAgain:
			u.runStep(ctx, "re-encrypt what is under old keys", func() error { return u.resealAll(ctx, primary) })
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(resealLook)
		}
	}
}

// resealAll walks through the store once. A durable.PageSize without anything to do is only read.
func (u *Upkeep) resealAll(ctx context.Context, primary uint32) error {
	var left, done int64
	pause := u.Store.Clock().NewTimer(resealPause)
	defer pause.Stop()
	for kind := range store.SealedKinds {
		for after, more := int64(0), true; more; {
			var found store.SealedPage
			look := func(tx *store.Tx) (err error) {
				found, err = tx.Upkeep().Sealed(kind, after, durable.PageSize)
				return err
			}
			err := u.Store.View(ctx, look)
			if err == nil && found.Stale > 0 {
				err = u.Store.Update(
					ctx, func(tx *durable.Tx) (err error) {
						found, err = tx.Upkeep().Reencrypt(kind, after, durable.PageSize)
						return err
					},
				)
			}
			if err != nil {
				return err
			}
			left, done = left+int64(found.Stale-found.Reencrypted), done+int64(found.Reencrypted)
			after, more = found.Last, found.More
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-pause.C:
				pause.Reset(resealPause)
			}
		}
	}
	u.Log.Info("Store re-encrypted", "primary", primary, "rows", done, "left", left)
	u.sealed.Store(&sealedWith{primary: primary, oldRows: left, at: u.Store.Now()})
	return nil
}

// OldKeyRows is how many rows are left under old keys; nil while that is not known.
func (u *Upkeep) OldKeyRows() *int64 {
	primary, _ := u.Keys.Seal().Keyset()
	last := u.sealed.Load()
	if last == nil || last.primary != primary {
		return nil
	}
	return &last.oldRows
}

// OldKeysUnused tells whether the old keys may go.
func (u *Upkeep) OldKeysUnused() bool {
	left := u.OldKeyRows()
	return left != nil && *left == 0
}
