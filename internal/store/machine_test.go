package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// machine drives a store and its model with the same operations.
type machine struct {
	model
	place place
	keys  *seal.Keys
	store *store.Store
	now   time.Time
}

func (m *machine) open(t *rapid.T) {
	s, err := store.Open(context.Background(), m.place.options(m.keys))
	if err != nil {
		t.Fatal(err)
	}
	m.store = s
}

// update says that an operation is about everything there is: what a shared store reads ahead must
// be as good as what it is asked for.
func (m *machine) update(t *rapid.T, fn func(*store.Tx) error) {
	about := make([]store.Subject, 0, len(m.messages))
	for _, message := range m.messages {
		about = append(about, store.Subject{Message: message.id})
	}
	if err := m.store.Update(context.Background(), fn, about...); err != nil {
		t.Fatal(err)
	}
}

// some is one of the messages that fit.
func (m *machine) some(t *rapid.T, fits func(*modelMessage) bool) *modelMessage {
	var fitting []*modelMessage
	for _, message := range m.messages {
		if fits(message) {
			fitting = append(fitting, message)
		}
	}
	if len(fitting) == 0 {
		t.Skip("no message fits")
	}
	return rapid.SampledFrom(fitting).Draw(t, "message")
}

// on runs a step on the store's message.
func (m *machine) on(t *rapid.T, message *modelMessage, step func(*store.Tx, *store.Message) error) {
	m.update(t, func(tx *store.Tx) error {
		loaded, found, err := tx.Messages().ByID(message.id)
		if err != nil || !found {
			return errors.Join(err, fmt.Errorf("message %s is not there", message.id))
		}
		return step(tx, loaded)
	})
}

func (m *machine) Accept(t *rapid.T) {
	message := &modelMessage{
		id: fmt.Sprintf("wamid.%d", len(m.messages)), customer: rapid.IntRange(0, 3).Draw(t, "customer"),
		lane: store.Lane(rapid.IntRange(0, 1).Draw(t, "lane")),
	}
	atOnce, first := rapid.Bool().Draw(t, "at once"), len(m.line(message.customer)) == 0
	m.update(t, func(tx *store.Tx) error {
		loaded := modelled(message, m.now)
		line, err := tx.Queue().Line(store.Person{Channel: loaded.Channel, Customer: loaded.Customer})
		switch {
		case err != nil:
			return err
		case line.Free() != first:
			t.Fatalf("the line is free: %v; want %v", line.Free(), first)
		case !atOnce:
			return tx.Queue().AcceptInto(line, loaded)
		case !first:
			if err := tx.Queue().AcceptAndClaim(line, loaded); !errors.Is(err, store.ErrState) {
				t.Fatalf("a claim behind others = %v; want ErrState", err)
			}
			return tx.Queue().Accept(loaded)
		}
		return tx.Queue().AcceptAndClaim(line, loaded)
	})
	m.accept(message, m.now)
	if first && atOnce {
		message.state, message.readyAt, message.claimed, message.attempts = store.Sending, time.Time{}, m.now, 1
	}
}

func modelled(message *modelMessage, now time.Time) *store.Message {
	m := newMessage(message.id, customer(message.customer))
	m.Lane, m.AcceptedAt = message.lane, now
	return m
}

func (m *machine) Claim(t *rapid.T) {
	limit := rapid.IntRange(1, 4).Draw(t, "limit")
	var got, want []string
	expected := m.claim(m.now, limit)
	m.update(t, func(tx *store.Tx) error {
		claimed, err := tx.Queue().Claim(channel, m.now, limit)
		for _, message := range claimed {
			got = append(got, message.ID)
		}
		return err
	})
	for _, message := range expected {
		want = append(want, message.id)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("claimed %v; want %v", got, want)
	}
}

// PutBack claims a message and finds in the same operation that it must wait: it was not tried.
func (m *machine) PutBack(t *rapid.T) {
	expected := m.claim(m.now, 1)
	readyAt := m.now.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "seconds")) * time.Second)
	m.update(t, func(tx *store.Tx) error {
		claimed, err := tx.Queue().Claim(channel, m.now, 1)
		if err != nil || len(claimed) != len(expected) {
			return cmp.Or(err, fmt.Errorf("claimed %d; want %d", len(claimed), len(expected)))
		}
		for _, message := range claimed {
			tx.Queue().CancelAttempt(message)
			if err := tx.Queue().Retry(message, readyAt); err != nil {
				return err
			}
		}
		return nil
	})
	for _, message := range expected {
		message.state, message.readyAt = store.Queued, readyAt
		message.attempts--
	}
}

func (m *machine) Submit(t *rapid.T) {
	message := m.some(t, func(message *modelMessage) bool { return message.state == store.Sending })
	m.on(t, message, func(tx *store.Tx, loaded *store.Message) error {
		return tx.Queue().Submit(loaded, "upstream."+message.id, m.now)
	})
	if message.doubted.Equal(message.claimed) {
		message.doubted = time.Time{}
	}
	m.move(message, store.Submitted, store.InLine)
}

func (m *machine) Retry(t *rapid.T) {
	message := m.some(t, func(message *modelMessage) bool {
		return message.state == store.Sending || message.state == store.InDoubt
	})
	readyAt := m.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
	m.on(t, message, func(tx *store.Tx, loaded *store.Message) error { return tx.Queue().Retry(loaded, readyAt) })
	message.state, message.readyAt = store.Queued, readyAt
}

// Park puts a message beside its line, for a time or until the held are released.
func (m *machine) Park(t *rapid.T) {
	message := m.some(t, func(message *modelMessage) bool { return message.state == store.Sending })
	readyAt := m.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
	parking := rapid.SampledFrom([]store.Parking{store.Parked, store.Held}).Draw(t, "parking")
	m.on(t, message, func(tx *store.Tx, loaded *store.Message) error {
		if parking == store.Held {
			return tx.Queue().Hold(loaded, readyAt)
		}
		return tx.Queue().Park(loaded, readyAt)
	})
	m.move(message, store.Queued, parking)
	message.readyAt = readyAt
}

func (m *machine) Release(t *rapid.T) {
	m.update(t, func(tx *store.Tx) error { return tx.Queue().Release(channel, m.now) })
	for _, message := range m.messages {
		if message.parking == store.Held && message.readyAt.After(m.now) {
			message.readyAt = m.now
		}
	}
}

func (m *machine) Doubt(t *rapid.T) {
	message := m.some(t, func(message *modelMessage) bool { return message.state == store.Sending })
	m.on(t, message, func(tx *store.Tx, loaded *store.Message) error { return tx.Queue().Doubt(loaded) })
	message.state = store.InDoubt
	if message.doubted.IsZero() {
		message.doubted = message.claimed
	}
}

// Status applies a status to any message at all, and settles with the first that ends it, in one
// operation. What fails although a copy may be under way keeps its reservation, until it is
// delivered after all.
func (m *machine) Status(t *rapid.T) {
	message := m.some(t, func(*modelMessage) bool { return true })
	to := rapid.SampledFrom([]store.State{store.Sent, store.Failed, store.Delivered, store.Read}).Draw(t, "status")
	ends := to >= store.Failed
	m.on(t, message, func(tx *store.Tx, loaded *store.Message) error {
		moved, err := tx.Queue().Advance(loaded, to, m.now)
		if err != nil {
			return err
		}
		if want := to > message.state; moved != want {
			t.Fatalf("%s → %s: moved = %v; want %v", message.state, to, moved, want)
		}
		if !ends {
			return nil
		}
		settle := tx.Ledger().Settle
		if to == store.Failed && !message.doubted.IsZero() {
			settle = tx.Ledger().SettleReserved
		}
		settled, err := settle(loaded, outcome(loaded), time.Time{})
		if err == nil && moved && to != store.Failed {
			err = tx.Ledger().Unreserve(loaded)
		}
		if settled == message.settled {
			t.Fatalf("settled = %v although it was %v before", settled, message.settled)
		}
		return err
	})
	message.reserved = to == store.Failed && !message.doubted.IsZero() && !message.settled || message.reserved &&
		to <= store.Failed
	if to > message.state {
		m.move(message, to, store.InLine)
	}
	message.settled = message.settled || ends
}

// outcome is a charge for the delivered, and free for the failed.
func outcome(m *store.Message) *ledger.Record {
	record := settlement(m)
	if m.State == store.Failed {
		record.FreeReason, record.Charge, record.Cost = "undelivered", money.Decimal{}, money.Decimal{}
		record.DeliveredAt, record.FailedAt = time.Time{}, record.DeliveredAt
	}
	return record
}

// Mistake does everything that an operation can, and fails: nothing may remain.
func (m *machine) Mistake(t *rapid.T) {
	mistake := errors.New("a mistake")
	err := m.store.Update(context.Background(), func(tx *store.Tx) error {
		id := fmt.Sprintf("wamid.%d", len(m.messages))
		if err := tx.Queue().Accept(modelled(&modelMessage{id: id}, m.now)); err != nil {
			return err
		}
		claimed, err := tx.Queue().Claim(channel, m.now, 2)
		if err != nil {
			return err
		}
		for _, message := range claimed {
			if err := tx.Queue().Submit(message, "upstream."+message.ID, m.now); err != nil {
				return err
			}
			if _, err := tx.Ledger().Settle(message, settlement(message), time.Time{}); err != nil {
				return err
			}
		}
		if _, err := tx.Intake().FirstTime("wamid.mistake", m.now); err != nil {
			return err
		}
		return mistake
	})
	if !errors.Is(err, mistake) {
		t.Fatalf("Update = %v; want the operation's own error", err)
	}
}

func (m *machine) FirstTime(t *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "c", "wamid.mistake"}).Draw(t, "id")
	m.update(t, func(tx *store.Tx) error {
		first, err := tx.Intake().FirstTime(id, m.now)
		if first == m.seen[id] {
			t.Fatalf("FirstTime(%s) = %v; seen before: %v", id, first, m.seen[id])
		}
		return err
	})
	m.seen[id] = true
}

func (m *machine) TimePasses(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second)
}

func (m *machine) Reopen(t *rapid.T) {
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
}

// Check compares everything with the model.
func (m *machine) Check(t *rapid.T) {
	if err := m.store.View(context.Background(), func(tx *store.Tx) error {
		return errors.Join(m.checkMessages(t, tx), m.checkFigures(t, tx))
	}); err != nil {
		t.Fatal(err)
	}
	// an operation may remember what a view reads
	m.update(t, func(tx *store.Tx) error { return m.checkMessages(t, tx) })
}

func (m *machine) checkMessages(t *rapid.T, tx *store.Tx) error {
	for _, message := range m.messages {
		got, found, err := tx.Messages().ByID(message.id)
		if err != nil || !found {
			return errors.Join(err, fmt.Errorf("message %s is not there", message.id))
		}
		if got.State != message.state || got.Lane != message.lane || got.Settled != message.settled ||
			got.Attempts != message.attempts || got.Parking != message.parking ||
			!got.ReadyAt.Equal(message.readyAt) || !got.DoubtedAt.Equal(message.doubted) {
			t.Fatalf("message %s: state %s, lane %d, settled %v, attempts %d, ready %s, parking %d; want %+v",
				message.id, got.State, got.Lane, got.Settled, got.Attempts, got.ReadyAt, got.Parking, *message)
		}
	}
	for customer := range 4 {
		turns := 0
		for _, message := range m.line(customer) {
			if message.state != store.Queued || !message.readyAt.IsZero() {
				turns++
			}
		}
		if want := min(1, len(m.line(customer))); turns != want {
			t.Fatalf("it is the turn of %d messages of customer %d; want %d", turns, customer, want)
		}
	}
	return nil
}

func (m *machine) checkFigures(t *rapid.T, tx *store.Tx) error {
	depths := map[store.Depth]int64{
		store.Outbound:  m.count((*modelMessage).active),
		store.Unsettled: m.count(func(message *modelMessage) bool { return !message.settled }),
		store.Doubts:    m.count(func(message *modelMessage) bool { return message.state == store.InDoubt }),
	}
	for of, want := range depths {
		if got, err := tx.Depth(of); err != nil || got != want {
			t.Fatalf("depth %d = %d, %v; want %d", of, got, err, want)
		}
	}
	head, totals, err := ledger.Verify(cmp.Or(m.place.uid, accountUID), tx.Ledger().Entries(0))
	if err != nil {
		return err
	}
	if want := m.count(func(message *modelMessage) bool { return message.settled }); head.Sequence != want {
		t.Fatalf("the ledger has %d records; want %d", head.Sequence, want)
	}
	if total, err := tx.Figures().Total(whole); err != nil || total != totals[whole] {
		t.Fatalf("total = %+v, %v; recomputed %+v", total, err, totals[whole])
	}
	kept := m.count(func(message *modelMessage) bool { return message.reserved })
	want, err := money.MustParse("0.03").MulInt(depths[store.Unsettled] + kept)
	if err != nil {
		return err
	}
	if got, err := tx.Figures().Reserved("USD"); err != nil || got != want {
		t.Fatalf("reserved = %s, %v; want %s", got, err, want)
	}
	return nil
}

func TestP2P5StoreBehavesLikeItsModel(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		t.Parallel()
		keys, base, checks := newKeys(t), e.newPlace(t), 0
		rapid.Check(t, func(t *rapid.T) {
			checks++
			m := &machine{model: model{seen: map[string]bool{}}, place: base.another(checks), keys: keys, now: noon}
			m.open(t)
			defer func() { m.store.Close() }()
			t.Repeat(map[string]func(*rapid.T){
				"accept": m.Accept, "claim": m.Claim, "submit": m.Submit, "retry": m.Retry, "park": m.Park,
				"put back": m.PutBack, "release": m.Release, "doubt": m.Doubt, "status": m.Status,
				"mistake": m.Mistake, "first time": m.FirstTime, "time passes": m.TimePasses,
				"reopen": m.Reopen, "": m.Check,
			})
		})
	})
}
