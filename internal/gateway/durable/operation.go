package durable

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// Tx is an operation of the store, with what follows from it once it is durable.
type Tx struct {
	*store.Tx
	effects []func()
}

// After has effect run when the operation is durable, after those that were given before. Of an
// operation that fails, or a step that is undone, nothing follows.
func (tx *Tx) After(effect func()) { tx.effects = append(tx.effects, effect) }

// Attempt runs a step of the operation, see store.Tx. What is undone has no effects.
func (tx *Tx) Attempt(step func() error) error {
	before := len(tx.effects)
	err := tx.Tx.Attempt(step)
	if err != nil {
		tx.effects = tx.effects[:before]
	}
	return err
}

// Updater runs an operation, such as Store.Update.
type Updater func(ctx context.Context, fn func(*Tx) error, about ...store.Subject) error

// Update runs fn, which is about the given subjects, and returns when it is durable and its effects
// have taken place.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error, about ...store.Subject) error {
	opened := s.opened.Load()
	if opened == nil {
		return ErrStarting
	}
	commit := s.options.Traces.Child(ctx, "commit")
	err := update(ctx, opened, fn, about...)
	commit.End(err)
	return err
}

// errUndone ends an operation of which nothing shall be kept.
var errUndone = errors.New("the operation is undone")

// Try runs fn, which is about the given subjects, and undoes what it did: nothing of it is kept,
// and none of its effects take place.
func (s *Store) Try(ctx context.Context, fn func(*Tx) error, about ...store.Subject) error {
	opened := s.opened.Load()
	if opened == nil {
		return ErrStarting
	}
	err := update(ctx, opened, func(tx *Tx) error { return cmp.Or(fn(tx), errUndone) }, about...)
	if errors.Is(err, errUndone) {
		return nil
	}
	return err
}

func update(ctx context.Context, opened *store.Store, fn func(*Tx) error, about ...store.Subject) error {
	var tx Tx
	err := opened.Update(ctx, func(within *store.Tx) error {
		tx = Tx{Tx: within}
		return fn(&tx)
	}, about...)
	if err != nil {
		return err
	}
	for _, effect := range tx.effects {
		effect()
	}
	return nil
}

// Attempt runs a step that is about one row. Its error says that the step was undone.
type Attempt func(step func() error) error

// InSteps runs fn as one operation that takes several steps, each through attempt. Where the store
// refuses a step, which is the fault of one row, fn runs again and has each step undone alone: it
// goes on with the other rows. fn must be able to run twice.
func (update Updater) InSteps(
	ctx context.Context, fn func(tx *Tx, attempt Attempt) error, about ...store.Subject,
) error {
	err := update(ctx, func(tx *Tx) error {
		var fault error
		err := fn(tx, func(step func() error) error {
			err := step()
			if errors.Is(err, store.ErrFault) {
				fault = err
			}
			return err
		})
		return cmp.Or(fault, err)
	}, about...)
	if !errors.Is(err, store.ErrFault) {
		return err
	}
	return update(ctx, func(tx *Tx) error { return fn(tx, tx.Attempt) }, about...)
}

// UpdateInSteps is Updater.InSteps of Store.Update.
func (s *Store) UpdateInSteps(
	ctx context.Context, fn func(tx *Tx, attempt Attempt) error, about ...store.Subject,
) error {
	return Updater(s.Update).InSteps(ctx, fn, about...)
}

// PageSize is how many messages one operation looks at: few enough that it stays short.
const PageSize = 200

// Page returns a page of messages, limit at most: those behind the last message of the page before,
// where a step does not take them away.
type Page func(tx *Tx, last *store.Message, limit int) ([]*store.Message, error)

// ForEach takes a step for each message that is found, in operations of a page each, and returns
// how many there were. A message whose step the store refuses is left as it is, and holds up no
// other.
func (update Updater) ForEach(
	ctx context.Context, next Page, step func(tx *Tx, m *store.Message) error,
) (found int, err error) {
	var last *store.Message
	for left := 0; ; {
		var messages []*store.Message
		limit, refused := PageSize+left, 0 // those that were left may be found again
		err := update.InSteps(ctx, func(tx *Tx, attempt Attempt) (err error) {
			refused = 0
			if messages, err = next(tx, last, limit); err != nil {
				return err
			}
			for _, m := range messages {
				err := attempt(func() error { return step(tx, m) })
				switch {
				case errors.Is(err, store.ErrFault):
					refused++
				case err != nil:
					return err
				}
			}
			return nil
		})
		if err != nil {
			return found, err
		}
		left = refused
		found += len(messages) - refused
		if len(messages) < limit {
			return found, nil
		}
		last = messages[len(messages)-1]
	}
}

// ForEach is Updater.ForEach of Store.Update.
func (s *Store) ForEach(
	ctx context.Context, next Page, step func(tx *Tx, m *store.Message) error,
) (found int, err error) {
	return Updater(s.Update).ForEach(ctx, next, step)
}

// stopPatience is how long Persist goes on at the gateway's stop: a database that restarts is back
// by then. With the call to the upstream before it, it fits into the pod's grace period of 45
// seconds.
const stopPatience = 15 * time.Second

// Persist records an outcome that is known only here, and reports whether it could. It does not
// give up while ctx goes on, nor for stopPatience behind its end: without the record the outcome
// would be in doubt.
func (s *Store) Persist(
	ctx context.Context, what string, fn func(*Tx) error, about ...store.Subject,
) (recorded bool) {
	durable, stopped := context.WithoutCancel(ctx), ctx.Done()
	var over <-chan time.Time
	for pause := RetryPause; ; pause = min(2*pause, longestPause) {
		err := s.Update(durable, fn, about...)
		if err == nil {
			return true
		}
		if WorthLogging(err) {
			s.options.Log.Error("Outcome could not be recorded", "step", what, "error", err)
		}
		if errors.Is(err, store.ErrFault) || errors.Is(err, store.ErrSuperseded) {
			return false // it would be refused again
		}
		again := s.options.Clock.NewTimer(pause)
		select {
		case <-stopped:
			stopped, over = nil, time.After(stopPatience)
		case <-over:
			return false
		case <-again.C:
		}
		again.Stop()
	}
}
