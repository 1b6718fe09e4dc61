package main

import (
	"context"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/test/rig"
)

// fill makes a store with open windows, or with settled messages, through the store's own methods:
// the same rows as traffic would leave.
type fill struct {
	account *rig.Account
	keys    *seal.Keys
	store   *store.Store
	now     time.Time
	charge  money.Decimal
	// stored is told how many there are after each operation.
	stored func(n int)
}

// filled opens the account's store, lets work fill it, and closes it. What is the plural of what
// the store is filled with.
func (b *bench) filled(ctx context.Context, account *rig.Account, what string, work func(*fill) error) (err error) {
	f := &fill{account: account, now: time.Now(), charge: money.MustParse("0.03"), stored: func(n int) {
		if n%100_000 == 0 {
			b.progress("%s %s are stored", whole(int64(n)), what)
		}
	}}
	if f.keys, err = account.Keys(); err != nil {
		return err
	}
	if f.store, err = account.OpenStore(ctx); err != nil {
		return err
	}
	if err := work(f); err != nil {
		_ = f.store.Close() // the work's error says more
		return err
	}
	return f.store.Close()
}

// each runs do for from to to-1, a thousand in an operation.
func (f *fill) each(ctx context.Context, from, to int, do func(*store.Tx, int) error) error {
	const together = 1000
	for ; from < to; from += together {
		end := min(from+together, to)
		if err := f.store.Update(ctx, func(tx *store.Tx) error {
			for i := from; i < end; i++ {
				if err := do(tx, i); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		f.stored(end)
	}
	return nil
}

func (f *fill) customer(i int) seal.CustomerHash {
	return f.keys.CustomerHash(rig.PhoneNumberIDs()[0], fmt.Sprintf("336%08d", i))
}

// window stores a customer who has just written.
func (f *fill) window(tx *store.Tx, i int) error {
	at := f.now.Unix()
	return tx.People().PutConversation(rig.PhoneNumberIDs()[0], f.customer(i), &conversation.State{
		FirstContact: at, Windows: []conversation.Span{{From: at, To: at + 24*60*60}},
	})
}

// settled stores a message that was delivered and charged.
func (f *fill) settled(tx *store.Tx, i int) error {
	id := fmt.Sprintf("wamid.R3VpAAAAAAAA%022d", i)
	channel, to := rig.PhoneNumberIDs()[0], f.customer(i%100_000)
	accepted, delivered := f.now.Add(-time.Minute), f.now
	if err := tx.Queue().Accept(&store.Message{
		ID: id, Channel: channel, Customer: to, Lane: store.LaneBulk, AcceptedAt: accepted, ExpiresAt: accepted.Add(
			30 * 24 * time.Hour,
		),
		Reserved: money.Money{Amount: f.charge, Currency: "USD"},
		Envelope: []byte(
			`{"recipient":"33600000000","type":"template","country":"FR","form":1,"category":3,` +
				`"template":"utility","language":"en_US","ttlSeconds":2592000}`,
		),
		Content: []byte(rig.Template("33600000000", "utility", "Ana")),
	}); err != nil {
		return err
	}
	m, _, err := tx.Messages().ByID(id)
	if err != nil {
		return err
	}
	if err := tx.Queue().Submit(m, fmt.Sprintf("wamid.HBgLMzM2MDAwMDAwMDAVAgAR%022d", i), accepted); err != nil {
		return err
	}
	if _, err := tx.Queue().Advance(m, store.Read, delivered); err != nil {
		return err
	}
	_, err = tx.Ledger().Settle(m, &ledger.Record{
		SettledAt: f.now, AcceptedAt: accepted, SentAt: accepted, DeliveredAt: delivered,
		Period: f.now.UTC().Format("2006-01"),
		Plan:   f.account.Document.PlanName, Revision: f.account.Document.Plan.Revisions[0].Name,
		Channel: channel, Customer: ledger.Customer(to), MessageKind: "template",
		Market: "France", Category: "utility", Currency: "USD",
		ListPrice: f.charge, Listed: true, Cost: f.charge, Charge: f.charge,
	}, time.Time{})
	return err
}
