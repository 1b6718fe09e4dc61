package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	accountUID = "5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e"
	channel    = "106540352242922"
)

// noon is when the tests' stories begin.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func newKeys(tb testing.TB) *seal.Keys {
	tb.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := seal.Parse(material.Keyset, material.CustomerKey)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func open(tb testing.TB, path string, keys *seal.Keys) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), store.Options{Path: path, AccountUID: accountUID, Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// update runs an operation that must succeed.
func update(tb testing.TB, s *store.Store, fn func(*store.Tx) error) {
	tb.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		tb.Fatal(err)
	}
}

// view runs a view that must succeed.
func view(tb testing.TB, s *store.Store, fn func(*store.Tx) error) {
	tb.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		tb.Fatal(err)
	}
}

func customer(n int) seal.CustomerHash {
	var h seal.CustomerHash
	copy(h[:], fmt.Sprintf("customer %d", n))
	return h
}

// newMessage is a message to a customer that reserves 0.0300 USD.
func newMessage(id string, to seal.CustomerHash) *store.Message {
	return &store.Message{
		ID: id, Channel: channel, Customer: to, Lane: store.LaneBulk,
		AcceptedAt: noon, ExpiresAt: noon.Add(30 * 24 * time.Hour),
		Reserved: money.Money{Amount: money.MustParse("0.03"), Currency: "USD"},
		Envelope: []byte(`{"to":"33612345678"}`), Content: []byte(`{"text":"your parcel"}`),
	}
}

// settlement is a charge of 0.0300 USD for a delivered utility template.
func settlement(m *store.Message) *ledger.Record {
	return &ledger.Record{
		SettledAt: m.AcceptedAt.Add(
			3 * time.Second,
		), AcceptedAt: m.AcceptedAt, DeliveredAt: m.AcceptedAt.Add(2 * time.Second),
		Period: "2026-11", Plan: "whatsapp", Revision: "2026-10", Channel: m.Channel, Customer: ledger.Customer(
			m.Customer,
		),
		MessageKind: "template", Market: "France", Category: "utility", Currency: "USD",
		ListPrice: money.MustParse(
			"0.03",
		), Listed: true, Cost: money.MustParse("0.03"), Charge: money.MustParse("0.03"),
	}
}
