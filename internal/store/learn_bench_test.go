package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// BenchmarkLearnPeople is for how long a webhook holds the writer that names so many people for the
// first time, each by number and user id, in an account with three numbers that has sent many
// messages lately.
func BenchmarkLearnPeople(b *testing.B) {
	b.Run(string(embedded), func(b *testing.B) { benchmarkLearning(b, embedded.newPlace(b).open(b, newKeys(b))) })
	server := postgrestest.Start(b)
	b.Run(string(shared), func(b *testing.B) {
		benchmarkLearning(b, place{url: server.Database(b)}.open(b, newKeys(b)))
	})
}

func benchmarkLearning(b *testing.B, s *store.Store) {
	atWork(b, s)
	met := 0
	for _, people := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			for b.Loop() {
				lists := make([][]identity.Address, people)
				var about []store.Subject
				for i := range lists {
					met++
					lists[i] = []identity.Address{
						identity.Address(fmt.Sprintf("336%08d", met)), identity.Address(fmt.Sprintf("FR.%d", met)),
					}
					for _, address := range lists[i] {
						about = append(about, store.Subject{Channel: channel, Address: address})
					}
				}
				if err := s.Update(context.Background(), func(tx *store.Tx) error {
					for _, list := range lists {
						if _, _, err := tx.People().Told(list, noon, noon); err != nil {
							return err
						}
					}
					return nil
				}, about...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*people), "µs/person")
		})
	}
}

// atWork lets a store know three channels and remember as many messages as it can.
func atWork(tb testing.TB, s *store.Store) {
	tb.Helper()
	update(tb, s, func(tx *store.Tx) error {
		for _, number := range []string{channel, second, "a third number"} {
			state := conversation.State{FirstContact: 1}
			if err := tx.People().PutConversation(number, customer(1), &state); err != nil {
				return err
			}
		}
		return nil
	})
	for part := range 8 {
		update(tb, s, func(tx *store.Tx) error {
			for i := range 256 {
				m := newMessage(fmt.Sprintf("m%d.%d", part, i), customer(100+256*part+i))
				if err := tx.Queue().Accept(m); err != nil {
					return err
				}
			}
			return nil
		})
		update(tb, s, func(tx *store.Tx) error {
			messages, err := tx.Queue().Claim(channel, noon.Add(time.Hour), 256)
			for _, m := range messages {
				if err := tx.Queue().Submit(m, "upstream "+m.ID, noon); err != nil {
					return err
				}
			}
			return err
		})
	}
}
