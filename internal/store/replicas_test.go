package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// openReplicas opens one account's store several times, all at once: as replicas do that start
// together on an empty database.
func openReplicas(t *testing.T, n int, lease time.Duration) ([]*store.Store, place, *seal.Keys) {
	t.Helper()
	where, keys := shared.newPlace(t), newKeys(t)
	replicas := make([]*store.Store, n)
	var group sync.WaitGroup
	for i := range replicas {
		group.Go(func() {
			options := where.options(keys)
			options.Shared.Lease = lease
			s, err := store.Open(context.Background(), options)
			if err != nil {
				t.Error(err)
				return
			}
			replicas[i] = s
		})
	}
	group.Wait()
	for _, s := range replicas {
		if s == nil {
			t.FailNow()
		}
		t.Cleanup(func() { s.Close() })
	}
	return replicas, where, keys
}

var errUsedUp = errors.New("the budget is used up")

// acceptWithin accepts a message if what is billed, what is reserved and the message stay within a
// budget.
func acceptWithin(tx *store.Tx, m *store.Message, budget money.Decimal) error {
	total, err := tx.Figures().Total(whole)
	if err != nil {
		return err
	}
	spent, err := tx.Figures().Reserved("USD")
	if err != nil {
		return err
	}
	for _, amount := range []money.Decimal{total.Billed, m.Reserved.Amount} {
		if spent, err = spent.Add(amount); err != nil {
			return err
		}
	}
	if spent.Cmp(budget) > 0 {
		return errUsedUp
	}
	return tx.Queue().Accept(m)
}

func TestP3BudgetIsExactAcrossReplicas(t *testing.T) {
	replicas, _, _ := openReplicas(t, 3, 0)
	budget := money.MustParse("1.00") // 33 messages at 0.03
	var group sync.WaitGroup
	var mutex sync.Mutex
	accepted := 0
	for n := range 120 {
		s := replicas[n%len(replicas)]
		group.Go(func() {
			id := strconv.Itoa(n)
			err := s.Update(context.Background(), func(tx *store.Tx) error {
				if err := acceptWithin(tx, newMessage(id, customer(n)), budget); err != nil || n%2 == 0 {
					return err
				}
				_, err := settle(tx, id)
				return err
			})
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				accepted++
			} else if !errors.Is(err, errUsedUp) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if accepted != 33 {
		t.Errorf("accepted %d messages; want 33", accepted)
	}
	for _, s := range replicas {
		if _, err := s.Audit(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestP2P5ReplicasKeepOrderAndOneChain(t *testing.T) {
	const customers, each = 4, 15
	replicas, _, _ := openReplicas(t, 3, 0)
	for n := range customers * each {
		update(t, replicas[n%len(replicas)], func(tx *store.Tx) error {
			id := fmt.Sprintf("%d-%02d", n%customers, n/customers)
			return tx.Queue().Accept(newMessage(id, customer(n%customers)))
		})
	}
	var mutex sync.Mutex
	order := map[seal.CustomerHash][]string{}
	under := map[seal.CustomerHash]int{}
	var group sync.WaitGroup
	for _, s := range replicas {
		group.Go(func() { sendAll(t, s, &mutex, order, under) })
	}
	group.Wait()
	for n := range customers {
		got := order[customer(n)]
		if len(got) != each || !slices.IsSorted(got) {
			t.Errorf("customer %d was sent %v; want %d in order", n, got, each)
		}
	}
	head, err := replicas[0].Audit(context.Background())
	if err != nil || head.Sequence != customers*each {
		t.Errorf("Audit = sequence %d, %v; want %d", head.Sequence, err, customers*each)
	}
}

// sendAll claims, submits and settles until nothing is outbound any more, and notes which message
// of whom went when.
func sendAll(
	t *testing.T, s *store.Store, mutex *sync.Mutex, order map[seal.CustomerHash][]string,
	under map[seal.CustomerHash]int,
) {
	for {
		type parcel struct {
			id string
			to seal.CustomerHash
		}
		var parcels []parcel
		var left int64
		err := s.Update(context.Background(), func(tx *store.Tx) error {
			claimed, err := tx.Queue().Claim(channel, noon.Add(time.Hour), 2)
			if err != nil {
				return err
			}
			for _, m := range claimed {
				parcels = append(parcels, parcel{m.ID, m.Customer})
			}
			left, err = tx.Depth(store.Outbound)
			return err
		})
		if err != nil {
			t.Error(err)
			return
		}
		if left == 0 {
			return
		}
		for _, p := range parcels {
			mutex.Lock()
			if under[p.to]++; under[p.to] > 1 {
				t.Errorf("two messages to one customer are under way at once, one of them %s", p.id)
			}
			order[p.to] = append(order[p.to], p.id)
			mutex.Unlock()
			if err := s.Update(context.Background(), func(tx *store.Tx) error {
				m, _, err := tx.Messages().ByID(p.id)
				if err != nil {
					return err
				}
				mutex.Lock() // before the commit that makes the next one ready
				under[p.to]--
				mutex.Unlock()
				if err := tx.Queue().Submit(m, "upstream-"+p.id, noon); err != nil {
					return err
				}
				_, err = settle(tx, p.id)
				return err
			}); err != nil {
				t.Error(err)
				return
			}
		}
	}
}

func TestP12AnotherReplicaFindsWhatWasCutOff(t *testing.T) {
	replicas, where, keys := openReplicas(t, 1, 0)
	update(t, replicas[0], func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("a", customer(1))) })

	gone := where.open(t, keys)
	update(t, gone, func(tx *store.Tx) error {
		claimed, err := tx.Queue().Claim(channel, noon, 10)
		if len(claimed) != 1 {
			t.Errorf("claimed %d messages; want 1", len(claimed))
		}
		return err
	})
	cutOff := func() (ids []string) {
		update(t, replicas[0], func(tx *store.Tx) error {
			messages, err := tx.Queue().CutOff(nil, 10)
			for _, m := range messages {
				ids = append(ids, m.ID)
			}
			return err
		})
		return ids
	}
	if ids := cutOff(); len(ids) != 0 {
		t.Errorf("while the lease lasts, %v are cut off; want none", ids)
	}
	// The end of a store ends its lease.
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	if ids := cutOff(); !slices.Equal(ids, []string{"a"}) {
		t.Errorf("after the end of the lease, %v are cut off; want [a]", ids)
	}
}

func TestP12ReplicaWhoseLeaseWasTakenCommitsNothing(t *testing.T) {
	replicas, where, _ := openReplicas(t, 2, 0)
	update(t, replicas[0], func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("a", customer(1))) })
	var lease int64
	update(t, replicas[0], func(tx *store.Tx) error {
		claimed, err := tx.Queue().Claim(channel, noon, 10)
		if err == nil {
			lease = claimed[0].Lease
		}
		return err
	})
	if !replicas[0].HoldsLease(lease) || replicas[1].HoldsLease(lease) {
		t.Errorf(
			"the replicas hold the lease: %v and %v; want the first alone", replicas[0].HoldsLease(lease),
			replicas[1].HoldsLease(lease),
		)
	}
	// As if the replica had been silent for a day, without waiting for it.
	if err := postgrestest.Exec(
		where.url,
		`UPDATE `+schema+`.leases SET expires_at = expires_at - 86000000 WHERE id = (SELECT lease
		FROM `+schema+`.messages)`,
	); err != nil {
		t.Fatal(err)
	}
	update(t, replicas[1], func(tx *store.Tx) error {
		messages, err := tx.Queue().CutOff(nil, 10)
		if err != nil || len(messages) != 1 {
			return fmt.Errorf("%d messages are cut off, %w; want 1", len(messages), err)
		}
		return tx.Queue().Doubt(messages[0])
	})
	ran := false
	err := replicas[0].Update(context.Background(), func(tx *store.Tx) error {
		ran = true
		m, _, err := tx.Messages().ByID("a")
		if err != nil {
			return err
		}
		return tx.Queue().Submit(m, "upstream-a", noon)
	})
	if !errors.Is(err, store.ErrLeaseLost) || !errors.Is(err, store.ErrUnavailable) || ran {
		t.Errorf("Update under a lost lease = %v, and ran is %v; want ErrLeaseLost, and that nothing ran", err, ran)
	}
	view(t, replicas[1], func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID("a")
		if err == nil && m.State != store.InDoubt {
			t.Errorf("the message is %s; want inDoubt", m.State)
		}
		return err
	})
	// Under its next lease it works again, and what it knows still resolves the doubt.
	update(t, replicas[0], func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID("a")
		if err != nil {
			return err
		}
		return tx.Queue().Submit(m, "upstream-a", noon)
	})
	if replicas[0].HoldsLease(lease) {
		t.Error("the replica holds the lease that was taken")
	}
	if n := replicas[0].Replicas(); n != 2 {
		t.Errorf("%d replicas are at work; want 2", n)
	}
}

// schema is that of accountUID.
const schema = "guichet_5f0c5d8e_6c1f_4a0e_9d3a_0a4b6f1c2d3e"

func TestReplicasSeeEachOthersCommits(t *testing.T) {
	replicas, _, _ := openReplicas(t, 2, 0)
	for n := range 6 {
		update(t, replicas[n%2], func(tx *store.Tx) error {
			if err := tx.Queue().Accept(newMessage(strconv.Itoa(n), customer(n))); err != nil {
				return err
			}
			_, err := settle(tx, strconv.Itoa(n))
			return err
		})
		for _, s := range replicas {
			view(t, s, func(tx *store.Tx) error {
				total, err := tx.Figures().Total(ledger.TotalKey{Period: "2026-11", Currency: "USD"})
				if err == nil && total.Messages != int64(n+1) {
					t.Errorf("after %d settlements a replica counts %d", n+1, total.Messages)
				}
				return err
			})
		}
	}
}

// What one replica has parked holds up nobody on another, and comes back in line on whichever
// claims then.
func TestReplicasShareWhatIsParked(t *testing.T) {
	replicas, _, _ := openReplicas(t, 2, 0)
	one, other := replicas[0], replicas[1]
	for n := range 3 {
		accept(t, one, fmt.Sprintf("a%d", n), customer(1), store.LaneBulk, noon)
	}
	claim(t, one, noon, 1)
	with(t, one, "a0", func(tx *store.Tx, m *store.Message) error { return tx.Queue().Hold(m, noon.Add(time.Hour)) })
	wantIDs(t, "on the other, while a0 is held", claim(t, other, noon, 10), "a1")
	update(t, other, func(tx *store.Tx) error { return tx.Queue().Release(channel, noon.Add(time.Minute)) })
	wantIDs(t, "on the first, while a1 is under way", claim(t, one, noon.Add(time.Minute), 10))
	submit(t, other, "a1", noon.Add(time.Minute))
	wantIDs(t, "on the first, after a1", claim(t, one, noon.Add(time.Minute), 10), "a0")
	wantIDs(t, "on the other, while a0 is under way", claim(t, other, noon.Add(time.Minute), 10))
}
